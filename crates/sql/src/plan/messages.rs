//! What the planner and trials say, as one line in plain words with the place.

use arrow::error::ArrowError;
use datafusion_common::DataFusionError;
use millstream_core::type_names::in_words;
use millstream_core::{Error, codes};

use super::plain;
use crate::place::{Place, invalid};

/// DataFusion's error, as one line with the place if it knows it.
pub(super) fn planning_error(error: &DataFusionError) -> Error {
    let place = error.diagnostic().and_then(|d| d.span).map(|span| Place {
        line: span.start.line,
        column: span.start.column,
    });
    let message = describe(error);
    if matches!(error.find_root(), DataFusionError::NotImplemented(_)) {
        return Error::new(&codes::SQL_UNSUPPORTED, not_offered(&in_words(&message)))
            .next("write it with what the guide's page on SQL lists");
    }
    mistake(place, &message)
}

/// The mistake that `message` of the planner or of a trial tells, which may say first where in the query it is.
pub(crate) fn mistake(place: Option<Place>, message: &str) -> Error {
    let end = message
        .strip_prefix("column `")
        .and_then(|rest| Some("column `".len() + rest.find("`: ")? + "`: ".len()))
        .or_else(|| message.starts_with("WHERE: ").then_some("WHERE: ".len()));
    let (head, rest) = message.split_at(end.unwrap_or(0));
    let plain = plain::said(rest);
    invalid(place, &format!("{head}{}", plain.message)).next(plain.next)
}

/// What DataFusion does not implement; a dump of the parsed expression is cut to its kind.
fn not_offered(message: &str) -> String {
    let dumped = message
        .strip_prefix("Unsupported ast node")
        .and_then(|rest| rest.split_once(": "))
        .and_then(|(_, node)| node.split(['(', ' ', '{']).next());
    if let Some(types) = message.strip_prefix("Unsupported CAST from ") {
        return format!("there is no CAST from {types}");
    }
    match dumped {
        Some("Lambda") => {
            "a lambda stands only in a call, such as array_transform(a, x -> upper(x))".to_owned()
        }
        Some(kind) => format!("an expression of the kind {kind} is not offered here"),
        None if message.contains("not ") => message.to_owned(),
        None => format!("{message} is not offered"),
    }
}

/// What an error says, in one line and without the names of the libraries it came through.
pub(crate) fn describe(error: &DataFusionError) -> String {
    let text = match error.find_root() {
        DataFusionError::ArrowError(arrow, _) => match arrow.as_ref() {
            ArrowError::CastError(text)
            | ArrowError::ParseError(text)
            | ArrowError::ComputeError(text)
            | ArrowError::InvalidArgumentError(text)
            | ArrowError::ArithmeticOverflow(text) => text.clone(),
            ArrowError::DivideByZero => "division by zero".to_string(),
            ArrowError::ExternalError(inner) => match inner.downcast_ref::<DataFusionError>() {
                Some(inner) => describe(inner),
                None => inner.to_string(),
            },
            other => other.to_string(),
        },
        other => other.message().into_owned(),
    };
    let mut text = text.trim();
    while let Some(rest) = LIBRARIES.iter().find_map(|name| text.strip_prefix(name)) {
        text = rest.trim_start();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    // A bug to those who made the functions, it is a mistake of the query here.
    let text = text.split(" This issue was likely caused by").next();
    let text = text.unwrap_or_default();
    plain::of_pattern(text).unwrap_or_else(|| in_words(text.trim_end_matches('.')))
}

/// What libraries put before each other's errors when they hand them on.
const LIBRARIES: &[&str] = &[
    "Arrow error:",
    "Cast error:",
    "Compute error:",
    "DataFusion error:",
    "Error during planning:",
    "Execution error:",
    "External error:",
    "Internal error:",
    "Invalid argument error:",
    "Optimizer rule 'simplify_expressions' failed caused by",
    "Parser error:",
    "Schema error:",
    "type_coercion caused by",
];
