//! The file sink: records become visible in files exactly once.
//!
//! # The life of a file
//! 1. **In progress**: `.part-<job>-<subtask>-<number>.<extension>.inprogress`, hidden by its dot, in the
//!    target directory itself, so that the later renames stay on one file system.
//! 2. **Prepared**, on the boundary of a snapshot: ended, synced to the disk, renamed to
//!    `.part-<job>-<checkpoint>-<subtask>-<number>.<extension>.prepared`. The snapshot holds its name and length.
//! 3. **Committed**, once the snapshot is complete: renamed to
//!    `part-<first 8 of job>-<checkpoint>-<subtask>-<number>.<extension>`. No rename ever replaces a file.
//!
//! After a restart a prepared file that the snapshot names is renamed now; one that is gone while the
//! visible file has the recorded length was committed before; one that is gone without a trace is *lost*,
//! and the job says so instead of going on.
//!
//! # Who cleans up
//! A writer holds a lock of the operating system on each of its files until the file is committed. So
//! hidden files that nobody holds and that belong to this job, or to the job whose snapshot it goes
//! on from, are what a dead attempt left behind; the next attempt removes them. All other files are
//! left alone.
//!
//! # Threads
//! The worker encodes into buffers of about 1 MiB and hands them to the writer's own thread through a
//! bounded channel. Writing, syncing and renaming happen there: a slow disk fills the channel, which
//! holds up the stream; a slow sync only delays the checkpoint.

mod commit;
mod directory;
mod disk;
mod held;
mod names;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter,
};

use crate::formats::FileFormat;
use commit::FileCommitter;
use directory::Directory;
use held::HeldFiles;
use names::Leftovers;
use writer::FileWriter;

/// Ends a file at this size where nothing else is asked for, as Flink does: 128 MiB.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// A sink that writes files into one directory, exactly once; see the [module](self).
///
/// A file ends with the epoch and at [`max_file_bytes`](Self::max_file_bytes); an epoch without records
/// makes no file. Files are never appended to.
pub struct FileSink<T> {
    directory: PathBuf,
    format: Arc<dyn FileFormat<T>>,
    max_file_bytes: u64,
    /// Files of this process that are not committed yet; survives the attempts of the job.
    held: Arc<HeldFiles>,
}

impl<T> FileSink<T> {
    /// A sink that writes files of `format` into `directory`, which is made if it is missing.
    pub fn new(directory: impl AsRef<Path>, format: impl FileFormat<T>) -> Self {
        Self {
            directory: directory.as_ref().to_owned(),
            format: Arc::new(format),
            max_file_bytes: DEFAULT_MAX_FILE_BYTES,
            held: Arc::default(),
        }
    }

    /// Ends a file with the first record or batch that takes it to this many bytes, so files are a little larger.
    /// Small files cost the readers time, large ones make a reader wait for the next checkpoint all the same: recommended
    /// is what the readers of the directory like best, usually 128 to 1,024 MiB.
    #[must_use]
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.max_file_bytes = bytes.max(1);
        self
    }
}

impl<T: 'static> Sink<T> for FileSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        let directory = Directory::create(&self.directory)?;
        if context.subtask == 0 {
            // Every committer of the attempt has recovered by now: what is prepared and not held is
            // named by no snapshot that this job goes on from.
            Leftovers::of(&directory, &context).remove();
        }
        let writer = FileWriter::start(
            directory,
            self.format.as_ref(),
            self.max_file_bytes,
            self.held.clone(),
            &context,
        )?;
        Ok(Box::new(writer))
    }

    fn committer(&self, _: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        Ok(Box::new(FileCommitter::new(self.held.clone())))
    }
}

/// A file of the sink can't be written, made durable or renamed.
fn disk_error(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    let next = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free space there; the job goes on from its newest snapshot"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "allow the user of the job to write there"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "give the sink a directory as its path"
        }
        _ => "see to the disk and the directory; the job goes on from its newest snapshot",
    };
    Error::new(
        &codes::SINK_WRITE,
        format!("can't {doing} {}", path.display()),
    )
    .cause(error)
    .next(next)
}
