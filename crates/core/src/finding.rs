//! What a check has found: well, worth a warning or wrong, and what to do about it.

use crate::Error;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// All is as it must be.
    Well,
    /// It works, and may surprise.
    Warning,
    /// It would not work.
    Wrong,
}

impl Verdict {
    /// What people and programs are shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Warning => "warning",
            Self::Wrong => "failed",
        }
    }
}

/// What was checked, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was checked.
    pub what: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub detail: String,
    /// What to do; empty: nothing.
    pub next: String,
}

impl Finding {
    /// Nothing is wrong.
    pub fn well(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            verdict: Verdict::Well,
            detail: detail.into(),
            next: String::new(),
        }
    }

    /// It works, and may surprise.
    pub fn warning(
        what: impl Into<String>,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            verdict: Verdict::Warning,
            next: next.into(),
            ..Self::well(what, detail)
        }
    }

    /// It would not work, as the error says.
    pub fn wrong(what: impl Into<String>, error: &Error) -> Self {
        let detail = match error.cause_text() {
            Some(cause) => format!("{}: {} ({cause})", error.code(), error.message()),
            None => format!("{}: {}", error.code(), error.message()),
        };
        Self {
            verdict: Verdict::Wrong,
            next: error.next_step().to_owned(),
            ..Self::well(what, detail)
        }
    }
}
