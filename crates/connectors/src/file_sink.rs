//! The file sink: records become visible in files exactly once.
//!
//! # The life of a file
//! 1. **In progress**: `.part-<origin>-<job>-<run>-<subtask>-<slot>-<number>.<extension>.inprogress`, hidden by its dot, in
//!    the target directory itself, so that the later renames stay on one file system.
//! 2. **Prepared**, on the boundary of a snapshot: ended, synced to the disk, renamed to
//!    `.part-<origin>-<job>-<run>-<checkpoint>-<subtask>-<number>.<extension>.prepared`. The snapshot holds its name and
//!    length, and which directory it is in.
//! 3. **Committed**, once the snapshot is complete: renamed to
//!    `part-<last 8 of job>-<checkpoint>-<subtask>-<number>.<extension>`; of a job that went on from another one
//!    `part-<last 8 of the first of them>-<generation>-<last 8 of job>-…`. No rename ever replaces a file.
//!
//! Where files lie in directories below, by the values of columns ([`PartitionColumns`]), that is so of their visible names
//! alone: hidden files lie in the target directory, and are renamed into the one below, which is made then.
//!
//! *Run* is the number of the attempt, which never repeats; *origin* is the job that this one went on from under its
//! lock (`-s latest`), or the job itself; *slot* tells sinks of a job apart that share a directory. Names of the
//! first version (`.part-<job>-<subtask>-…`, `.part-<job>-<checkpoint>-<subtask>-…`) are committed and cleaned up too.
//!
//! After a restart a prepared file that the snapshot names is renamed now; one that is gone while the
//! visible file has the recorded length was committed before; one that is gone without a trace is *lost*,
//! and the job says so instead of going on. It is lost only if the directory is there and the same one: a
//! directory that is away, or an empty one where a disk is not mounted, is waited for.
//!
//! # Which directory
//! The directory is made if the job begins there. A job that has written there before finds it, or waits: one that is made
//! anew where a disk is not mounted would split the output in two. While the job runs its writers wait where a file begins and where
//! files are prepared; an attempt begins only when the directory is there. Which one is there is answered in the module `stand`.
//!
//! # Who cleans up
//! A writer holds one lock of the operating system while it lives: `.part-<origin>-<job>-<run>-<subtask>-<slot>.lock`. No
//! output file is kept open once it has ended. What a run may remove of what others left behind is a question of lineage,
//! answered in the module `kin`: never anything that a snapshot of another branch may name. A job that has ended removes what
//! it has left itself, but for what a snapshot that stays may need.
//!
//! # Object stores and HDFS
//! Below `s3://` there is no renaming: see the module `objects`. Below `hdfs://` there is, and there are no locks: see the module `hdfs`.
//!
//! # Threads
//! The worker encodes into buffers of about a batch and hands them to the writer's own thread through a
//! bounded channel. Writing, syncing and renaming happen there: a slow disk fills the channel, which
//! holds up the stream; a slow sync only delays the checkpoint.

mod behind;
mod commit;
mod directory;
mod disk;
mod files;
mod hdfs;
mod kin;
mod leftovers;
mod lock;
mod names;
mod no_directory;
mod objects;
mod output;
mod partition;
mod place;
mod prepared;
mod spot;
mod stand;
mod waits;
mod writer;
mod writers;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use millstream_core::hash::stable_hash;
use millstream_core::lineage::Kin;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter,
};

use millstream_hdfs::{Clusters, HdfsUrl};
use millstream_objects::{ObjectUrl, Stores};

use crate::formats::FileFormat;
use commit::{FileCommitter, Here, Looked};
use directory::{Directory, MOUNT, resolve};
use files::Files;
use hdfs::{HdfsFiles, HdfsLeftovers};
use kin::When;
use leftovers::Leftovers;
use names::Names;
use objects::{ObjectLeftovers, ObjectNames, Uploads};
use output::Output;
use prepared::SinkState;
use stand::{Held, Own, Stands};
use waits::Told;
use writer::FileWriter;

pub use partition::{Partition, PartitionColumns};

/// Ends a file at this size where nothing else is asked for, as Flink does: 128 MiB.
pub const DEFAULT_MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// A sink that writes files into one directory, exactly once; see the [module](self).
///
/// A file ends with the epoch and at [`max_file_bytes`](Self::max_file_bytes); an epoch without records
/// makes no file. Files are never appended to.
pub struct FileSink<T> {
    directory: PathBuf,
    layout: Layout<T>,
    /// What lies behind `s3://`; `None`: no objects can be written.
    stores: Option<Stores>,
    /// What lies behind `hdfs://`; `None`: no files of HDFS can be written.
    clusters: Option<Clusters>,
    /// An earlier attempt in this process has had the directory.
    was_there: Arc<AtomicBool>,
    /// Which one of this machine that was.
    held: Held,
    /// Behind which snapshot an attempt in this process has found nothing of the job's own.
    looked: Looked,
    /// What was said of what its writers wait for.
    told: Told,
}

/// How records lie in files, and files in the directory.
struct Layout<T> {
    format: Arc<dyn FileFormat<T>>,
    max_file_bytes: u64,
    partition: Option<Arc<dyn Partition<T>>>,
}

impl<T> Clone for Layout<T> {
    fn clone(&self) -> Self {
        Self {
            format: Arc::clone(&self.format),
            max_file_bytes: self.max_file_bytes,
            partition: self.partition.clone(),
        }
    }
}

impl<T> FileSink<T> {
    /// A sink that writes files of `format` into `directory`, which is made if it is missing: a path, `s3://bucket/key` where
    /// there are [stores](Self::stores), or `hdfs://host:port/path` where there are [clusters](Self::clusters).
    pub fn new(directory: impl AsRef<Path>, format: impl FileFormat<T>) -> Self {
        Self {
            directory: directory.as_ref().to_owned(),
            layout: Layout {
                format: Arc::new(format),
                max_file_bytes: DEFAULT_MAX_FILE_BYTES,
                partition: None,
            },
            stores: None,
            clusters: None,
            was_there: Arc::default(),
            held: Held::default(),
            looked: Looked::default(),
            told: Told::default(),
        }
    }

    /// What lies behind `s3://`: to write there, or to commit what an earlier run has prepared there.
    #[must_use]
    pub fn stores(mut self, stores: Option<Stores>) -> Self {
        self.stores = stores;
        self
    }

    /// What lies behind `hdfs://`: the same of HDFS.
    #[must_use]
    pub fn clusters(mut self, clusters: Option<Clusters>) -> Self {
        self.clusters = clusters;
        self
    }

    /// Ends a file with the first record or batch that takes it to this many bytes, so files are a little larger.
    /// Small files cost the readers time, large ones make a reader wait for the next checkpoint all the same: recommended
    /// is what the readers of the directory like best, usually 128 to 1,024 MiB.
    #[must_use]
    pub fn max_file_bytes(mut self, bytes: u64) -> Self {
        self.layout.max_file_bytes = bytes.max(1);
        self
    }

    /// Writes records into directories below the sink's, which `partition` tells. A writer has some 64 files open at a
    /// time, so records of many partitions that follow each other make small files.
    #[must_use]
    pub fn partitioned(mut self, partition: impl Partition<T> + 'static) -> Self {
        self.layout.partition = Some(Arc::new(partition));
        self
    }
}

impl<T> FileSink<T> {
    /// The directory, made if the job has not written there before.
    fn open_directory(&self, own: Own, restored: &[SinkState]) -> Result<Directory> {
        let path = resolve(&self.directory);
        let noted = restored.iter().find(|state| state.directory == path);
        let directory = if noted.is_none() && !self.was_there.load(Ordering::Acquire) {
            let made = Directory::create(&self.directory, own);
            made.map_err(|error| {
                no_directory::found(&self.directory).map_or(error, no_directory::at_once)
            })?
        } else {
            let directory = Directory::existing(&self.directory, own);
            let directory =
                directory.map_err(|error| match no_directory::found(&self.directory) {
                    Some(_) => error,
                    None => error.next(MOUNT),
                })?;
            let held = self.held.at(directory.path());
            let before = held.or_else(|| noted.and_then(SinkState::before));
            let stands = before.map(|before| directory.check(&before)).transpose()?;
            if stands.is_some_and(|stands| stands != Stands::Same) {
                tracing::warn!(
                    "{} is not the directory that the job has written to before; it goes on there",
                    directory.path().display()
                );
            }
            directory
        };
        self.held.set(directory.path(), *directory.spot());
        self.was_there.store(true, Ordering::Release);
        Ok(directory)
    }
}

impl<T: 'static> FileSink<T> {
    /// What a writer writes into a directory of this machine.
    fn files(
        &self,
        context: &SinkContext,
        restored: Vec<SinkState>,
    ) -> Result<(Output, SinkState)> {
        let own = Own::new(
            context.job,
            &context.lineage,
            restored.iter().map(|state| state.job),
        );
        let directory = self.open_directory(own, &restored)?;
        let kin = kin_of(context, &restored);
        let names = Names {
            origin: kin.author.origin,
            job: context.job,
            family: kin.family,
            generation: kin.generation,
            run: context.run,
            subtask: context.subtask,
            slot: 0,
            extension: self.layout.format.extension(),
        };
        if context.subtask == 0 {
            // Every committer of the attempt has recovered by now: what is prepared of earlier runs is named by no
            // snapshot that this job goes on from.
            let places = SinkState::directories(restored);
            Leftovers::new(kin, places.chain([directory.path().to_owned()]))
                .remove(When::Recovered);
        }
        let state = SinkState::new(context.job, &directory);
        Ok((Output::Files(Box::new(Files::new(directory, names))), state))
    }

    /// What a writer writes into HDFS.
    fn in_hdfs(
        &self,
        url: HdfsUrl,
        context: &SinkContext,
        restored: Vec<SinkState>,
    ) -> Result<(Output, SinkState)> {
        let is_here = |state: &SinkState| HdfsUrl::of_path(&state.directory).as_ref() == Some(&url);
        let was_there = restored.iter().any(is_here) || self.was_there.load(Ordering::Acquire);
        let clusters = self.clusters.as_ref();
        let cluster = hdfs::open(clusters, &url, was_there)?;
        self.was_there.store(true, Ordering::Release);
        let kin = kin_of(context, &restored);
        let names = Names {
            origin: kin.author.origin,
            job: context.job,
            family: kin.family,
            generation: kin.generation,
            run: context.run,
            subtask: context.subtask,
            // Without locks sinks of a job that share a directory are told apart by what they are called.
            slot: (stable_hash(context.uid.as_bytes()) as u32).into(),
            extension: self.layout.format.extension(),
        };
        if context.subtask == 0 {
            let places = SinkState::places_in_hdfs(&restored);
            let places = places.chain([url.clone()]);
            HdfsLeftovers::new(kin.clone(), clusters, places).remove(When::Recovered);
            Leftovers::new(kin, SinkState::directories(restored)).remove(When::Recovered);
        }
        let state = SinkState::elsewhere(context.job, &url);
        let files = HdfsFiles::new(cluster, url, names);
        Ok((Output::Hdfs(Box::new(files)), state))
    }

    /// What a writer writes into an object store.
    fn objects(
        &self,
        url: ObjectUrl,
        context: &SinkContext,
        restored: Vec<SinkState>,
    ) -> Result<(Output, SinkState)> {
        let Some(stores) = &self.stores else {
            let message =
                format!("{url} lies in an object store, and the sink has no settings of any");
            return Err(
                Error::new(&codes::SINK_WRITE, message).next("give it some: FileSink::stores")
            );
        };
        let store = stores.open(url.bucket()).map_err(|error| {
            Error::new(&codes::SINK_WRITE, format!("{url} can't be written to"))
                .cause(&error)
                .next(error.next_step())
        })?;
        let kin = kin_of(context, &restored);
        let extension = self.layout.format.extension();
        let names = ObjectNames::new(kin.author, &context.uid, context.subtask, extension);
        let leftovers = (context.subtask == 0).then(|| {
            let directories = SinkState::directories(restored);
            Leftovers::new(kin.clone(), directories).remove(When::Recovered);
            ObjectLeftovers::new(store.clone(), url.clone(), kin, context.lineage.clone())
        });
        let state = SinkState::elsewhere(context.job, &url);
        let most = self.layout.max_file_bytes;
        let uploads = Uploads::new(store, url, names, most, leftovers);
        Ok((Output::Objects(Box::new(uploads)), state))
    }
}

/// Whose output a writer may remove.
fn kin_of(context: &SinkContext, restored: &[SinkState]) -> Kin {
    let wrote = restored.iter().map(|state| state.job);
    Kin::new(context.job, context.run, &context.lineage, wrote)
}

impl<T: 'static> Sink<T> for FileSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        let restored = SinkState::all(context.restored.as_deref().unwrap_or_default());
        let object = ObjectUrl::of_path(&self.directory);
        let (output, state) = match (object, HdfsUrl::of_path(&self.directory)) {
            (Some(url), _) => self.objects(url, &context, restored)?,
            (None, Some(url)) => self.in_hdfs(url, &context, restored)?,
            (None, None) => self.files(&context, restored)?,
        };
        let layout = Arc::new(self.layout.clone());
        let writer = FileWriter::start(output, layout, state, &context, self.told.clone())?;
        Ok(Box::new(writer))
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        let object = ObjectUrl::of_path(&self.directory);
        let here = match (object, HdfsUrl::of_path(&self.directory)) {
            (Some(url), _) => Here::Objects(url),
            (None, Some(url)) => Here::Hdfs(url),
            (None, None) => Here::Directory(resolve(&self.directory)),
        };
        let remotes = (self.stores.clone(), self.clusters.clone());
        let (looked, was_there) = (Arc::clone(&self.looked), Arc::clone(&self.was_there));
        let known = (looked, was_there, self.held.clone());
        Ok(Box::new(FileCommitter::new(context, here, remotes, known)))
    }
}

/// A file of the sink can't be written, made durable or renamed.
fn disk_error(doing: &str, path: &Path, error: &std::io::Error) -> Error {
    use std::io::ErrorKind;
    if error.kind() == ErrorKind::NotADirectory
        && let Some(message) = no_directory::found(path)
    {
        return no_directory::later(message);
    }
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
