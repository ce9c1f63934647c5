//! The errors of this crate, one function for each kind.

use std::fmt::Display;

use millstream_core::{Error, codes};

/// A value of a state can't be written, or could not be read back.
pub(crate) fn unwritable(state: &str, part: &str, type_text: &str, cause: impl Display) -> Error {
    Error::new(
        &codes::STATE_TYPE,
        format!("a {part} of state `{state}` of type {type_text} can't be written"),
    )
    .cause(cause)
    .next("use a type whose serde form is plain: derived, without flatten, untagged or skipped fields")
}

/// The state in a snapshot has another type than the program's.
pub(crate) fn type_differs(state: &str, part: &str, stored: &str, wanted: &str) -> Error {
    Error::new(
        &codes::STATE_TYPE,
        format!("the {part} of state `{state}` is {stored} in the snapshot and {wanted} in the program"),
    )
    .next("give the state its old type, or a new name and start it empty with --allowNonRestoredState")
}

/// A program used state wrongly.
pub(crate) fn program(message: String, next: &str) -> Error {
    Error::new(&codes::PROGRAM_FAILED, message).next(next)
}
