//! What a source of files can be told.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::SchemaRef;

use super::format::Format;

/// Everything that a [`FileSource`](super::FileSource) can be told.
#[derive(Debug, Clone)]
pub struct FileSourceOptions {
    /// A directory, all of whose files are read, or one file.
    pub path: PathBuf,
    /// How files are cut into records and fields.
    pub format: Format,
    /// The columns of a record, in order. Types: Boolean, Int8 to Int64, Float32, Float64, Decimal128,
    /// Timestamp(Millisecond or Microsecond), Date32, Utf8. `None`: every column is Utf8, named by the first file's
    /// header, or `_col0`, `_col1`, … where there is none.
    pub schema: Option<SchemaRef>,
    /// The columns that are needed, by their place in the schema; `None`: all. What is in the others is
    /// counted but not looked at.
    pub projection: Option<Vec<usize>>,
    /// Whether to look for new files.
    pub watch: Watch,
    /// What becomes of files that change after they were found.
    pub changed: Changed,
    /// How much is read at once.
    pub sizes: ReadSizes,
}

impl FileSourceOptions {
    /// Reads `path` once, as comma-separated values without a header and without types.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            format: Format::csv(),
            schema: None,
            projection: None,
            watch: Watch::Once,
            changed: Changed::Ignore,
            sizes: ReadSizes::default(),
        }
    }
}

/// Whether a source of files looks for new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// It looks once and ends when it has read what was there (`PROCESS_ONCE`).
    Once,
    /// It looks again and again, and never ends (`PROCESS_CONTINUOUSLY`).
    Continuously {
        /// The pause between two looks (`source.watch.interval`).
        interval: Duration,
    },
}

/// What becomes of a file that changes after it was found (`source.file.changed`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Changed {
    /// It is not read again; a warning says so once. Bytes appended to a file while it is being read are
    /// not read. A file that is *rewritten* while it is being read fails the job all the same: the
    /// position in it has lost its meaning.
    #[default]
    Ignore,
    /// It is read again from its beginning, records that were handed out before included.
    Reread,
    /// The job fails.
    Fail,
}

/// How much a source of files reads at once, in bytes and rows. Read time and memory depend on it, the
/// records do not: it can be changed at any restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadSizes {
    /// Files longer than this are split between readers. Smaller means more even work, at the cost of
    /// more seeks. At least 1; recommended: 8 MiB to 128 MiB.
    pub split: u64,
    /// Bytes read at once. A reader holds about four of these blocks. At least 1.
    pub block: usize,
    /// The longest record, at most 1 GiB; a longer one is bad. One that has no end within twice this, or within
    /// this and a block if that is more, fails the job: mostly a quote that is never closed.
    pub record: usize,
    /// The most rows in a batch, whatever the engine asks for. At least 1.
    pub rows: usize,
}

impl Default for ReadSizes {
    fn default() -> Self {
        Self {
            split: 32 << 20,
            block: 512 << 10,
            record: 64 << 20,
            rows: 8_192,
        }
    }
}

impl ReadSizes {
    /// The sizes as they can be worked with.
    pub(crate) fn bounded(self) -> Self {
        Self {
            split: self.split.max(1),
            block: self.block.clamp(1, 64 << 20),
            record: self.record.clamp(1, 1 << 30),
            rows: self.rows.max(1),
        }
    }
}
