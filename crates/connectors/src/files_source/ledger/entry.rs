//! The state of one reader, as it is written into a snapshot.

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::StateEntry;
use serde::{Deserialize, Serialize};

use super::tails::Tail;
use crate::files_source::layers::{Layer, Position};
use crate::files_source::legacy::Legacy;
use crate::files_source::listing::Identity;
use crate::files_source::name::{Key, Name};
use crate::files_source::stream::Start;

/// One entry. How many there are does not depend on the number of files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Entry {
    /// How far a reader is.
    Reader {
        /// How many readers there were.
        parallelism: usize,
        #[serde(flatten)]
        position: Position,
    },
    /// How far readers were before the last change of the parallelism.
    Layer(Layer),
    /// A last record without its end, of a file that may grow.
    Tail(TailEntry),
    /// What was passed over before it was read to its end, where the ledger of the snapshot may not know it yet.
    Passed(PassedOver),
    /// What a reader has counted of pieces, for people to see.
    Counted {
        /// By piece.
        counts: serde_json::Value,
    },
    /// The names of the columns, where the first file gave them.
    Columns {
        /// In order.
        names: Vec<String>,
    },
}

/// A piece of a file that was passed over before it was read to its end. It is kept in the enumerator's ledger; a reader
/// that meets such a file behind the enumerator's part of a snapshot and before its own writes it into its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PassedOver {
    pub(crate) file: Key,
    pub(crate) piece: u64,
}

impl PassedOver {
    /// As a reader writes it.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn entry(self, subtask: usize) -> Result<StateEntry> {
        let key = format!("passed over {}#{subtask}", self.piece);
        written(key, &Entry::Passed(self))
    }

    /// Reads an entry of a reader back; `None`: it is another one.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn of(entry: &StateEntry) -> serde_json::Result<Option<Self>> {
        let kind = entry.value.get("kind").and_then(|kind| kind.as_str());
        let mine = kind == Some("passed");
        mine.then(|| Self::deserialize(&entry.value)).transpose()
    }
}

/// An entry as it stands in a snapshot.
pub(super) fn written(key: String, entry: &Entry) -> Result<StateEntry> {
    let value = serde_json::to_value(entry).map_err(|error| {
        let message = format!("the position `{key}` can't be written");
        Error::new(&codes::INTERNAL, message).cause(error)
    })?;
    Ok(StateEntry { key, value })
}

/// A name as JSON: text, or its bytes where it is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum WrittenName {
    /// Text.
    Text(String),
    /// Bytes that are not UTF-8.
    Bytes(Vec<u8>),
}

impl WrittenName {
    fn of(name: &Name) -> Self {
        match std::str::from_utf8(name.bytes()) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Bytes(name.bytes().to_vec()),
        }
    }

    fn name(&self) -> Name {
        match self {
            Self::Text(text) => Name::new(text.as_bytes()),
            Self::Bytes(bytes) => Name::new(bytes),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TailEntry {
    name: WrittenName,
    #[serde(flatten)]
    identity: Identity,
    /// The number of the piece whose last record it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    piece: Option<u64>,
    split: u64,
    /// Offset and line of its first byte.
    start: (u64, u64),
    /// The hash of the file's first bytes; 0: an older snapshot did not say.
    #[serde(default, skip_serializing_if = "is_zero")]
    beginning: u64,
}

impl TailEntry {
    pub(super) fn of(tail: &Tail) -> Self {
        Self {
            name: WrittenName::of(&tail.name),
            identity: tail.identity,
            piece: tail.piece,
            split: tail.split,
            start: (tail.start.offset, tail.start.line),
            beginning: tail.beginning,
        }
    }

    fn tail(&self) -> Tail {
        Tail {
            name: self.name.name(),
            identity: self.identity,
            piece: self.piece,
            split: self.split,
            start: Start {
                offset: self.start.0,
                line: self.start.1,
            },
            beginning: self.beginning,
        }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The entries of all readers of a snapshot, put together.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) layers: Vec<Layer>,
    pub(super) tails: Vec<Tail>,
    pub(super) columns: Option<Vec<String>>,
}

impl Restored {
    pub(super) fn read(entries: &[StateEntry]) -> Result<Self> {
        let mut restored = Self::default();
        let mut newest = Layer {
            parallelism: 0,
            readers: Vec::new(),
        };
        let unreadable = |key: &str, error: serde_json::Error| {
            let message = format!("the file source's state `{key}` can't be read");
            Error::new(&codes::SNAPSHOT_CORRUPT, message)
                .cause(error)
                .next("restore another snapshot, or one that this source has written")
        };
        for entry in entries.iter().filter(|entry| !Legacy::is_file(entry)) {
            match Entry::deserialize(&entry.value).map_err(|error| unreadable(&entry.key, error))? {
                Entry::Columns { names } => restored.columns = Some(names),
                Entry::Tail(tail) => restored.tails.push(tail.tail()),
                // The enumerator takes note of it.
                Entry::Passed(_) => {}
                // The first reader goes on from it.
                Entry::Counted { .. } => {}
                // Every reader writes the layers that it has not passed.
                Entry::Layer(layer) if restored.layers.contains(&layer) => {}
                Entry::Layer(layer) => restored.layers.push(layer),
                Entry::Reader {
                    parallelism,
                    position,
                } => {
                    newest.parallelism = parallelism;
                    newest.readers.push(position);
                }
            }
        }
        newest.readers.sort_by_key(|position| position.subtask);
        if !newest.readers.is_empty() {
            restored.layers.push(newest);
        }
        let legacy = Legacy::read(entries).map_err(|(key, error)| unreadable(&key, error))?;
        if !legacy.files.is_empty() {
            restored.layers.push(legacy.layer());
        }
        Ok(restored)
    }
}
