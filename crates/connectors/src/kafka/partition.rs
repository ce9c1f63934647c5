//! Partitions: their names, who reads them, and how a position stands in a snapshot.

use std::fmt;
use std::sync::Arc;

use millstream_core::hash::stable_hash;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::StateEntry;
use serde::{Deserialize, Serialize};

/// One partition of a topic. Written `topic/number`: names of topics hold no `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Partition {
    pub(super) topic: Arc<str>,
    pub(super) number: i32,
}

impl Partition {
    pub(super) fn new(topic: impl Into<Arc<str>>, number: i32) -> Self {
        Self {
            topic: topic.into(),
            number,
        }
    }

    /// The partition with this name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (topic, number) = name.rsplit_once('/')?;
        let number = number.parse().ok().filter(|number| *number >= 0)?;
        (!topic.is_empty()).then(|| Self::new(topic, number))
    }

    /// The subtask that reads it: the partitions of a topic one after the other, beginning with a subtask that depends
    /// on the topic's name, so that topics with one partition each do not all go to the first.
    pub(super) fn reader(&self, parallelism: usize) -> usize {
        let parallelism = parallelism.max(1) as u64;
        let first = stable_hash(&*self.topic) % parallelism;
        let number = u64::from(self.number.unsigned_abs());
        ((first + number % parallelism) % parallelism) as usize
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.number)
    }
}

/// How far a partition has been read, and how far it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    pub(super) partition: Partition,
    /// The offset of the next record.
    pub(super) next: i64,
    /// The offset of the first record that is not read any more; `None`: there is no end.
    pub(super) end: Option<i64>,
}

impl Position {
    /// Whether all that is wanted of the partition has been read.
    pub(super) fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }
}

/// A position as it stands in a snapshot, under the name of its partition.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    version: u32,
    next: i64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    end: Option<i64>,
}

const VERSION: u32 = 1;

impl Position {
    pub(super) fn entry(&self) -> StateEntry {
        let written = Written {
            version: VERSION,
            next: self.next,
            end: self.end,
        };
        StateEntry {
            key: self.partition.to_string(),
            // Of numbers only, which JSON always holds.
            value: serde_json::to_value(written).unwrap_or_default(),
        }
    }

    /// The position that an entry of a snapshot holds.
    pub(super) fn restore(entry: &StateEntry) -> Result<Self> {
        let other = || {
            let message = format!(
                "{} in the snapshot is no position in a topic of Kafka",
                entry.key
            );
            Error::new(&codes::STATE_TYPE, message)
                .next("give the source the uid that it had when the snapshot was taken")
        };
        let partition = Partition::parse(&entry.key).ok_or_else(other)?;
        let written: Written =
            serde_json::from_value(entry.value.clone()).map_err(|error| other().cause(error))?;
        if written.version != VERSION {
            let message = format!(
                "the position of {partition} is of version {}, and {VERSION} is the newest that is known",
                written.version
            );
            return Err(Error::new(&codes::STATE_TYPE, message)
                .next("use the version of Millstream that wrote the snapshot, or a newer one"));
        }
        Ok(Self {
            partition,
            next: written.next,
            end: written.end,
        })
    }
}

#[cfg(test)]
mod tests;
