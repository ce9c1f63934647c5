//! Arguments as Flink's users write them, spelled out for the parser.

use clap::{Arg, ArgAction, Command};
use millstream_core::{Error, Result, codes};
use millstream_ingest::parameters::nearest;

/// Where the options of an action may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Before the program: what follows it belongs to it.
    BeforeProgram,
    /// Anywhere, among parameters of the ingestion job that stand behind the first argument.
    AmongParameters,
    /// Anywhere, also behind the arguments.
    Anywhere,
}

/// Arguments that the parser understands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    /// All arguments.
    pub(crate) arguments: Vec<String>,
    /// How many of them stand before the program, if there is one.
    own: usize,
}

impl Spelled {
    /// Whether the action (not its program) was given this long option without a value.
    pub(crate) fn has_flag(&self, name: &str) -> bool {
        let own = self.arguments.iter().take(self.own);
        own.filter_map(|argument| argument.strip_prefix("--"))
            .any(|given| given == name)
    }
}

/// Spells out `arguments`: long options with one dash get their second, and a value glued to its short option
/// (`-Dkey=value`) becomes an argument of its own.
///
/// # Errors
/// An option that `command` does not have ([`codes::OPTION_UNKNOWN`]), where options may stand anywhere. Before a program it
/// is passed on: it may be the program's.
pub(crate) fn spell(command: &Command, arguments: &[String], order: Order) -> Result<Spelled> {
    let mut spelled = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(body) = argument.strip_prefix('-').filter(|body| !body.is_empty()) else {
            if order == Order::Anywhere {
                spelled.push(argument.clone());
                continue;
            }
            let (options, behind) = if order == Order::AmongParameters {
                apart(command, rest.as_slice())
            } else {
                (Vec::new(), rest.as_slice().to_vec())
            };
            spelled.extend(options);
            let own = spelled.len();
            spelled.push(argument.clone());
            spelled.extend(behind);
            return Ok(Spelled {
                arguments: spelled,
                own,
            });
        };
        if argument == "--" {
            spelled.push(argument.clone());
            break;
        }
        let long = body.starts_with('-');
        let body = body.strip_prefix('-').unwrap_or(body);
        let name = body.split('=').next().unwrap_or_default();
        let option = command
            .get_arguments()
            .find(|option| has_name(option, name));
        if let Some(option) = option {
            let short = !long && name.chars().count() == 1;
            spelled.push(if short {
                argument.clone()
            } else {
                format!("--{body}")
            });
            if needs_value(option) && name == body {
                spelled.extend(rest.next().cloned());
            }
        } else if ["h", "help"].contains(&name) {
            spelled.push("--help".to_owned());
        } else if argument == "-v" {
            // As in Flink, for every action that has no -v of its own.
            spelled.push("--verbose".to_owned());
        } else if let Some((option, value)) =
            glued(command, body).filter(|_| !long && !is_misspelt(command, body))
        {
            spelled.extend([format!("-{option}"), value.to_owned()]);
        } else if order != Order::Anywhere || (!long && are_flags(command, body)) {
            spelled.push(argument.clone());
        } else {
            return Err(unknown_option(command, argument));
        }
    }
    let own = spelled.len();
    spelled.extend(rest.cloned());
    Ok(Spelled {
        arguments: spelled,
        own,
    })
}

/// The option with which a parameter of the job shares its name: behind the first argument it is the parameter.
const SHARED: &str = "config";

/// Takes the options of `command` apart from the parameters among which they stand. A word behind a parameter is its value, unless it
/// begins with a dash.
fn apart(command: &Command, words: &[String]) -> (Vec<String>, Vec<String>) {
    let (mut options, mut parameters) = (Vec::new(), Vec::new());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let body = word.trim_start_matches('-');
        let name = body.split('=').next().unwrap_or_default();
        let is_option = body.len() < word.len() && name != SHARED;
        let option = command
            .get_arguments()
            .find(|option| is_option && has_name(option, name));
        if let Some(option) = option {
            let is_short = name.chars().count() == 1;
            let dashes = if is_short { "-" } else { "--" };
            options.push(format!("{dashes}{body}"));
            if needs_value(option) && name == body {
                options.extend(words.next().cloned());
            }
        } else if is_option && ["h", "help"].contains(&name) {
            options.push("--help".to_owned());
        } else if word == "-v" {
            options.push("--verbose".to_owned());
        } else if let Some(setting) = word.strip_prefix("-D").filter(|body| !body.is_empty()) {
            options.extend(["-D".to_owned(), setting.to_owned()]);
        } else {
            parameters.push(word.clone());
        }
    }
    (options, parameters)
}

/// The error for `given`, which stands where an option of `command` is expected.
pub(crate) fn unknown_option(command: &Command, given: &str) -> Error {
    let names: Vec<&str> = command
        .get_arguments()
        .filter(|option| !option.is_hide_set())
        .flat_map(long_names)
        .collect();
    let name = given
        .trim_start_matches('-')
        .split('=')
        .next()
        .unwrap_or_default();
    let full = command.get_name();
    let action = full.rsplit(' ').next().unwrap_or(full);
    let message = format!("`{action}` has no option `{given}`");
    let error = Error::new(&codes::OPTION_UNKNOWN, message);
    if is_of_yarn(name) {
        return error.next("leave it out: options of YARN have no meaning here");
    }
    match nearest(name, &names).as_slice() {
        [] if command.get_arguments().any(Arg::is_trailing_var_arg_set) => error.next(format!(
            "see `{full} --help`; options of the program stand behind its name"
        )),
        [] => error.next(format!("see `{full} --help`")),
        near => error.next(format!("did you mean --{}?", near.join(" or --"))),
    }
}

/// Whether an option is one of those that Flink had for YARN, such as `-yid` and `-yDkey=value`. None of ours begins so, but for those
/// that are understood.
fn is_of_yarn(name: &str) -> bool {
    const SHORT: [&str; 13] = [
        "yat", "yh", "yid", "yj", "yjm", "ynl", "ynm", "yq", "yqu", "ys", "yt", "ytm", "yz",
    ];
    SHORT.contains(&name) || name.starts_with("yD") || name.starts_with("yarn")
}

/// Whether the word behind the option is its value.
pub(crate) fn needs_value(option: &Arg) -> bool {
    let optional = option
        .get_num_args()
        .is_some_and(|range| range.min_values() == 0);
    option.get_action().takes_values() && !optional
}

/// The short option at the beginning of `body` and the value behind it, if the option takes one.
fn glued<'a>(command: &Command, body: &'a str) -> Option<(char, &'a str)> {
    let first = body.chars().next()?;
    let option = with_short(command, first)?;
    let value = body.strip_prefix(first).filter(|value| !value.is_empty())?;
    option.get_action().takes_values().then_some((first, value))
}

/// Whether `body` is nearly a long option rather than a short one with its value: `-typ` is no `-t yp`.
fn is_misspelt(command: &Command, body: &str) -> bool {
    let names: Vec<&str> = command.get_arguments().flat_map(long_names).collect();
    body.len() >= 4 && !body.contains('=') && !nearest(body, &names).is_empty()
}

/// Whether `body` is several short options without values, such as `rs`.
fn are_flags(command: &Command, body: &str) -> bool {
    body.chars().all(|short| {
        with_short(command, short).is_some_and(|option| {
            matches!(
                option.get_action(),
                ArgAction::SetTrue | ArgAction::SetFalse | ArgAction::Count
            )
        })
    })
}

fn with_short(command: &Command, short: char) -> Option<&Arg> {
    command
        .get_arguments()
        .find(|option| short_names(option).any(|name| name == short))
}

/// Whether the option is called so, by a long or a short name without dashes.
pub(crate) fn has_name(option: &Arg, name: &str) -> bool {
    let short = short_names(option).any(|short| name.chars().eq([short]));
    short || long_names(option).any(|long| long == name)
}

fn short_names(option: &Arg) -> impl Iterator<Item = char> {
    option
        .get_short()
        .into_iter()
        .chain(option.get_all_short_aliases().unwrap_or_default())
}

fn long_names(option: &Arg) -> impl Iterator<Item = &str> {
    option
        .get_long()
        .into_iter()
        .chain(option.get_all_aliases().unwrap_or_default())
}

#[cfg(test)]
mod tests;
