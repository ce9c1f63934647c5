//! What goes wrong with a metastore, and what is to be done about it. Pure.

use std::fmt::Display;

use millstream_core::{Error, codes};
use millstream_hive_thrift::hive_metastore::{MetaException, NoSuchObjectException};
use millstream_hive_thrift::thrift;

use super::table::{TRANSACTIONAL, refused};
use crate::hive::trouble::{self, first_line};

/// What a metastore says to who asks for an insert-only table of transactions and does not know how to read one.
const INSERT_ONLY: &str = "does not appear to support insert-only tables";

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
    /// The table is one of transactions.
    Transactional,
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
                    let words = words(refused.message.as_ref());
                    return match words.contains(INSERT_ONLY) {
                        true => Self::Transactional,
                        false => Self::Refused(words),
                    };
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
            Self::Transactional => refused(&format!("table {about}"), TRANSACTIONAL),
            Self::Refused(why) => named(&codes::SOURCE_TABLE, &format!("table {about}: {why}")).next(
                "correct source.db.partition.filter if one is given (year = '2024' and month > '06'), else see the metastore's log",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use millstream_hive_thrift::hive_metastore::MetaException;
    use millstream_hive_thrift::thrift;

    use super::Trouble;

    fn refused(message: &str) -> Trouble {
        let told = MetaException::new(message.to_owned());
        Trouble::of(thrift::Error::User(Box::new(told)))
    }

    #[test]
    fn an_insert_only_table_is_refused_as_transactional() {
        let trouble = refused(
            "Your client does not appear to support insert-only tables. To skip capability checks, please set \
             metastore.client.capability.check to false. This setting can be set globally, or on the client for the current metastore session.",
        );
        let error = trouble.error(&"thrift://h:9083", "shop.orders");
        assert_eq!(error.code(), "MS-6061", "{error}");
        assert!(
            error
                .message()
                .starts_with("table shop.orders is transactional"),
            "{error}"
        );
        let other = refused("no right to it").error(&"thrift://h:9083", "shop.orders");
        assert!(other.message().contains("no right to it"), "{other}");
    }
}
