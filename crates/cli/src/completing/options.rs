//! What may stand behind an action: its options, their values and its arguments.

use clap::{Arg, Command, FromArgMatches};
use millstream_ingest::{ENTRY_CLASS, NAME};

use super::{Candidate, parameters, values};
use crate::arguments::{Connection, Order, has_name, needs_value, spell};

/// The action that takes parameters of the source behind what it looks at.
const INFER: &str = "infer";

/// What may stand behind `command` and `before`. `has_program`: arguments behind its first are those of a program.
pub(super) fn behind(
    command: &Command,
    has_program: bool,
    before: &[String],
    current: &str,
) -> Vec<Candidate> {
    let order = if has_program {
        Order::BeforeProgram
    } else {
        Order::Anywhere
    };
    let Ok(spelled) = spell(command, before, order) else {
        return Vec::new();
    };
    let given = Given::of(command, &spelled.arguments, has_program);
    if let Some(option) = given.waiting {
        return values::of(option, current);
    }
    let action = command.get_name();
    match given.positional.split_first() {
        Some((first, arguments)) if has_program => {
            return match first.as_str() {
                // What it looks at, where the others have their program.
                _ if action == INFER => parameters::behind_input(arguments, current),
                NAME | ENTRY_CLASS => parameters::behind(arguments, current),
                _ => Vec::new(),
            };
        }
        _ => {}
    }
    if current.starts_with('-') && !given.are_options_over {
        return with_value(command, current).unwrap_or_else(|| names(command, current));
    }
    values::argument(action, given.positional.len(), current, &|| {
        let command = command.clone().ignore_errors(true);
        let matches = command.try_get_matches_from(&spelled.arguments).ok()?;
        Connection::from_arg_matches(&matches).ok()
    })
}

/// What stands on a line already.
struct Given<'a> {
    /// The option that waits for its value.
    waiting: Option<&'a Arg>,
    /// The arguments.
    positional: Vec<String>,
    /// Whether no option can follow any more.
    are_options_over: bool,
}

impl<'a> Given<'a> {
    fn of(command: &'a Command, spelled: &[String], has_program: bool) -> Self {
        let mut given = Self {
            waiting: None,
            positional: Vec::new(),
            are_options_over: false,
        };
        let mut words = spelled.iter();
        while let Some(word) = words.next() {
            let body = word.trim_start_matches('-');
            if word == "--" || (has_program && body.len() == word.len()) {
                given.are_options_over = true;
                given
                    .positional
                    .extend((word != "--").then(|| word.clone()));
                given.positional.extend(words.cloned());
                break;
            }
            if body.len() == word.len() || body.is_empty() {
                given.positional.push(word.clone());
                continue;
            }
            let mut options = command.get_arguments();
            let option = options.find(|option| has_name(option, body));
            if option.is_some_and(needs_value) && words.next().is_none() {
                given.waiting = option;
            }
        }
        given
    }
}

/// The options of `command`, with as many dashes as `current` begins with: Flink's long ones may have one.
pub(super) fn names(command: &Command, current: &str) -> Vec<Candidate> {
    let single = current.len() > 1 && !current.starts_with("--");
    let dashes = if single { "-" } else { "--" };
    let mut found = Vec::new();
    for option in command
        .get_arguments()
        .filter(|option| !option.is_hide_set())
    {
        let help = option.get_help().map(ToString::to_string);
        let help = help.unwrap_or_default();
        let long = option.get_long().into_iter();
        for name in long.chain(option.get_visible_aliases().unwrap_or_default()) {
            found.push(Candidate::new(format!("{dashes}{name}"), &help));
        }
        if let Some(short) = option.get_short().filter(|_| option.get_long().is_none()) {
            found.push(Candidate::new(format!("-{short}"), &help));
        }
    }
    found.push(Candidate::new(format!("{dashes}help"), "Print help"));
    found
}

/// The values of the option that `current` begins with: `--target=…` or `-Dkey…`. `None`: it begins with none.
fn with_value(command: &Command, current: &str) -> Option<Vec<Candidate>> {
    let is_setting = current.starts_with("-D");
    let (option, begin) = match current.split_once('=').filter(|_| !is_setting) {
        Some((option, _)) => (option, format!("{option}=")),
        None => (current.get(..2).filter(|_| is_setting)?, "-D".to_owned()),
    };
    let name = option.trim_start_matches('-');
    let option = command.get_arguments().find(|arg| has_name(arg, name))?;
    let value = current.get(begin.len()..).unwrap_or_default();
    let mut found = values::of(option, value);
    for candidate in &mut found {
        candidate.value.insert_str(0, &begin);
    }
    Some(found)
}
