//! Where the input lies.

use super::value_of;

/// Where the input lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Files,
    Topic,
    /// What HiveServer2 answers.
    Query,
    /// A table of Hive, by the metastore.
    Table,
}

impl Place {
    /// Where the arguments say that it lies.
    pub(super) fn of(arguments: &[String], is_given: &dyn Fn(&str) -> bool) -> Self {
        let is = |name: &str, value: &str| {
            let given = value_of(name, arguments).unwrap_or_default();
            given.trim().replace('_', "-").eq_ignore_ascii_case(value)
        };
        if is_given("source.kafka.brokers") {
            Self::Topic
        } else if !is_given("source.db.url") && !is("source.type", "jdbc") {
            Self::Files
        } else if is("source.db.type", "hive-metastore") {
            Self::Table
        } else {
            Self::Query
        }
    }

    pub(super) fn is_hive(self) -> bool {
        matches!(self, Self::Query | Self::Table)
    }

    /// Who says of what types values are, where that is not told by looking at them.
    pub(super) fn teller(self) -> &'static str {
        match self.is_hive() {
            true => "Hive",
            false => "the file",
        }
    }
}
