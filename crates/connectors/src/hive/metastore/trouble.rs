//! What goes wrong with a metastore, and what is to be done about it. Pure.

use std::fmt::Display;

use millstream_core::{Error, codes};
use millstream_hive_thrift::hive_metastore::{MetaException, NoSuchObjectException};
use millstream_hive_thrift::thrift;

use crate::hive::trouble::{self, first_line};

/// What goes wrong with a metastore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It is away.
    Away(String),
    /// Kerberos gives no ticket, or it does not take it; and what to do.
    Kerberos { why: String, next: &'static str },
    /// It speaks TLS and is not asked to, or the other way round, or can't be trusted; and what to do.
    Tls { why: String, next: &'static str },
    /// What the source was given can't be used.
    Given(String),
    /// It knows no such table.
    NoSuch(String),
    /// It says no.
    Refused(String),
    /// It does not know the call.
    Unknown,
}

impl Trouble {
    /// What stands behind a failure of Thrift.
    pub(super) fn of(error: thrift::Error) -> Self {
        let error = match error {
            thrift::Error::User(user) => {
                let words = |message: Option<&String>| {
                    first_line(message.map_or("no reason is told", String::as_str))
                };
                if let Some(no_such) = user.downcast_ref::<NoSuchObjectException>() {
                    return Self::NoSuch(words(no_such.message.as_ref()));
                }
                if let Some(refused) = user.downcast_ref::<MetaException>() {
                    return Self::Refused(words(refused.message.as_ref()));
                }
                return Self::Away(first_line(&user.to_string()));
            }
            thrift::Error::Application(error)
                if error.kind == thrift::ApplicationErrorKind::UnknownMethod =>
            {
                return Self::Unknown;
            }
            other => other,
        };
        match trouble::Trouble::odd(error) {
            trouble::Trouble::Away(why) => Self::Away(why),
            other => Self::Away(format!("{other:?}")),
        }
    }

    /// The error for people. `server`: who was asked; `about`: for what.
    pub(super) fn error(&self, server: &impl Display, about: &str) -> Error {
        let named =
            |code, what: &str| Error::new(code, format!("metastore of Hive at {server}: {what}"));
        match self {
            Self::Away(why) => named(&codes::SOURCE_METASTORE, why).next(
                "see that it runs and can be reached from here, and that source.db.url has behind it what it asks for: ;principal=hive/_HOST@REALM \
                 for Kerberos (hive.metastore.sasl.enabled), ;ssl=true for TLS (hive.metastore.use.SSL); a job that runs goes on when it is back",
            ),
            Self::Kerberos { why, next } => named(&codes::KERBEROS, why).next(*next),
            Self::Tls { why, next } => named(&codes::SOURCE_METASTORE, why).next(*next),
            Self::Given(why) => trouble::Trouble::Given(why.clone()).error(server),
            Self::Unknown => named(
                &codes::SOURCE_METASTORE,
                "it does not know what it is asked: what answers is no metastore, or an older one than Hive 1",
            )
            .next("correct source.db.url: the port of a metastore is mostly 9083"),
            Self::NoSuch(why) => named(&codes::SOURCE_TABLE, &format!("no table {about}: {why}"))
                .next("correct source.db.table; a table of another database than default is written database.table"),
            Self::Refused(why) => named(&codes::SOURCE_TABLE, &format!("table {about}: {why}")).next(
                "correct source.db.partition.filter if one is given (year = '2024' and month > '06'), else see the metastore's log",
            ),
        }
    }
}
