//! What a source of Hive is asked to do.

use std::fmt;

use millstream_core::options::FromOptionText;
use millstream_gssapi::Keys;

use super::url::HiveUrl;

/// What a source of Hive is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiveSourceOptions {
    /// The server.
    pub url: HiveUrl,
    /// Who reads.
    pub login: Login,
    /// What is read.
    pub query: What,
    /// How many rows are asked for at once; `None`: few at first, then as many as make an answer of some megabytes.
    pub fetch: Option<u32>,
    /// What happens when rows come in another order behind a restart.
    pub exactly_once: ExactlyOnce,
    /// How the rows are split between subtasks; `None`: one subtask reads them all.
    pub split: Option<SplitBy>,
}

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A table, `table` or `database.table`.
    Table(String),
    /// The rows that a query answers.
    Query(String),
}

/// Who reads.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
    /// What is shown instead of both, over HTTP.
    pub token: Option<String>,
    /// Whose keys show who it is, where the address asks for Kerberos.
    pub keys: Keys,
}

impl Login {
    /// Who the JDBC driver is where nobody is named.
    pub const NOBODY: &'static str = "anonymous";

    /// Who reads: as given, else as the address says, else nobody.
    pub fn new(user: Option<String>, password: Option<String>, url: &HiveUrl) -> Self {
        let or_nobody = |given: Option<String>, of_url: &Option<String>| {
            let given = given.or_else(|| of_url.clone());
            // A server does not take an empty one.
            given
                .filter(|text| !text.is_empty())
                .unwrap_or_else(|| Self::NOBODY.to_owned())
        };
        Self {
            user: or_nobody(user, &url.user),
            password: or_nobody(password, &url.password),
            token: url.token.clone(),
            keys: Keys::default(),
        }
    }

    /// The same with keys of Kerberos.
    pub fn with_keys(self, keys: Keys) -> Self {
        Self { keys, ..self }
    }
}

/// Without what is secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// What happens when the rows that were read before a restart do not come again as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExactlyOnce {
    /// The job fails: no row is lost, and none comes twice.
    #[default]
    Require,
    /// What had been begun is read from its start: rows come again, and none is lost.
    BestEffort,
}

impl FromOptionText for ExactlyOnce {
    const TYPE_NAME: &'static str = "one of require, best-effort";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "require" => Ok(Self::Require),
            "best-effort" => Ok(Self::BestEffort),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

/// How rows are split between subtasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitBy {
    /// The column by whose values they are.
    pub column: String,
    /// How many parts there are; `None`: four for each subtask.
    pub parts: Option<u32>,
    /// Where the first cut may be; `None`: at the least value.
    pub lower: Option<String>,
    /// Where the last cut may be; `None`: at the greatest value.
    pub upper: Option<String>,
}
