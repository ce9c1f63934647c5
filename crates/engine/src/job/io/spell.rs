//! Errors as they are told to the machine of the job.

use millstream_core::Error;

/// An error as one line that says what to do.
pub(in crate::job) fn spell(error: &Error) -> String {
    let cause = match error.next_step() {
        "" => error.message().to_owned(),
        step => format!("{}; {step}", error.message()),
    };
    match error.cause_text() {
        Some(text) => format!("{cause} ({text})"),
        None => cause,
    }
}
