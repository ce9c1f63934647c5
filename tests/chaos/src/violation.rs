//! What a round can find.

/// A promise that was not kept, or a trouble of the harness itself.
#[derive(Debug, thiserror::Error)]
#[error("{kind}: {text}")]
pub(crate) struct Violation {
    pub(crate) kind: Kind,
    /// What was seen: ids, files, lines of logs.
    pub(crate) text: String,
}

/// Which promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A record that was handed over has not come out.
    Lost,
    /// A record came out twice.
    Doubled,
    /// Something came out that nobody handed over, or not as it was.
    Falsified,
    /// Output that was visible is not there any more.
    Vanished,
    /// A job or a server ended, though nothing was damaged.
    Ended,
    /// A job could not be started again, though nothing stood in its way any more.
    Refused,
    /// Something does not come to its end.
    Stuck,
    /// Two ran one job.
    SecondOwner,
    /// Files or processes stayed behind.
    LeftBehind,
    /// Read is not written + filtered + bad.
    Equation,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Lost => "LOST",
            Self::Doubled => "DOUBLED",
            Self::Falsified => "FALSIFIED",
            Self::Vanished => "VANISHED",
            Self::Ended => "ENDED",
            Self::Refused => "REFUSED",
            Self::Stuck => "STUCK",
            Self::SecondOwner => "SECOND OWNER",
            Self::LeftBehind => "LEFT BEHIND",
            Self::Equation => "EQUATION",
        })
    }
}

impl Kind {
    /// An error that says that this promise was not kept.
    pub(crate) fn because(self, text: impl Into<String>) -> anyhow::Error {
        let text = text.into();
        Violation { kind: self, text }.into()
    }
}
