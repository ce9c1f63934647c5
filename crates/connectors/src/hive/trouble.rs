//! What goes wrong with HiveServer2, and what is to be done about it. Pure.

use std::fmt::Display;
use std::io;

use millstream_core::{Error, codes};
use millstream_hive_thrift::{TStatus, TStatusCode, thrift};

/// What goes wrong with a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is away, or what it was doing is lost.
    Away(String),
    /// It does not take who asks.
    Login(String),
    /// What the source was given can't be used.
    Given(String),
    /// It says no.
    Said(Said),
    /// Kerberos gives no ticket, or the server does not take it; and what to do.
    Kerberos { why: String, next: &'static str },
    /// It does not speak TLS where that is asked for, or can't be trusted; and what to do.
    Tls { why: String, next: &'static str },
    /// Nobody wants the answer any more.
    Cancelled,
}

/// What the server says that it can't do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// The class of the error, as SQL has it.
    pub(super) state: String,
    /// Hive's own number.
    pub(super) code: i32,
    /// Its words, without what comes behind the first line.
    pub(super) words: String,
    /// Whether the session or the statement is not known to it any more.
    pub(super) is_lost: bool,
}

/// The longest words that are repeated.
const LONGEST: usize = 400;

/// What stands before Hive's own words, in the order in which it does.
const BEFORE: &[&str] = &[
    "org.apache.hive.service.cli.HiveSQLException:",
    "Error running query:",
    "Error while compiling statement:",
    "Error while processing statement:",
    "Error while executing statement:",
    "FAILED:",
];

/// The first line of what Hive says, without what it says each time.
pub(super) fn first_line(message: &str) -> String {
    let mut line = message.trim().lines().next().unwrap_or_default().trim();
    for before in BEFORE {
        line = line.strip_prefix(before).unwrap_or(line).trim();
    }
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

impl Said {
    /// What the server said.
    pub(super) fn new(state: Option<&str>, code: Option<i32>, message: Option<&str>) -> Self {
        Self {
            state: state.unwrap_or_default().to_owned(),
            code: code.unwrap_or_default(),
            words: first_line(message.unwrap_or("no reason is told")),
            is_lost: message.is_some_and(is_lost),
        }
    }

    /// What is to be done about it.
    fn means(&self) -> Means {
        let has = |word: &str| self.words.contains(word);
        let no_right = [
            "HiveAccessControlException",
            "Permission denied",
            "does not have",
            "AccessControlException",
        ];
        if self.is_lost {
            Means::Lost
        } else if has("proxy privilege") || has("is not allowed to impersonate") {
            Means::Impersonation
        } else if no_right.iter().any(|word| has(word)) {
            Means::Right
        } else if has("Cannot modify") {
            Means::Forbidden
        } else if has("hive configuration ") && has(" does not exist")
            || has("'SET ") && has("' FAILED ")
        {
            Means::Setting
        } else if has("NoSuchDatabase")
            || has("Database does not exist")
            || has("Database not found")
            || has("Database ") && has(" does not exist")
            || self.code == 10072
        {
            Means::Database
        } else if self.state == "42S02" || self.code == 10001 || has("Table not found") {
            Means::Table
        } else if self.state == "42000" || has("SemanticException") || has("ParseException") {
            Means::Statement
        } else {
            Means::Failed
        }
    }
}

/// What a refusal comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// The session or the statement is gone.
    Lost,
    /// The user may not act for the other one.
    Impersonation,
    /// The user lacks a right.
    Right,
    /// A setting of the address may not be made.
    Forbidden,
    /// There is no such setting, or it does not take its value.
    Setting,
    /// There is no such database.
    Database,
    /// There is no such table.
    Table,
    /// The statement is wrong.
    Statement,
    /// It did not come to an end, which may be otherwise the next time.
    Failed,
}

fn is_lost(message: &str) -> bool {
    [
        "Invalid SessionHandle",
        "Invalid OperationHandle",
        "Session does not exist",
    ]
    .iter()
    .any(|words| message.contains(words))
}

impl Trouble {
    /// Nobody is there.
    pub(super) fn away(host: &impl Display, error: &io::Error) -> Self {
        Self::Away(format!("{host} can't be reached: {error}"))
    }

    /// The connection is broken.
    pub(super) fn broken(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        Self::Away(match error.kind() {
            Kind::UnexpectedEof => "it has ended the connection".to_owned(),
            Kind::WouldBlock | Kind::TimedOut => {
                "it does not answer in time (socketTimeout)".to_owned()
            }
            _ => format!("the connection is broken: {error}"),
        })
    }

    /// Kerberos says no, for now or for good.
    pub(super) fn of_kerberos(error: &millstream_gssapi::Error) -> Self {
        match error.may_pass() {
            true => Self::Away(error.to_string()),
            false => Self::Kerberos {
                why: error.to_string(),
                next: error.next(),
            },
        }
    }

    /// An answer that can't be read.
    pub(super) fn odd(error: thrift::Error) -> Self {
        match error {
            thrift::Error::Transport(error)
                if error.kind == thrift::TransportErrorKind::EndOfFile =>
            {
                Self::Away("it has ended the connection".to_owned())
            }
            thrift::Error::Application(error) => Self::Away(format!(
                "it refuses a request: {}",
                first_line(&error.message)
            )),
            error => Self::Away(format!(
                "its answer can't be read: {}",
                first_line(&error.to_string())
            )),
        }
    }

    /// What a status comes to; `None`: all is well.
    pub(super) fn of(status: &TStatus) -> Option<Self> {
        let well = [
            TStatusCode::SUCCESS_STATUS,
            TStatusCode::SUCCESS_WITH_INFO_STATUS,
            TStatusCode::STILL_EXECUTING_STATUS,
        ];
        if well.contains(&status.status_code) {
            return None;
        }
        let mut said = Said::new(
            status.sql_state.as_deref(),
            status.error_code,
            status.error_message.as_deref(),
        );
        said.is_lost |= status.status_code == TStatusCode::INVALID_HANDLE_STATUS;
        Some(Self::Said(said))
    }

    /// The error for people. `server`: who was asked.
    pub(super) fn error(&self, server: &impl Display) -> Error {
        let named = |code, what: &str| Error::new(code, format!("HiveServer2 at {server}: {what}"));
        match self {
            Self::Away(why) => named(&codes::SOURCE_HIVE, why).next(
                "see that it runs and can be reached from here; a job that runs goes on when it is back",
            ),
            Self::Login(why) => named(&codes::SOURCE_HIVE_DENIED, why)
                .next("correct source.db.username, source.db.password or what source.db.url says of the login"),
            Self::Given(why) => Error::new(&codes::OPTION_VALUE, why.clone())
                .next("correct sslTrustStore in source.db.url: a file of certificates in PEM"),
            Self::Kerberos { why, next } => named(&codes::KERBEROS, why).next(*next),
            Self::Tls { why, next } => named(&codes::SOURCE_HIVE_DENIED, why).next(*next),
            Self::Cancelled => named(&codes::SOURCE_HIVE, "nobody waits for the answer any more"),
            Self::Said(said) => said_error(said, server),
        }
    }
}

fn said_error(said: &Said, server: &impl Display) -> Error {
    let named = |code| Error::new(code, format!("HiveServer2 at {server}: {}", said.words));
    match said.means() {
        Means::Lost => {
            let message = format!(
                "HiveServer2 at {server} does not know the session or the statement any more: it was started anew, or they have \
                 expired"
            );
            Error::new(&codes::SOURCE_HIVE, message).next("nothing: a job goes on with a session of its own")
        }
        Means::Impersonation => named(&codes::SOURCE_HIVE_DENIED)
            .next("let the user act for the other one (hadoop.proxyuser.<user>.hosts and .groups), or take hive.server2.proxy.user out of source.db.url"),
        Means::Right => named(&codes::SOURCE_HIVE_DENIED)
            .next("have SELECT granted to the user, or give another source.db.username"),
        Means::Forbidden => named(&codes::SOURCE_HIVE_STATEMENT).next(
            "take that setting out of source.db.url, or have the server allow it: \
             hive.security.authorization.sqlstd.confwhitelist.append in its hive-site.xml, and not among hive.conf.restricted.list",
        ),
        Means::Setting => named(&codes::SOURCE_HIVE_STATEMENT).next(
            "correct that setting behind ? of source.db.url, or take it out: names and values are those that the server's version of Hive has",
        ),
        Means::Database => named(&codes::SOURCE_HIVE_STATEMENT)
            .next("correct the database in source.db.url, or in the name of the table"),
        Means::Table => named(&codes::SOURCE_HIVE_STATEMENT).next(
            "correct source.db.table or source.db.sql; a table of another database is written database.table",
        ),
        Means::Statement => named(&codes::SOURCE_HIVE_STATEMENT)
            .next("correct source.db.sql: it must be one query that Hive takes"),
        Means::Failed => named(&codes::SOURCE_HIVE)
            .next("see the server's log for what stands behind it; a job that runs tries again as its restart strategy says"),
    }
}

#[cfg(test)]
mod tests;
