//! The book of a source of files: what people are told of each file. The form alone; the source writes it, a server reads it.
//!
//! It lies in the directory of the job, below [`DIRECTORY`]:
//!
//! | file | holds |
//! |---|---|
//! | [`HEAD_FILE`] | [`Head`] as JSON, replaced as a whole |
//! | `rows-<part>` | [`Row`]s of [`Row::BYTES`] bytes, [`PART`] in each; the last part grows |
//! | `names-<part>` | names and reasons, to which the rows of the part point |
//! | `reset-<row>` | somebody wants the file of that row to be read again |
//!
//! A row is written in its place again as its file is read. Whoever reads one while that goes on sees by its sum that it is
//! half of each, and looks again. Nothing is decided by the book: it may be lost, and then what it knew is not told any more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::hash::stable_hash;
use crate::{CheckpointId, JobId};

/// The directory below that of the job.
pub const DIRECTORY: &str = "files";
/// The [`Head`].
pub const HEAD_FILE: &str = "head.json";
/// What the name of a wish begins with that a file is read again; behind it comes the number of the row.
pub const RESET: &str = "reset-";
/// Rows in a part.
pub const PART: u64 = 65_536;
/// Parts that are kept at most: the oldest rows are forgotten.
pub const PARTS: u64 = 32;

/// The name of the file with the rows of a part.
#[must_use]
pub fn rows_file(part: u64) -> String {
    format!("rows-{part}")
}

/// The name of the file with the names of a part.
#[must_use]
pub fn names_file(part: u64) -> String {
    format!("names-{part}")
}

/// How far a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// It is to be read.
    Pending,
    /// Records of it have been handed out.
    Reading,
    /// All of it has been handed out; no checkpoint that is complete says so yet.
    Read,
    /// A checkpoint is complete behind it.
    Done,
    /// It can't be read, or is gone before it was read to its end.
    Failed,
    /// It can't be read and was moved away for that.
    Quarantined,
}

impl FileState {
    /// Every state, in the order of a file's life.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Reading,
        Self::Read,
        Self::Done,
        Self::Failed,
        Self::Quarantined,
    ];

    /// Its name, as users write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Reading => "reading",
            Self::Read => "read",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.name() == name)
    }

    /// Whether nothing more is read of the file.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Quarantined)
    }

    const fn code(self) -> u64 {
        match self {
            Self::Pending => 1,
            Self::Reading => 2,
            Self::Read => 3,
            Self::Done => 4,
            Self::Failed => 5,
            Self::Quarantined => 6,
        }
    }

    fn of(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is told of one file. Times are milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// How far it is; `None`: the row is not told any more, as the file has a newer one.
    pub state: Option<FileState>,
    /// Where its name begins in the file of names.
    pub name_at: u64,
    /// Bytes of its name.
    pub name_length: u32,
    /// Bytes of the reason behind the name; 0: there is none.
    pub reason_length: u32,
    /// The number under which it was announced to readers; `None`: it was not.
    pub piece: Option<u64>,
    /// Bytes of the file, as it was found.
    pub size: u64,
    /// Bytes of it that have been read.
    pub read: u64,
    /// Records of it that were handed out, with the bad ones; `None`: it is not known.
    pub records: Option<u64>,
    /// Those of them that were bad.
    pub bad: u64,
    /// The checkpoint with which it was done.
    pub checkpoint: Option<CheckpointId>,
    /// When this last changed.
    pub changed: u64,
}

impl Row {
    /// Bytes of a row.
    pub const BYTES: usize = 88;

    /// As it stands in the file.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::BYTES] {
        let lengths = u64::from(self.name_length) << 32 | u64::from(self.reason_length);
        let words = [
            self.state.map_or(0, FileState::code),
            self.name_at,
            lengths,
            self.piece.unwrap_or(u64::MAX),
            self.size,
            self.read,
            self.records.unwrap_or(u64::MAX),
            self.bad,
            self.checkpoint.unwrap_or(u64::MAX),
            self.changed,
        ];
        let mut bytes = [0; Self::BYTES];
        let sum = stable_hash(words.as_slice());
        let all = words.into_iter().chain([sum]);
        for (place, word) in bytes.chunks_exact_mut(8).zip(all) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads a row; `None`: it is not whole.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; Self::BYTES / 8];
        let chunks = bytes.get(..Self::BYTES)?.chunks_exact(8);
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_le_bytes(chunk.try_into().ok()?);
        }
        let [
            state,
            name_at,
            lengths,
            piece,
            size,
            read,
            records,
            bad,
            checkpoint,
            changed,
            sum,
        ] = words;
        if stable_hash(words.get(..words.len() - 1)?) != sum {
            return None;
        }
        let known = |word: u64| (word != u64::MAX).then_some(word);
        Some(Self {
            state: FileState::of(state),
            name_at,
            name_length: u32::try_from(lengths >> 32).ok()?,
            reason_length: u32::try_from(lengths & u64::from(u32::MAX)).ok()?,
            piece: known(piece),
            size,
            read,
            records: known(records),
            bad,
            checkpoint: known(checkpoint),
            changed,
        })
    }
}

/// What is told of all files together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the form: 1.
    pub version: u32,
    /// The job that writes it.
    pub job: Option<JobId>,
    /// The directory that is read.
    pub directory: String,
    /// The number of the first row that is kept.
    pub first: u64,
    /// The number behind the last row.
    pub next: u64,
    /// How many files are how far.
    pub counts: BTreeMap<FileState, u64>,
    /// Files that lay in the directory when it was looked at last and have not been announced to readers, beside those that
    /// are told of.
    pub waiting: u64,
    /// Files that are missing in the book, as it could not be written fast enough.
    pub missed: u64,
    /// When this was written.
    pub written: u64,
}

#[cfg(test)]
mod tests {
    use super::{FileState, Row};

    #[test]
    fn a_row_comes_back_and_half_of_one_does_not() {
        let row = Row {
            state: Some(FileState::Reading),
            name_at: 7,
            name_length: 12,
            reason_length: 3,
            piece: Some(4),
            size: 100,
            read: 43,
            records: None,
            bad: 2,
            checkpoint: None,
            changed: 1_700_000_000_000,
        };
        let bytes = row.encode();
        assert_eq!(Row::decode(&bytes), Some(row));
        let mut torn = bytes;
        torn[40] ^= 1;
        assert_eq!(Row::decode(&torn), None);
        assert_eq!(Row::decode(&bytes[..60]), None);
        assert_eq!(Row::decode(&[0; Row::BYTES]), None, "nothing was written");
    }

    #[test]
    fn states_have_names() {
        for state in FileState::ALL {
            assert_eq!(FileState::named(state.name()), Some(state));
        }
        assert_eq!(FileState::named("finished"), None);
    }
}
