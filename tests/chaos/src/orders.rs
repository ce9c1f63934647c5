//! What somebody who looks after the job is told: whom to kill, how to end it, from what and how it goes on.

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Job,
    Server,
    Both,
}

/// How a job is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Suspend,
    /// The same, with the savepoint in a directory that is no option of the job (`stop -p`). A job without a server has
    /// no such way, and is suspended.
    SuspendElsewhere,
    Cancel,
}

/// What a job goes on from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Nothing,
    Latest,
    Path(String),
}

impl From {
    /// The same behind `run`.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match self {
            Self::Nothing => Vec::new(),
            Self::Latest => vec!["-s".to_owned(), "latest".to_owned()],
            Self::Path(path) => vec!["-s".to_owned(), path.clone()],
        }
    }
}

/// How the directory of the input is written on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Plain,
    DoubleSlash,
    UpAndDown,
    Link,
}
