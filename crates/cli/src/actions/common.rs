//! What several actions do alike.

use millstream_core::{Error, Result, codes};

use crate::report;

/// The format of a savepoint as the server expects it.
///
/// # Errors
/// There is none of that name ([`codes::OPTION_VALUE`]).
pub(super) fn format_type(given: Option<&str>) -> Result<&'static str> {
    let Some(text) = given else {
        return Ok("CANONICAL");
    };
    ["CANONICAL", "NATIVE"]
        .into_iter()
        .find(|known| text.eq_ignore_ascii_case(known))
        .ok_or_else(|| {
            let message = format!("--type is `{text}`, which is no format of a savepoint");
            Error::new(&codes::OPTION_VALUE, message).next("give CANONICAL or NATIVE")
        })
}

/// Says that arguments behind those of an action are not looked at.
pub(super) fn note_superfluous(superfluous: &[String]) {
    if !superfluous.is_empty() {
        report::note("Provided more arguments than required. Ignoring not needed arguments.");
    }
}

/// The error for an action without a job.
pub(super) fn missing(message: &str, action: &str) -> Error {
    Error::new(&codes::USAGE, message).next(format!("see `millstream {action} --help`"))
}
