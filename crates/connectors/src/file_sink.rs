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
//! files are prepared; an attempt begins only when the directory is there. Which one is there is answered in the module `stand`. A job
//! that begins where its user may not write is refused at once: that is for people to mend. One that an earlier process has
//! run may have written there without a snapshot that tells: it makes the directory, or waits.
//!
//! # Who cleans up
//! A writer holds one lock of the operating system while it lives: `.part-<origin>-<job>-<run>-<subtask>-<slot>.lock`. No
//! output file is kept open once it has ended. What a run may remove of what others left behind is a question of lineage,
//! answered in the module `kin`: never anything that a snapshot of another branch may name. It is looked for wherever the sink
//! writes, and where it wrote before by what the snapshot says; what can't be reached any more stays, with a warning. A job that has
//! ended removes what it has left itself, but for what a snapshot that stays may need.
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
mod destination;
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
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use millstream_core::hash::stable_hash;
use millstream_core::lineage::Kin;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    CommitterContext, Sink, SinkCommitter, SinkContext, SinkWriter,
};

use millstream_hdfs::{Clusters, HdfsUrl};
use millstream_objects::{ObjectUrl, Stores};

use crate::directories::denied;
use crate::formats::FileFormat;
use commit::{FileCommitter, Looked};
use destination::{Destination, Wrote};
use directory::{Directory, MOUNT, resolve};
use files::Files;
use hdfs::HdfsFiles;
use kin::When;
use leftovers::Leftovers;
use names::Names;
use objects::{ObjectNames, Uploads};
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
    /// The number of the first attempt in this process.
    first_run: OnceLock<u64>,
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
            first_run: OnceLock::new(),
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
    fn open_directory(
        &self,
        own: Own,
        context: &SinkContext,
        restored: &[SinkState],
    ) -> Result<Directory> {
        let path = resolve(&self.directory);
        let noted = restored.iter().find(|state| state.directory == path);
        let wrote = self.wrote_at(&Destination::Directory(path), context, restored);
        let directory = match wrote {
            Wrote::Before => self.find_directory(own, noted)?,
            Wrote::Never | Wrote::Perhaps => self.make_directory(own, wrote)?,
        };
        self.held.set(directory.path(), *directory.spot());
        self.was_there.store(true, Ordering::Release);
        Ok(directory)
    }

    fn make_directory(&self, own: Own, wrote: Wrote) -> Result<Directory> {
        let begins = wrote == Wrote::Never;
        if begins && let Some(why) = denied(&self.directory) {
            let place = self.directory.display();
            return Err(no_directory::refused(place, why, no_directory::LET_IN));
        }
        let made = Directory::create(&self.directory, own);
        made.map_err(|error| match no_directory::found(&self.directory) {
            Some(found) if begins => no_directory::at_once(found),
            Some(found) => no_directory::later(found),
            None => error,
        })
    }

    /// `noted`: what the snapshot says of it.
    fn find_directory(&self, own: Own, noted: Option<&SinkState>) -> Result<Directory> {
        let directory = Directory::existing(&self.directory, own);
        let directory = directory.map_err(|error| match no_directory::found(&self.directory) {
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
        Ok(directory)
    }

    /// The number of the first attempt in this process: this one's, `run`, where there was none before.
    fn first_run(&self, run: u64) -> u64 {
        *self.first_run.get_or_init(|| run)
    }

    /// Whether the job has written to a place before, as far as the snapshot, this process and the number of its first run tell: what
    /// attempts of this process have done is known. Where a snapshot knows of other places only, the job goes on at another one, in
    /// which a run of an earlier process may have written behind it.
    fn wrote_at(
        &self,
        place: &Destination,
        context: &SinkContext,
        restored: &[SinkState],
    ) -> Wrote {
        let is_known = self.was_there.load(Ordering::Acquire)
            || SinkState::places(restored).any(|known| known == *place);
        match is_known {
            true => Wrote::Before,
            false if self.first_run(context.run) > 1 => Wrote::Perhaps,
            false => Wrote::Never,
        }
    }
}

impl<T: 'static> FileSink<T> {
    /// What a writer writes into a directory of this machine.
    fn files(
        &self,
        context: &SinkContext,
        kin: &Kin,
        restored: &[SinkState],
    ) -> Result<(Output, SinkState)> {
        let wrote = restored.iter().map(|state| state.job);
        let own = Own::new(context.job, &context.lineage, wrote);
        let directory = self.open_directory(own, context, restored)?;
        let state = SinkState::new(context.job, &directory);
        let names = self.names(context, kin, 0);
        Ok((Output::Files(Box::new(Files::new(directory, names))), state))
    }

    /// What a writer writes into HDFS.
    fn in_hdfs(
        &self,
        url: HdfsUrl,
        context: &SinkContext,
        kin: &Kin,
        restored: &[SinkState],
    ) -> Result<(Output, SinkState)> {
        let wrote = self.wrote_at(&Destination::Hdfs(url.clone()), context, restored);
        let cluster = hdfs::open(self.clusters.as_ref(), &url, wrote)?;
        // Without locks sinks of a job that share a directory are told apart by what they are called.
        let slot = (stable_hash(context.uid.as_bytes()) as u32).into();
        let names = self.names(context, kin, slot);
        if wrote == Wrote::Never {
            hdfs::check_rights(&cluster, &url, &names)?;
        }
        self.was_there.store(true, Ordering::Release);
        let state = SinkState::elsewhere(context.job, &url);
        let files = HdfsFiles::new(cluster, url, names);
        Ok((Output::Hdfs(Box::new(files)), state))
    }

    /// What a writer writes into an object store.
    fn objects(
        &self,
        url: ObjectUrl,
        context: &SinkContext,
        kin: &Kin,
        restored: &[SinkState],
    ) -> Result<(Output, SinkState)> {
        let wrote = self.wrote_at(&Destination::Objects(url.clone()), context, restored);
        let store = objects::open(self.stores.as_ref(), &url)?;
        let extension = self.layout.format.extension();
        let names = ObjectNames::new(kin.author, &context.uid, context.subtask, extension);
        if context.subtask == 0 {
            // Whoever writes partitions may need no right to write anything beside them.
            if wrote == Wrote::Never && self.layout.partition.is_none() {
                objects::check_rights(&store, &url, &names)?;
            }
            // Not by the others, which do not look.
            self.was_there.store(true, Ordering::Release);
        }
        let state = SinkState::elsewhere(context.job, &url);
        let uploads = Uploads::new(store, url, names, self.layout.max_file_bytes);
        Ok((Output::Objects(Box::new(uploads)), state))
    }

    /// How a writer calls its files.
    fn names(&self, context: &SinkContext, kin: &Kin, slot: u64) -> Names {
        Names {
            origin: kin.author.origin,
            job: context.job,
            family: kin.family,
            generation: kin.generation,
            run: context.run,
            subtask: context.subtask,
            slot,
            extension: self.layout.format.extension(),
        }
    }
}

impl<T: 'static> Sink<T> for FileSink<T> {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<T>>> {
        let restored = SinkState::all(context.restored.as_deref().unwrap_or_default());
        let wrote = restored.iter().map(|state| state.job);
        let kin = Kin::new(context.job, context.run, &context.lineage, wrote);
        let (output, state) = match Destination::of(&self.directory) {
            Destination::Objects(url) => self.objects(url, &context, &kin, &restored)?,
            Destination::Hdfs(url) => self.in_hdfs(url, &context, &kin, &restored)?,
            Destination::Directory(_) => self.files(&context, &kin, &restored)?,
        };
        let far = (context.subtask == 0).then(|| {
            // Every committer of the attempt has recovered by now: what is prepared of earlier runs is named by no
            // snapshot that this job goes on from.
            let places = SinkState::places(restored.iter().chain([&state]));
            let remotes = (self.stores.clone(), self.clusters.clone());
            let leftovers = Leftovers::new(kin, context.lineage.clone(), remotes, places);
            let (near, far) = leftovers.parted();
            near.remove(When::Recovered);
            far
        });
        let layout = Arc::new(self.layout.clone());
        let told = self.told.clone();
        let writer = FileWriter::start(output, far, layout, state, &context, told)?;
        Ok(Box::new(writer))
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        // An attempt may fail before its writers are opened.
        self.first_run(context.run);
        let here = match Destination::of(&self.directory) {
            Destination::Directory(directory) => Destination::Directory(resolve(&directory)),
            remote => remote,
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
