//! Positions as they stand in snapshots. Pure.

use std::collections::BTreeMap;

use millstream_core::hash::stable_hash;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Owner, StateEntry};
use serde::{Deserialize, Serialize};

/// The key of a part's position.
const KEY: &str = "split-";
const VERSION: u32 = 1;

/// How far one part of the rows has been handed out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Position {
    version: u32,
    /// How many rows of it.
    pub(super) rows: u64,
    /// Whether that is all of them.
    pub(super) done: bool,
    /// What those rows were, by column. Empty where there are none, or nobody asks any more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) digest: BTreeMap<String, u64>,
}

impl Position {
    /// A position.
    pub(super) fn new(rows: u64, done: bool, digest: BTreeMap<String, u64>) -> Self {
        Self {
            version: VERSION,
            rows,
            done,
            digest,
        }
    }

    /// As it stands in a snapshot.
    pub(super) fn entry(&self, part: u32) -> StateEntry {
        StateEntry {
            key: format!("{KEY}{part}"),
            // Of numbers and names only, which JSON always holds.
            value: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// The position that an entry of a snapshot holds, and of which part.
    ///
    /// # Errors
    /// It holds none.
    pub(super) fn restore(entry: &StateEntry) -> Result<(u32, Self)> {
        let other = || {
            let message = format!(
                "{} in the snapshot is no position in rows of Hive",
                entry.key
            );
            Error::new(&codes::STATE_TYPE, message)
                .next("give the source the uid that it had when the snapshot was taken")
        };
        let part = part_of(&entry.key).ok_or_else(other)?;
        let position: Self =
            serde_json::from_value(entry.value.clone()).map_err(|error| other().cause(error))?;
        if position.version != VERSION {
            return Err(newer(&entry.key, position.version, VERSION));
        }
        Ok((part, position))
    }
}

fn newer(what: &str, version: u32, newest: u32) -> Error {
    let message = format!(
        "{what} in the snapshot is of version {version}, and {newest} is the newest that is known"
    );
    Error::new(&codes::STATE_TYPE, message)
        .next("use the version of Millstream that wrote the snapshot, or a newer one")
}

fn part_of(key: &str) -> Option<u32> {
    key.strip_prefix(KEY)?.parse().ok()
}

/// The subtask that reads a part.
pub(super) fn reader_of(part: u32, parallelism: usize) -> usize {
    part as usize % parallelism.max(1)
}

/// Who takes the entry with this key.
pub(super) fn owner(key: &str, parallelism: usize) -> Owner {
    // A key of another kind is for everybody to refuse.
    part_of(key).map_or(Owner::Everyone, |part| {
        Owner::Subtask(reader_of(part, parallelism))
    })
}

/// The key of what the enumerator knows.
const PARTS: &str = "parts";
/// The version of it that knows the session.
const PARTS_VERSION: u32 = 2;

/// Beginnings of what a session is opened with that says how and where Hive executes a query, or for whom, and not what it means.
const HOW: &[&str] = &[
    "set:hiveconf:mapred.",
    "set:hiveconf:mapreduce.",
    "set:hiveconf:tez.",
    "set:hiveconf:yarn.",
    "set:hiveconf:hive.execution.engine",
    "set:hiveconf:hive.fetch.task.",
    "set:hiveconf:hive.server2.",
    "set:hivevar:wmpool",
    "hive.server2.proxy.user",
];

/// Numbers for a query, by which a snapshot is known to be one of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Query {
    /// For its text, and the column by which rows are split.
    statement: u64,
    /// For these, and the session that says what its words mean: the database, settings, variables.
    within: u64,
}

impl Query {
    /// The numbers of a statement whose rows are split by a column, in a session that is opened with this.
    pub(super) fn of(
        statement: &str,
        column: Option<&str>,
        session: &BTreeMap<String, String>,
    ) -> Self {
        // Versions before took off every semicolon at the end, also one of a comment.
        let statement =
            statement.trim_end_matches(|sign: char| sign == ';' || sign.is_whitespace());
        let column = column.map(str::to_ascii_lowercase);
        let means = |(name, _): &(&String, &String)| !HOW.iter().any(|how| name.starts_with(how));
        let session: Vec<_> = session.iter().filter(means).collect();
        Self {
            statement: stable_hash(&(statement, &column)),
            within: stable_hash(&(statement, &column, session)),
        }
    }
}

/// Into which parts the rows are split, as it stands in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    version: u32,
    /// A number for the query, which must be the same to go on; in version 1 for its statement alone.
    statement: u64,
    /// The condition of each part, once they are known.
    pub(super) conditions: Option<Vec<String>>,
}

impl Parts {
    /// The parts of a query.
    pub(super) fn new(query: Query, conditions: Option<Vec<String>>) -> Self {
        Self {
            version: PARTS_VERSION,
            statement: query.within,
            conditions,
        }
    }

    /// As they stand in a snapshot.
    pub(super) fn entry(&self) -> StateEntry {
        StateEntry {
            key: PARTS.to_owned(),
            value: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// What the snapshot holds of them, for this query.
    ///
    /// # Errors
    /// It holds none, or those of another query.
    pub(super) fn restore(entries: &[StateEntry], query: Query) -> Result<Self> {
        let other = || {
            Error::new(
                &codes::STATE_TYPE,
                "the snapshot holds no state of a source of Hive",
            )
            .next("give the source the uid that it had when the snapshot was taken")
        };
        let entry = entries
            .iter()
            .find(|entry| entry.key == PARTS)
            .ok_or_else(other)?;
        let parts: Self =
            serde_json::from_value(entry.value.clone()).map_err(|error| other().cause(error))?;
        let known = match parts.version {
            VERSION => query.statement,
            PARTS_VERSION => query.within,
            other => return Err(newer(PARTS, other, PARTS_VERSION)),
        };
        if parts.statement != known {
            let message = "the snapshot was taken while another query was read: source.db.table, source.db.sql, \
                           source.db.partition.column, or the database, a setting or a variable in source.db.url have changed, so \
                           that its positions mean nothing";
            return Err(Error::new(&codes::STATE_NOT_RESTORED, message)
                .next("give them as they were, or start without the snapshot"));
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests;
