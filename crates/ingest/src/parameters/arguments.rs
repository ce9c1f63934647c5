//! Arguments as names and values.
//!
//! `--name value`, `--name=value`, both also in one element (`"--name value"`), and a whole line of
//! them in one element, as `programArgs` has it.

use millstream_core::{Error, codes};

use super::table;

/// The arguments as pairs in their order, and what is wrong with them.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) pairs: Vec<(String, String)>,
    pub(super) problems: Vec<Error>,
}

/// Whether the arguments ask for the table of parameters: `--help` or `-h` is among them.
pub fn wants_help(arguments: &[String]) -> bool {
    arguments
        .iter()
        .any(|element| matches!(element.as_str(), "--help" | "-h"))
}

/// Splits a line of arguments (`programArgs`) into its elements.
///
/// White space separates. Single quotes keep everything up to the next single quote, double quotes
/// everything up to the next double quote, where `\"` and `\\` stand for `"` and `\`. Quoted and
/// unquoted parts that touch are one element. Outside of quotes a backslash keeps a quote, white space or
/// another backslash; before anything else it is itself, so that `\t` and `\u0001` arrive as they are.
///
/// # Errors
/// A quote without its end ([`codes::USAGE`]).
pub fn split_program_args(line: &str) -> millstream_core::Result<Vec<String>> {
    let mut elements = Vec::new();
    let mut element: Option<String> = None;
    let mut rest = line.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            space if space.is_whitespace() => elements.extend(element.take()),
            quote @ ('\'' | '"') => {
                quoted(quote, &mut rest, element.get_or_insert_default()).ok_or_else(|| {
                    Error::new(
                        &codes::USAGE,
                        format!(
                            "the program arguments `{line}` open a {quote} and do not close it"
                        ),
                    )
                    .next("close it, or write \\ before it where it is a character of a value")
                })?;
            }
            '\\' => {
                let kept = rest.next_if(|c| matches!(c, '\\' | '\'' | '"') || c.is_whitespace());
                element.get_or_insert_default().push(kept.unwrap_or('\\'));
            }
            other => element.get_or_insert_default().push(other),
        }
    }
    elements.extend(element);
    Ok(elements)
}

/// Takes the text up to the closing `quote`; `None`: there is none.
fn quoted(
    quote: char,
    rest: &mut std::iter::Peekable<std::str::Chars<'_>>,
    element: &mut String,
) -> Option<()> {
    loop {
        match rest.next()? {
            end if end == quote => return Some(()),
            '\\' if quote == '"' => {
                element.push(rest.next_if(|c| matches!(c, '"' | '\\')).unwrap_or('\\'));
            }
            other => element.push(other),
        }
    }
}

/// Reads the elements of a command line.
pub(super) fn read(elements: &[String]) -> Arguments {
    let mut arguments = Arguments::default();
    let mut rest = elements.iter().map(String::as_str).peekable();
    while let Some(element) = rest.next() {
        match form(element) {
            Some(Form::NameOnly) => {
                let name = without_dashes(element);
                // Another parameter is no value: the value was forgotten.
                match rest.next_if(|next| !is_parameter(next)) {
                    Some(value) => arguments.pairs.push((name.to_owned(), value.to_owned())),
                    None => arguments.problems.push(no_value(name)),
                }
            }
            Some(Form::Assignment { name, value }) => {
                arguments.pairs.push((name.to_owned(), value.to_owned()));
            }
            Some(Form::Line { name, value }) => arguments.line(element, name, value),
            None => arguments.problems.push(stray(element)),
        }
    }
    arguments
}

impl Arguments {
    /// An element with white space after its name: one pair, or a whole line of them.
    fn line(&mut self, element: &str, name: &str, value: &str) {
        let split = split_program_args(element).unwrap_or_default();
        let names = split
            .iter()
            .filter(|part| known_name(part).is_some())
            .count();
        match split.as_slice() {
            _ if names > 1 => {
                let inner = read(&split);
                self.pairs.extend(inner.pairs);
                self.problems.extend(inner.problems);
            }
            [_, value] => self.pairs.push((name.to_owned(), value.clone())),
            // A value with blanks and no quotes around it, such as SQL.
            _ => self.pairs.push((name.to_owned(), value.to_owned())),
        }
    }
}

/// How an element that begins with a dash is built.
#[derive(Debug, PartialEq, Eq)]
enum Form<'a> {
    NameOnly,
    Assignment { name: &'a str, value: &'a str },
    Line { name: &'a str, value: &'a str },
}

fn form(element: &str) -> Option<Form<'_>> {
    let body = without_dashes(element);
    if body.len() == element.len() || !body.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let Some(end) = body.find(|c: char| c == '=' || c.is_whitespace()) else {
        return Some(Form::NameOnly);
    };
    let (name, rest) = body.split_at(end);
    Some(match rest.strip_prefix('=') {
        // `--a=1 --b=2` in one element is a line too.
        Some(value) if holds_name(value) => Form::Line { name, value },
        Some(value) => Form::Assignment { name, value },
        None => Form::Line {
            name,
            value: rest.trim(),
        },
    })
}

fn holds_name(value: &str) -> bool {
    value
        .split_whitespace()
        .skip(1)
        .any(|word| word.starts_with("--") && known_name(word).is_some())
}

/// The form of an element whose name is that of a parameter.
fn known_name(element: &str) -> Option<Form<'_>> {
    let form = form(element)?;
    let name = match form {
        Form::NameOnly => without_dashes(element),
        Form::Assignment { name, .. } | Form::Line { name, .. } => name,
    };
    table::find(name).map(|_| form)
}

/// Whether an element begins a parameter: anything that looks like `--name`, and `-name` if there is one.
/// Everything else that begins with a dash can be a value, such as `-` or `-- a comment`.
fn is_parameter(element: &str) -> bool {
    let dashes = element.starts_with("--");
    if dashes {
        form(element).is_some()
    } else {
        known_name(element).is_some()
    }
}

fn without_dashes(element: &str) -> &str {
    element
        .strip_prefix("--")
        .or_else(|| element.strip_prefix('-'))
        .unwrap_or(element)
}

fn no_value(name: &str) -> Error {
    match table::find(name) {
        Some(parameter) => Error::new(&codes::OPTION_VALUE, format!("--{name} has no value"))
            .next(format!("give {}: --{name} <value>", parameter.type_name)),
        None => super::unknown::parameter(name, ""),
    }
}

fn stray(element: &str) -> Error {
    Error::new(
        &codes::USAGE,
        format!("`{element}` is neither a parameter nor the value of one"),
    )
    .next("write parameters as --name value, and quotes around values with blanks")
}

#[cfg(test)]
mod tests;
