//! What a sink of Elasticsearch is asked to do.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use millstream_core::options::FromOptionText;

use super::pattern::IndexPattern;
use super::servers::Server;

/// What a sink of Elasticsearch is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EsOptions {
    /// The servers, in the order in which they are given.
    pub servers: Vec<Server>,
    /// The index of a document.
    pub index: IndexPattern,
    /// The type of documents, which counts where servers have types.
    pub doc_type: Option<String>,
    /// What is done with a document.
    pub sync: SyncType,
    /// The columns whose values make the id.
    pub id: Vec<String>,
    /// The field that the version is written to.
    pub version_column: String,
    /// The version that is written with every document.
    pub version: Option<i64>,
    /// How often a server tries an update again that has met another one.
    pub retry_on_conflict: u32,
    /// When a bulk is sent.
    pub flush: Flush,
    /// How long is waited before what was refused for the moment is sent again.
    pub backoff: Backoff,
    /// How long a server may take to answer.
    pub timeout: Duration,
    /// Who logs in.
    pub login: Login,
    /// A file with the certificates of authorities that are trusted; `None`: those of the machine.
    pub ca: Option<PathBuf>,
    /// Whether requests are compressed.
    pub gzip: bool,
    /// Whether documents of older versions are removed at the end.
    pub delete_stale: bool,
    /// A file with the body by which an index is made that is missing.
    pub mapping: Option<PathBuf>,
}

/// What is done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncType {
    /// A new one is inserted, one that is there takes over the fields.
    Incremental,
    /// One that is there takes over the fields, a new one is left out.
    Finite,
    /// It is put in the place of what is there.
    Full,
}

impl SyncType {
    const ALL: [(Self, &'static str); 3] = [
        (Self::Incremental, "incremental"),
        (Self::Finite, "finite"),
        (Self::Full, "full"),
    ];

    /// Its name, as it is given.
    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(sync, _)| *sync == self);
        found.map_or("", |(_, name)| name)
    }

    /// Whether a document is changed, not replaced.
    pub const fn is_update(self) -> bool {
        matches!(self, Self::Incremental | Self::Finite)
    }
}

impl FromOptionText for SyncType {
    const TYPE_NAME: &'static str = "one of incremental, finite, full";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let mut all = Self::ALL.iter();
        let found = all.find(|(_, name)| name.eq_ignore_ascii_case(text));
        found
            .map(|(sync, _)| *sync)
            .ok_or_else(|| Self::TYPE_NAME.to_owned())
    }
}

/// When a bulk is sent: whichever comes first. A checkpoint sends all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flush {
    /// It has so many documents.
    pub actions: usize,
    /// It has so many bytes.
    pub bytes: usize,
    /// Its first document has waited for so long.
    pub interval: Duration,
    /// How many are on their way at a time, of one subtask.
    pub concurrent: usize,
}

/// How long is waited before what was refused for the moment is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// How often it is sent again; 0: never.
    pub retries: u32,
    /// The wait, or the first one.
    pub delay: Duration,
    /// Whether each wait is twice as long as the one before.
    pub exponential: bool,
}

/// Who logs in.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Nobody.
    None,
    /// A user with a password.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// Who has an API key: `id:key`, or that in Base64.
    ApiKey(String),
    /// Who has a token.
    Bearer(String),
}

impl Login {
    /// What it is, without what is secret.
    pub fn shown(&self) -> String {
        match self {
            Self::None => "nobody logs in".to_owned(),
            Self::Basic { user, .. } => format!("user {user}"),
            Self::ApiKey(_) => "an API key".to_owned(),
            Self::Bearer(_) => "a token".to_owned(),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}
