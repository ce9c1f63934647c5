//! What several actions do alike.

use std::path::Path;

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

/// A place as the server understands it: a path is taken from this process's working directory, a URL is left as it is.
pub(crate) fn place(text: &str) -> Result<String> {
    if text.contains(":/") {
        return Ok(text.to_owned());
    }
    let path = std::path::absolute(Path::new(text)).map_err(|cause| {
        Error::new(&codes::USAGE, format!("{text} can't be found"))
            .cause(cause)
            .next("give a path that begins with /, or change to a directory that is there")
    })?;
    Ok(path.to_string_lossy().into_owned())
}

/// Says that arguments behind those of an action are not looked at.
pub(super) fn note_superfluous(superfluous: &[String]) {
    if !superfluous.is_empty() {
        report::note("Provided more arguments than required. Ignoring not needed arguments.");
    }
}

/// Says of options that were given and are not looked at that they have no effect, and why.
pub(crate) fn note_without_effect(options: &[(bool, &str)], why: &str) {
    for (_, name) in options.iter().filter(|(given, _)| *given) {
        report::note(&format!("{name} has no effect: {why}"));
    }
}

/// The error for an action without a job.
pub(super) fn missing(message: &str, action: &str) -> Error {
    Error::new(&codes::USAGE, message).next(format!("see `millstream {action} --help`"))
}
