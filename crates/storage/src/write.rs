//! Writing a snapshot: state files first, each synced; `_metadata` last, by rename. Whatever crashes
//! in between leaves a directory that nobody takes for a snapshot.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use millstream_core::hash::stable_hash;
use millstream_core::{Error, KeyGroupRange, OperatorId, Result, codes};

use crate::dispose::discard_incomplete;
use crate::fail;
use crate::location::Location;
use crate::metadata::{COMMITTED_FILE, FileEntry, METADATA_FILE, SnapshotFormat, SnapshotMetadata};

/// What `_metadata` is called until it is complete.
pub(crate) const METADATA_IN_PROGRESS: &str = "_metadata.inprogress";
const IN_PROGRESS: &str = "inprogress";

const BUFFER_BYTES: usize = 256 * 1024;

/// The directory that a snapshot is being written into. Clones write into the same.
#[derive(Debug, Clone)]
pub struct SnapshotTarget {
    directory: PathBuf,
    format: SnapshotFormat,
    /// How many directories to sync, from this one up: those that were made for it, and at least three.
    depth: usize,
    given_up: Arc<AtomicBool>,
}

impl SnapshotTarget {
    /// Makes `directory`, with its parents, for a snapshot in `format`. What an attempt that died left
    /// there is removed.
    ///
    /// # Errors
    /// The directory can't be made, or holds a completed snapshot.
    pub fn create(directory: impl Into<PathBuf>, format: SnapshotFormat) -> Result<Self> {
        let directory = directory.into();
        if directory.join(METADATA_FILE).exists() {
            return Err(Error::new(
                &codes::SNAPSHOT_WRITE,
                format!("{} holds a completed snapshot already", directory.display()),
            )
            .next("name another directory, or dispose of that snapshot first"));
        }
        discard_incomplete(&directory)?;
        let new = directory.ancestors().take_while(|path| !path.exists());
        let depth = (new.count() + 1).max(3);
        fs::create_dir_all(&directory).map_err(|cause| fail::write(&directory, cause))?;
        Ok(Self {
            directory,
            format,
            depth,
            given_up: Arc::default(),
        })
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How state is to be written.
    pub fn format(&self) -> SnapshotFormat {
        self.format
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

    /// Opens the file of one subtask's part of a state. May be called on any thread.
    ///
    /// # Errors
    /// The file can't be made, or is there already: each subtask writes each state once.
    pub fn create_file(
        &self,
        operator: OperatorId,
        subtask: usize,
        state: &str,
    ) -> Result<StateFileWriter> {
        let name = state_file_name(operator, subtask, state, self.format);
        let path = self.directory.join(&name);
        let file = File::create_new(&path).map_err(|cause| fail::write(&path, cause))?;
        Ok(StateFileWriter {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
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
        let text = metadata.to_text(&path)?;
        write_whole(&path, text.as_bytes()).map_err(|cause| fail::write(&path, cause))?;
        // The entries of the directory itself and of those that may have been made for it.
        for directory in self.directory.ancestors().take(self.depth) {
            if let Err(cause) = sync_directory(directory) {
                // It is reported as failed, so it must not be there: a later start would find and take it.
                drop(fs::remove_file(&path));
                return Err(fail::write(directory, cause));
            }
        }
        Location::from_path(&self.directory)
    }
}

/// Notes beside the snapshot in `directory` that all it holds prepared is committed. Whoever goes on from it does not look
/// for that output any more: it may have been taken away since. The note is not synced; without it output is looked for.
///
/// # Errors
/// The file can't be made.
pub fn mark_committed(directory: &Path) -> Result<()> {
    let path = directory.join(COMMITTED_FILE);
    File::create(&path)
        .map(drop)
        .map_err(|cause| fail::write(&path, cause))
}

/// Puts a file in place at once and whole. The caller syncs the directory.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let in_progress = path.with_extension(IN_PROGRESS);
    write_synced(&in_progress, bytes)?;
    fs::rename(&in_progress, path)
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes what was created, renamed or removed in `directory` survive a crash of the machine.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    match File::open(directory) {
        Ok(file) => file.sync_all(),
        // A parent that may be entered but not listed can't be synced, and was not made by us.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// `<16 digits of the operator's id>-<subtask>-<state>.<parquet|state>`. A state's name that is no file
/// name is made one, and told from others by its hash.
fn state_file_name(
    operator: OperatorId,
    subtask: usize,
    state: &str,
    format: SnapshotFormat,
) -> String {
    let operator: String = operator.to_string().chars().take(16).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut plain: String = state
        .chars()
        .take(64)
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    if plain != state {
        plain.push_str(&format!("-{:016x}", stable_hash(state)));
    }
    format!("{operator}-{subtask}-{plain}.{}", format.extension())
}

/// Whether `name` is one that this module gives to the files of a snapshot.
pub(crate) fn is_snapshot_file(name: &str) -> bool {
    if [METADATA_FILE, METADATA_IN_PROGRESS, COMMITTED_FILE].contains(&name) {
        return true;
    }
    let mut parts = name.splitn(3, '-');
    let (Some(operator), Some(subtask), Some(state)) = (parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let is_number = !subtask.is_empty() && subtask.bytes().all(|b| b.is_ascii_digit());
    let is_operator = operator.len() == 16 && operator.bytes().all(|b| b.is_ascii_hexdigit());
    let is_state = state.ends_with(".parquet") || state.ends_with(".state");
    is_operator && is_number && is_state
}

/// A file of state that is being written. Counts bytes and computes the checksum on the way; its
/// errors name the file.
#[derive(Debug)]
pub struct StateFileWriter {
    file: BufWriter<File>,
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
    pub fn finish(mut self, key_groups: KeyGroupRange, entries: u64) -> Result<FileEntry> {
        self.file
            .flush()
            .and_then(|()| self.file.get_ref().sync_all())
            .map_err(|cause| fail::write(&self.path, cause))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_tell_states_apart_and_are_recognised() {
        let operator = OperatorId::from_uid("sum");
        let name = |state: &str| state_file_name(operator, 3, state, SnapshotFormat::Native);
        assert!(name("count").ends_with("-3-count.state"));
        assert_ne!(name("a/b"), name("a.b"));
        for state in ["count", "a/b", "../..", "数", &"long".repeat(50)] {
            let name = name(state);
            assert!(is_snapshot_file(&name) && name.len() < 255, "{name}");
            assert!(!name.contains('/'), "{name}");
        }
        for foreign in [
            "notes.txt",
            "data.parquet",
            "-0-x.state",
            "part-0-x.parquet",
        ] {
            assert!(!is_snapshot_file(foreign), "{foreign}");
        }
    }
}
