//! Where in the SQL text something is wrong, and the errors that say so.

use std::fmt;

use datafusion_sql::sqlparser::tokenizer::Span;
use millstream_core::{Error, codes};

/// A place in the SQL text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    /// The start of `span`, if the parser knows it (it marks an unknown span with line 0).
    pub(crate) fn of(span: Span) -> Option<Self> {
        (span.start.line > 0).then_some(Self {
            line: span.start.line,
            column: span.start.column,
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

fn at(place: Option<Place>, message: &str) -> String {
    match place {
        Some(place) => format!("{place}: {message}"),
        None => message.to_string(),
    }
}

/// The SQL is wrong at `place`.
pub(crate) fn invalid(place: Option<Place>, message: &str) -> Error {
    Error::new(&codes::SQL_INVALID, at(place, message))
}

/// The SQL at `place` uses `what`, which is not offered; `instead` is the next step.
pub(crate) fn unsupported(place: Option<Place>, what: &str, instead: &str) -> Error {
    let message = format!("{what} is not offered on a stream");
    Error::new(&codes::SQL_UNSUPPORTED, at(place, &message)).next(instead)
}

/// The next step after an unknown name: the nearest of `known`, or all of them where none is near.
///
/// `known` is listed in full up to 30 names, so that the line stays readable.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>, all: bool) -> String {
    const LISTED: usize = 30;
    let lower = name.to_lowercase();
    let known: Vec<&str> = known.collect();
    let mut scored: Vec<(f64, &str)> = known
        .iter()
        .map(|candidate| {
            let score = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            (score, *candidate)
        })
        .filter(|(score, _)| *score > 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let mut steps = Vec::new();
    if !scored.is_empty() {
        let near: Vec<String> = scored.iter().take(3).map(|(_, n)| quoted(n)).collect();
        steps.push(format!("did you mean {}?", near.join(" or ")));
    }
    if all && !known.is_empty() {
        let shown: Vec<String> = known.iter().take(LISTED).map(|n| quoted(n)).collect();
        let more = known.len().saturating_sub(LISTED);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        steps.push(format!("the columns are {}{rest}", shown.join(", ")));
    }
    steps.join(" ")
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

/// The error about an expression of too many levels.
pub(crate) fn too_deep() -> Error {
    invalid(None, "expressions are nested too deep").next(
        "write the expression with fewer levels of parentheses, and a chain of hundreds of operators in groups",
    )
}
