//! What a source of files can be told.

use std::path::PathBuf;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use millstream_hdfs::Clusters;
use millstream_objects::Stores;

use super::format::Format;
use super::table::Tidy;

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
    /// What becomes of files that change, are gone or can't be read.
    pub intake: Intake,
    /// How much is read at once.
    pub sizes: ReadSizes,
    /// What is done to fields before they become values.
    pub tidy: Tidy,
    /// Whether records are kept as they came beside the rows that they become ([`Origin::raws`](crate::rows::Origin::raws)).
    pub keep_raw: bool,
    /// What lies behind `s3://`; `None`: no objects can be read.
    pub stores: Option<Stores>,
    /// What lies behind `hdfs://`; `None`: no files of HDFS can be read.
    pub clusters: Option<Clusters>,
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
            intake: Intake::default(),
            sizes: ReadSizes::default(),
            tidy: Tidy::default(),
            keep_raw: false,
            stores: None,
            clusters: None,
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

/// How files are taken in, and what becomes of those with which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// How long a file must not have changed before it is read (`source.file.settle`). `None`: two seconds where the
    /// directory is watched, no time where it is read once or where growth is followed.
    pub settle: Option<Duration>,
    /// What becomes of files that change after they were found.
    pub changed: Changed,
    /// What becomes of what can't be read; `None`: skipped where the directory is watched, else the job fails.
    pub bad: Option<Bad>,
    /// What becomes of the job when a file is gone before it was read to its end.
    pub lost: Lost,
    /// What becomes of a file when everything of it is committed.
    pub after_commit: AfterCommit,
    /// How long a file that is gone is remembered, in time during which the job runs (`source.file.forget`).
    pub forget: Duration,
    /// What happens when none of the files that a snapshot knows is there (`source.path.other`).
    pub other: OtherDirectory,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            settle: None,
            changed: Changed::default(),
            bad: None,
            lost: Lost::default(),
            after_commit: AfterCommit::default(),
            forget: Duration::from_secs(7 * 24 * 60 * 60),
            other: OtherDirectory::default(),
        }
    }
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
    /// What was appended is read on behind what was read. A last record without its end waits for that. A file whose
    /// beginning changed, that got shorter or that is compressed fails the job.
    Append,
}

/// What becomes of an entry of the directory that can't be read as a file: half a compressed file, one without
/// permission, a directory, a pipe, a link to nothing (`source.file.bad`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bad {
    /// The job fails.
    Fail,
    /// It is left where it is, with a warning, and counted. Records before the damage were handed out.
    Skip,
    /// It is moved into this directory, which must lie on the same file system (`source.file.bad.path`).
    Quarantine(PathBuf),
}

/// What becomes of the job when a file that was found is gone before it was read to its end (`source.file.lost`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lost {
    /// It fails, and names the file.
    #[default]
    Fail,
    /// It goes on, with a warning that names the file.
    Skip,
}

/// What becomes of a file when all of its records are behind a completed and committed checkpoint
/// (`source.after.commit`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AfterCommit {
    /// It stays.
    #[default]
    Keep,
    /// It is moved into this directory, which must lie on the same file system (`source.after.commit.path`).
    Move(PathBuf),
    /// It is deleted.
    Delete,
}

/// What happens when a job goes on from a snapshot and none of the files that it knows is there
/// (`source.path.other`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OtherDirectory {
    /// The job fails and says so: the path is mostly a wrong one.
    #[default]
    Fail,
    /// What is there is read.
    Accept,
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
