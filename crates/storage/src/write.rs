//! Writing a snapshot: state files first, each synced; `_metadata` last, by rename. Whatever crashes
//! in between leaves a directory that nobody takes for a snapshot.

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{CheckpointId, Error, KeyGroupRange, OperatorId, Result, codes};

use crate::absent::is_absent;
use crate::disk::{make_directory, make_subdirectory, sync_directory};
use crate::dispose::discard_incomplete;
use crate::fail;
use crate::files::{self, Upload, WriteFile, is_in_store, resolved};
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::metadata::{FileEntry, SnapshotFormat, SnapshotMetadata};
use crate::names::{
    COMMITTED_FILE, METADATA_FILE, OPAQUE_EXTENSION, SHARED_PREFIX, state_file_name,
};
use crate::there::is_there;

/// Files whose upload is waited for when the snapshot is completed: each is in memory until then.
const UPLOADS: usize = 8;

/// The directory that a snapshot is being written into. Clones write into the same.
#[derive(Debug, Clone)]
pub struct SnapshotTarget {
    directory: PathBuf,
    format: SnapshotFormat,
    /// The directory of files that it may share with other checkpoints of its job.
    shared: Option<PathBuf>,
    /// The directory of the checkpoints of all jobs, as `_metadata` tells it.
    checkpoints: Option<String>,
    given_up: Arc<AtomicBool>,
    uploads: Arc<Uploads>,
}

/// Files that are on their way to a store.
#[derive(Default)]
struct Uploads(Mutex<VecDeque<(PathBuf, Upload)>>);

impl Uploads {
    /// Adds one, and waits for others if there are many.
    fn add(&self, path: PathBuf, upload: Upload) -> Result<()> {
        let surplus = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.push_back((path, upload));
            (all.len() > UPLOADS).then(|| all.pop_front()).flatten()
        };
        surplus.map_or(Ok(()), wait)
    }

    /// Waits for all, also where one has failed: nothing comes to be behind an error.
    fn wait(&self) -> Result<()> {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let waited = all.into_iter().map(wait);
        waited.fold(Ok(()), Result::and)
    }
}

fn wait((path, upload): (PathBuf, Upload)) -> Result<()> {
    upload().map_err(|cause| fail::write(&path, cause))
}

impl fmt::Debug for Uploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uploads").finish_non_exhaustive()
    }
}

impl SnapshotTarget {
    /// Makes `directory`, with its parents, for a snapshot in `format` that is complete in itself: a savepoint. What an
    /// attempt that died left there is removed.
    ///
    /// # Errors
    /// The directory can't be made, or holds a completed snapshot.
    pub fn create(directory: impl Into<PathBuf>, format: SnapshotFormat) -> Result<Self> {
        Self::make(directory.into(), format, make_directory)
    }

    /// The same for checkpoint `number` of a job, whose files may be [shared](Self::create_shared) with other checkpoints.
    /// The directory of the job's checkpoints must be there: its [owner](crate::Ownership) makes it.
    ///
    /// # Errors
    /// Those of [`create`](Self::create), and that the directory of the job's checkpoints is away.
    pub fn checkpoint(
        layout: &SnapshotLayout,
        number: CheckpointId,
        format: SnapshotFormat,
    ) -> Result<Self> {
        let target = Self::make(layout.checkpoint(number), format, make_subdirectory)?;
        Ok(Self {
            shared: Some(layout.shared()),
            ..target
        })
    }

    fn make(
        directory: PathBuf,
        format: SnapshotFormat,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<Self> {
        if is_there(&directory.join(METADATA_FILE))? {
            return Err(Error::new(
                &codes::SNAPSHOT_WRITE,
                format!("{} holds a completed snapshot already", directory.display()),
            )
            .next("name another directory, or dispose of that snapshot first"));
        }
        discard_incomplete(&directory)?;
        make(&directory).map_err(|cause| fail::write(&directory, cause))?;
        Ok(Self {
            directory,
            format,
            shared: None,
            checkpoints: None,
            given_up: Arc::default(),
            uploads: Arc::default(),
        })
    }

    /// Has `_metadata` tell that the checkpoints of its job lie below `checkpoints`: what becomes of the job is noted there, wherever
    /// this snapshot lies, or is moved to.
    #[must_use]
    pub fn of_job_below(self, checkpoints: &Location) -> Self {
        Self {
            checkpoints: Some(checkpoints.to_string()),
            ..self
        }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How state is to be written.
    pub fn format(&self) -> SnapshotFormat {
        self.format
    }

    /// Whether files may be [shared](Self::create_shared) with other checkpoints. What goes to any other target is copied
    /// there.
    pub fn may_share(&self) -> bool {
        self.shared.is_some()
    }

    /// Nobody wants the snapshot any more: whoever is writing a state file, here or through a clone, is stopped by an
    /// error. For large state, which takes longer to write than anybody wants to wait.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether it was [given up](Self::give_up).
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Opens the file of one subtask's part of a keyed state. May be called on any thread.
    ///
    /// # Errors
    /// The file can't be made, or is there already: each subtask writes each state once.
    pub fn create_file(
        &self,
        operator: OperatorId,
        subtask: usize,
        state: &str,
    ) -> Result<StateFileWriter> {
        let name = state_file_name(operator, subtask, state, self.format.extension());
        self.writer(self.directory.join(&name), name)
    }

    /// The same for opaque state; `state` may carry a part's name, to have several files.
    ///
    /// # Errors
    /// Those of [`create_file`](Self::create_file).
    pub fn create_opaque(
        &self,
        operator: OperatorId,
        subtask: usize,
        state: &str,
    ) -> Result<StateFileWriter> {
        let name = state_file_name(operator, subtask, state, OPAQUE_EXTENSION);
        self.writer(self.directory.join(&name), name)
    }

    /// Opens a file of opaque state that later checkpoints of the job may refer to as well, by the same [`FileEntry`], each
    /// if the one before it does. `state` must be a name that no file of the job has had: add the number of the attempt and
    /// a count.
    ///
    /// # Errors
    /// The target [may not share](Self::may_share), or the file can't be made.
    pub fn create_shared(
        &self,
        operator: OperatorId,
        subtask: usize,
        state: &str,
    ) -> Result<StateFileWriter> {
        let name = state_file_name(operator, subtask, state, OPAQUE_EXTENSION);
        let Some(shared) = &self.shared else {
            let why = "only checkpoints share files with others";
            return Err(fail::write(&self.directory.join(name), why));
        };
        make_subdirectory(shared).map_err(|cause| fail::write(shared, cause))?;
        let writer = self.writer(shared.join(&name), format!("{SHARED_PREFIX}{name}"))?;
        // Later checkpoints refer to it whatever becomes of this one.
        Ok(StateFileWriter {
            uploads: None,
            ..writer
        })
    }

    /// How `_metadata` names the file at `path`, if it lies among those that are shared with other checkpoints: then it
    /// need not be written again.
    pub fn shares(&self, path: &Path) -> Option<String> {
        let place = |path: &Path| match is_in_store(path) {
            true => Some(resolved(path)),
            false => fs::canonicalize(path).ok(),
        };
        let shared = place(self.shared.as_deref()?)?;
        let name = path.file_name()?.to_str()?;
        (place(path)? == shared.join(name)).then(|| format!("{SHARED_PREFIX}{name}"))
    }

    fn writer(&self, path: PathBuf, name: String) -> Result<StateFileWriter> {
        let created = files::of(&path).and_then(|files| files.create(&path));
        Ok(StateFileWriter {
            file: created.map_err(|cause| fail::write(&path, cause))?,
            uploads: Some(Arc::clone(&self.uploads)),
            path,
            name,
            bytes: 0,
            crc: crc32fast::Hasher::new(),
            given_up: self.given_up.clone(),
        })
    }

    /// Completes the snapshot: from here on it exists, also after a crash of the machine.
    ///
    /// # Errors
    /// `_metadata` can't be written. The snapshot does not exist then; [`discard_incomplete`] removes
    /// its files.
    pub fn complete(&self, metadata: &SnapshotMetadata) -> Result<Location> {
        let path = self.directory.join(METADATA_FILE);
        let text = metadata.to_text(&path, self.checkpoints.as_deref())?;
        self.uploads.wait()?;
        // The entries of what it refers to come before it.
        let shared = self
            .shared
            .as_ref()
            .map(|shared| (sync_directory(shared), shared));
        match shared {
            // Nothing is shared yet.
            Some((Err(cause), _)) if is_absent(&cause) => {}
            Some((synced, shared)) => synced.map_err(|cause| fail::write(shared, cause))?,
            None => {}
        }
        sync_directory(&self.directory).map_err(|cause| fail::write(&self.directory, cause))?;
        let put = match is_in_store(&path) {
            // A process that was taken for dead may write the same one: one of the two is there then, and the other fails.
            true => files::of(&path).and_then(|files| files.put_new(&path, text.as_bytes())),
            false => files::put(&path, text.as_bytes()),
        };
        put.map_err(|cause| fail::write(&path, cause))?;
        if let Err(cause) = sync_directory(&self.directory) {
            // It is reported as failed, so it must not be there: a later start would find and take it.
            drop(files::remove(&path));
            return Err(fail::write(&self.directory, cause));
        }
        Location::from_path(&self.directory)
    }
}

/// Notes beside the snapshot in `directory` that all it holds prepared is committed, so that the note survives a crash of
/// the machine. Whoever goes on from it does not look for that output any more: it may have been taken away since.
///
/// # Errors
/// The file can't be made.
pub fn mark_committed(directory: &Path) -> Result<()> {
    let path = directory.join(COMMITTED_FILE);
    let put = files::of(&path).and_then(|files| files.put_new(&path, &[]));
    let put = match put {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        _ => sync_directory(directory),
    };
    put.map_err(|cause| fail::write(&path, cause))
}

/// A file of state that is being written. Counts bytes and computes the checksum on the way; its
/// errors name the file.
#[derive(Debug)]
pub struct StateFileWriter {
    file: Box<dyn WriteFile>,
    /// Who waits until it is in place; `None`: whoever writes it.
    uploads: Option<Arc<Uploads>>,
    path: PathBuf,
    name: String,
    bytes: u64,
    crc: crc32fast::Hasher,
    given_up: Arc<AtomicBool>,
}

impl StateFileWriter {
    /// Where the file lies, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the file to disk and says what `_metadata` is to say of it.
    ///
    /// # Errors
    /// The file can't be written to its end.
    pub fn finish(self, key_groups: KeyGroupRange, entries: u64) -> Result<FileEntry> {
        let upload = self.file.finish();
        let upload = upload.map_err(|cause| fail::write(&self.path, cause))?;
        match self.uploads {
            Some(uploads) => uploads.add(self.path, upload)?,
            None => wait((self.path, upload))?,
        }
        Ok(FileEntry {
            path: self.name,
            bytes: self.bytes,
            crc32: self.crc.finalize(),
            key_groups,
            entries,
        })
    }
}

impl Write for StateFileWriter {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        if self.given_up.load(Ordering::Relaxed) {
            return Err(io::Error::other("the snapshot was given up"));
        }
        // All or an error: a short write would only be continued by the caller.
        self.file.write_all(buffer)?;
        self.crc.update(buffer);
        self.bytes += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
