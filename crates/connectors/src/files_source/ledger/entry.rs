//! What of a file a reader has handed out, as it is written into a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::StateEntry;
use serde::{Deserialize, Serialize};

use super::share::Share;
use crate::files_source::intervals::Intervals;
use crate::files_source::listing::Identity;
use crate::files_source::stream::Start;

/// The state of one reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Entry {
    /// What a reader has handed out of a file.
    File(FileEntry),
    /// The names of the columns, where the first file gave them.
    Columns {
        /// In order.
        names: Vec<String>,
    },
}

/// What one reader has handed out of one file, in terms of the splits that it owned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    pub(crate) path: Arc<str>,
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// Which splits the reader owned.
    #[serde(flatten)]
    pub(crate) share: Share,
    /// Runs of splits that are done, by their number among the reader's own: `[from, to)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) done: Vec<(u64, u64)>,
    /// Stretches of other splits that are done: offsets `[from, to)`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<(u64, u64)>,
    /// Offset and line (0: unknown) of places where a record begins, from which reading can go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) starts: Vec<(u64, u64)>,
}

/// What the readers of a snapshot had handed out of one version of a file, together.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) identity: Identity,
    /// Whether the file was one split, whose offsets are counted in decompressed or decoded text.
    pub(crate) whole: bool,
    pub(crate) done: Intervals,
    pub(crate) starts: Vec<Start>,
}

impl Part {
    /// Whether every record has been handed out.
    pub(crate) fn is_complete(&self) -> bool {
        self.done.covers(
            0,
            if self.whole {
                u64::MAX
            } else {
                self.identity.size
            },
        )
    }
}

/// The entries of a snapshot put together.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// By path; several where readers saw different versions of a file.
    pub(crate) files: BTreeMap<Arc<str>, Vec<Part>>,
    pub(crate) columns: Option<Vec<String>>,
}

impl Restored {
    /// Reads the entries of all readers.
    pub(crate) fn read(entries: &[StateEntry]) -> Result<Self> {
        let mut restored = Self::default();
        for entry in entries {
            let read: Entry = serde_json::from_value(entry.value.clone()).map_err(|error| {
                Error::new(
                    &codes::SNAPSHOT_CORRUPT,
                    format!("the file source's state `{}` can't be read", entry.key),
                )
                .cause(error)
                .next("restore another snapshot, or one that this source has written")
            })?;
            match read {
                Entry::Columns { names } => restored.columns = Some(names),
                Entry::File(file) => restored.add(file),
            }
        }
        Ok(restored)
    }

    fn add(&mut self, file: FileEntry) {
        let parts = self.files.entry(Arc::clone(&file.path)).or_default();
        let whole = file.share.split == 0;
        let known = |part: &Part| part.identity == file.identity && part.whole == whole;
        if !parts.iter().any(known) {
            parts.push(Part {
                identity: file.identity,
                whole,
                done: Intervals::default(),
                starts: Vec::new(),
            });
        }
        let Some(part) = parts.iter_mut().find(|part| known(part)) else {
            return;
        };
        let owned = file.share.count(file.identity.size);
        for (from, to) in &file.done {
            let splits = file.share.ranges(*from, (*to).min(owned));
            splits.for_each(|(from, to)| part.done.insert(from, to));
        }
        for (from, to) in &file.parts {
            part.done.insert(*from, *to);
        }
        part.starts
            .extend(file.starts.iter().map(|(offset, line)| Start {
                offset: *offset,
                line: *line,
            }));
        part.starts.sort_unstable();
        part.starts.dedup();
    }
}
