//! Paths in JSON: `$`, then `.name`, `."name"`, `['name']`, `["name"]` or `[0]`, as many as are needed, as in Hive, in Flink and in
//! the standard of SQL. Of the standard are also the words `lax` and `strict` before it: what is not there is null with either.
//!
//! Names in brackets end with the quote before a closing bracket, and hold no escapes; behind a point they are texts of JSON.

use datafusion_common::{Result, exec_err};

/// A step of a path.
#[derive(Debug)]
pub(super) enum Step {
    /// The field of that name.
    Field(String),
    /// The element of that number, counted from 0.
    Element(usize),
}

/// The steps of a path, at most: one that a record brings is as long as it likes.
const STEPS: usize = 1_000;

/// What is wrong with a path.
struct Wrong<'a> {
    what: &'static str,
    /// The path from there on.
    at: &'a str,
}

fn wrong<'a, T>(at: &'a str, what: &'static str) -> std::result::Result<T, Wrong<'a>> {
    Err(Wrong { what, at })
}

/// A step and what stands behind it, or what is wrong.
type Read<'a> = std::result::Result<(Step, &'a str), Wrong<'a>>;

/// What takes several values of an object or an array.
const SEVERAL: &str = "it takes several values, and one is handed out";

/// The steps of `path`.
///
/// # Errors
/// What makes it no path, and at which of its characters.
pub(super) fn path_of(path: &str) -> Result<Vec<Step>> {
    let trimmed = path.trim_end();
    steps(trimmed).or_else(|Wrong { what, at }| {
        let before = trimmed.len().saturating_sub(at.len());
        let before = trimmed.get(..before).unwrap_or_default();
        let place = before.chars().count() + 1;
        exec_err!(
            "`{path}` is no path in JSON: {what}, at character {place}; it is $, then .name, .\"name\", ['name'] or [0], as in $.a.b[0]"
        )
    })
}

fn steps(path: &str) -> std::result::Result<Vec<Step>, Wrong<'_>> {
    let path = without_mode(path.trim_start());
    let Some(mut rest) = path.strip_prefix('$') else {
        return wrong(path, "it does not begin with $");
    };
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if steps.len() == STEPS {
            return wrong(rest, "it has more than 1000 steps");
        }
        let (step, more) = if let Some(behind) = rest.strip_prefix('.') {
            behind_point(behind)?
        } else if let Some(behind) = rest.strip_prefix('[') {
            in_brackets(behind)?
        } else {
            return wrong(rest, "neither a point nor a bracket stands there");
        };
        steps.push(step);
        rest = more;
    }
    Ok(steps)
}

/// The path behind the word that says how the standard takes what is not there.
fn without_mode(path: &str) -> &str {
    let behind = |mode: &&str| {
        let (word, rest) = path.split_at_checked(mode.len())?;
        let is_mode = word.eq_ignore_ascii_case(mode) && rest.starts_with(char::is_whitespace);
        is_mode.then(|| rest.trim_start())
    };
    ["lax", "strict"].iter().find_map(behind).unwrap_or(path)
}

fn behind_point(behind: &str) -> Read<'_> {
    if behind.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(behind).into_iter::<String>();
        let name = names.next();
        return match (name, behind.get(names.byte_offset()..)) {
            (Some(Ok(name)), Some(more)) => Ok((Step::Field(name), more)),
            _ => wrong(behind, "the quotes are not closed, or hold no text of JSON"),
        };
    }
    if behind.starts_with('\'') {
        return wrong(behind, "a name in single quotes stands in brackets");
    }
    if behind.starts_with(['.', '*']) {
        return wrong(behind, SEVERAL);
    }
    let (name, more) = behind.split_at(behind.find(['.', '[']).unwrap_or(behind.len()));
    if name.is_empty() {
        return wrong(behind, "no name stands behind the point");
    }
    if name.contains(']') {
        return wrong(behind, "a bracket is closed that is not open");
    }
    if name.ends_with("()") {
        return wrong(behind, "a path has no functions");
    }
    Ok((Step::Field(name.to_owned()), more))
}

fn in_brackets(behind: &str) -> Read<'_> {
    let quotes = ['\'', '"'];
    if let Some(quote) = quotes.into_iter().find(|quote| behind.starts_with(*quote)) {
        return quoted(behind, quote);
    }
    let Some((number, more)) = behind.split_once(']') else {
        return wrong(behind, "the bracket is not closed");
    };
    let number = number.trim();
    if number.contains(['*', ',', ':', '?']) {
        return wrong(behind, SEVERAL);
    }
    if number.is_empty() || !number.bytes().all(|sign| sign.is_ascii_digit()) {
        return wrong(
            behind,
            "neither a number from 0 on nor a name in quotes stands in the bracket",
        );
    }
    match number.parse() {
        Ok(number) => Ok((Step::Element(number), more)),
        Err(_) => wrong(behind, "no array has so many elements"),
    }
}

fn quoted(behind: &str, quote: char) -> Read<'_> {
    let inside = behind.strip_prefix(quote).unwrap_or(behind);
    let Some((name, more)) = inside.split_once(&format!("{quote}]")) else {
        return wrong(behind, "the quotes and the bracket are not closed");
    };
    let is_between_names = |(at, _): (usize, &str)| {
        let (before, from) = name.split_at(at);
        let behind = from.strip_prefix(',').unwrap_or(from);
        before.trim_end().ends_with(quote) && behind.trim_start().starts_with(quote)
    };
    if name.match_indices(',').any(is_between_names) {
        return wrong(behind, SEVERAL);
    }
    Ok((Step::Field(name.to_owned()), more))
}
