//! The one error that users of Millstream see.
//!
//! Inside a crate, errors are precise enums. Where they leave the crate they become an [`Error`]: a
//! [kind](ErrorKind) that says what the caller must do, a stable code with a page in
//! `docs/errors/`, one line that says what happened and where, and the next step.

use std::fmt;
use std::sync::Arc;

use crate::codes::Code;
use crate::kind::ErrorKind;

/// The result of anything that can fail with an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error with a kind, a stable code, one line for people and the next step.
///
/// Its `Display` is one line: `MS-1001: what and where; what to do next`. Cloning is cheap.
///
/// ```
/// use millstream_core::{codes, Error};
/// let error = Error::new(&codes::OPTION_VALUE, "parallelism.default is `many`, not a whole number")
///     .next("give a number such as 2");
/// assert_eq!(
///     error.to_string(),
///     "MS-1002: parallelism.default is `many`, not a whole number; give a number such as 2"
/// );
/// ```
#[derive(Debug, Clone)]
pub struct Error {
    inner: Arc<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    code: &'static Code,
    message: String,
    next: String,
    cause: Option<String>,
}

impl Error {
    /// An error of `code` whose `message` says in one line what happened and where.
    pub fn new(code: &'static Code, message: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(Inner {
                code,
                message: message.into(),
                next: String::new(),
                cause: None,
            }),
        }
    }

    /// Adds the next step: what the reader should do, as an imperative.
    #[must_use]
    pub fn next(mut self, step: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.inner).next = step.into();
        self
    }

    /// Adds the error underneath, shown behind the message and by `--verbose`.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        Arc::make_mut(&mut self.inner).cause = Some(cause.to_string());
        self
    }

    /// The same error with `change` made to everything that is said: message, cause and next step.
    #[must_use]
    pub fn reworded(mut self, change: impl Fn(&str) -> String) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.message = change(&inner.message);
        inner.next = change(&inner.next);
        inner.cause = inner.cause.as_deref().map(change);
        self
    }

    /// The stable code, for example `MS-1001`.
    pub fn code(&self) -> &'static str {
        self.inner.code.id
    }

    /// What the caller must do.
    pub fn kind(&self) -> ErrorKind {
        self.inner.code.kind
    }

    /// What happened and where, without code and next step.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// What to do next; empty where the message says it all.
    pub fn next_step(&self) -> &str {
        &self.inner.next
    }

    /// The text of the error underneath, if there is one.
    pub fn cause_text(&self) -> Option<&str> {
        self.inner.cause.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.inner;
        let is_all = inner.cause.is_none() && inner.next.is_empty();
        let message = match is_all {
            true => inner.message.as_str(),
            // A sentence that goes on has no full stop yet.
            false => without_stop(&inner.message),
        };
        write!(f, "{}: {message}", inner.code.id)?;
        if let Some(cause) = &inner.cause {
            write!(f, " ({cause})")?;
        }
        if !inner.next.is_empty() {
            write!(f, "; {}", inner.next)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// `text` without the full stop at its end, for what goes on behind it; an ellipsis stays.
///
/// ```
/// use millstream_core::without_stop;
///
/// assert_eq!(without_stop("It is gone."), "It is gone");
/// assert_eq!(without_stop("and so on..."), "and so on...");
/// ```
pub fn without_stop(text: &str) -> &str {
    match text.strip_suffix('.') {
        Some(sentence) if !sentence.ends_with('.') => sentence,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use crate::codes::REQUEST;

    #[test]
    fn a_full_stop_stands_at_the_end_alone() {
        let shown =
            |message: &str, next: &str| Error::new(&REQUEST, message).next(next).to_string();
        assert_eq!(shown("No file /nope.", ""), "MS-1014: No file /nope.");
        assert_eq!(
            shown("No file /nope.", "give a path"),
            "MS-1014: No file /nope; give a path"
        );
        assert_eq!(shown("and so on...", "wait"), "MS-1014: and so on...; wait");
        let error = Error::new(&REQUEST, "It broke off.").cause("a reset");
        assert_eq!(error.to_string(), "MS-1014: It broke off (a reset)");
    }
}
