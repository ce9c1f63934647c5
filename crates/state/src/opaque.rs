//! State that is bytes to everybody but its operator: a ledger that may grow, for example. It is made of parts, each a file;
//! those that never change again can be shared by the checkpoints of a job, so that each writes only what is new.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{Error, KeyGroupRange, OperatorId, Result, codes};
use millstream_storage::{
    FileEntry, SnapshotTarget, StateFile, StateFileWriter, StateKind, StateMetadata, VerifiedFile,
    damaged,
};

use crate::keyed::WriteState;

/// It belongs to no key.
const NO_GROUPS: KeyGroupRange = KeyGroupRange { start: 0, end: 0 };
const BUFFER_BYTES: usize = 256 * 1024;

/// Opaque state of one subtask at one boundary, on its way to disk.
#[derive(Debug)]
pub struct OpaqueState {
    name: String,
    value_type: String,
    parts: Vec<OpaquePart>,
}

impl OpaqueState {
    /// The state called `name`, unique within the operator. `value_type` says what the bytes are, with a version: `ledger-v1`.
    pub fn new(name: impl Into<String>, value_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value_type: value_type.into(),
            parts: Vec::new(),
        }
    }

    /// Adds a part. A restore finds the parts in this order, those of one subtask after those of another.
    #[must_use]
    pub fn part(mut self, part: OpaquePart) -> Self {
        self.parts.push(part);
        self
    }

    fn write_to(
        &self,
        target: &SnapshotTarget,
        operator: OperatorId,
        subtask: usize,
    ) -> Result<StateMetadata> {
        let files = self
            .parts
            .iter()
            .map(|part| part.write_to(target, operator, subtask));
        Ok(StateMetadata {
            name: self.name.clone(),
            kind: StateKind::Opaque,
            key_type: "nothing".to_owned(),
            value_type: self.value_type.clone(),
            format: target.format(),
            files: files.collect::<Result<_>>()?,
        })
    }
}

impl WriteState for OpaqueState {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>> {
        let write = |target: &&SnapshotTarget| self.write_to(target, operator, subtask);
        targets.iter().map(write).collect()
    }
}

/// A part of opaque state. Clones are cheap and know of each other what is on disk already.
#[derive(Debug, Clone)]
pub struct OpaquePart {
    name: Arc<str>,
    entries: u64,
    is_shared: bool,
    content: Arc<Mutex<Content>>,
}

#[derive(Debug)]
enum Content {
    Memory(Vec<u8>),
    /// A file of a snapshot, with its length and checksum.
    Disk(PathBuf, FileEntry),
}

impl OpaquePart {
    /// A part that each snapshot writes anew. `name` is unique within the state's operator and subtask; `entries` is for people.
    pub fn new(name: impl Into<Arc<str>>, entries: u64, bytes: Vec<u8>) -> Self {
        Self {
            name: name.into(),
            entries,
            is_shared: false,
            content: Arc::new(Mutex::new(Content::Memory(bytes))),
        }
    }

    /// A part that never changes, written once for all checkpoints of the job that are given a clone of it. Its bytes are
    /// given up then. `name` must be one that no part of the job has had: it holds the
    /// [number of the attempt](millstream_storage::Ownership::next_run), which never repeats.
    pub fn shared(name: impl Into<Arc<str>>, entries: u64, bytes: Vec<u8>) -> Self {
        Self {
            is_shared: true,
            ..Self::new(name, entries, bytes)
        }
    }

    /// A part that was restored from `file` of a snapshot, shared from now on. If it lies with the files that the job's
    /// checkpoints share it stays there; otherwise the first checkpoint copies it there under `name`, for which
    /// [`shared`](Self::shared) says what it must be.
    pub fn restored(name: impl Into<Arc<str>>, entry: &FileEntry, file: &VerifiedFile) -> Self {
        Self {
            name: name.into(),
            entries: entry.entries,
            is_shared: true,
            content: Arc::new(Mutex::new(Content::Disk(
                file.path().to_owned(),
                entry.clone(),
            ))),
        }
    }

    fn write_to(
        &self,
        target: &SnapshotTarget,
        operator: OperatorId,
        subtask: usize,
    ) -> Result<FileEntry> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_shared || !target.may_share() {
            let file = target.create_opaque(operator, subtask, &self.name)?;
            return self.write(&content, file);
        }
        if let Content::Disk(path, entry) = &*content
            && let Some(name) = target.shares(path)
        {
            return Ok(FileEntry {
                path: name,
                ..entry.clone()
            });
        }
        let file = target.create_shared(operator, subtask, &self.name)?;
        let path = file.path().to_owned();
        let entry = self.write(&content, file)?;
        *content = Content::Disk(path, entry.clone());
        Ok(entry)
    }

    fn write(&self, content: &Content, mut file: StateFileWriter) -> Result<FileEntry> {
        let target = file.path().to_owned();
        let cannot_write = |cause: io::Error| {
            Error::new(
                &codes::SNAPSHOT_WRITE,
                format!("can't write {}", target.display()),
            )
            .cause(cause)
            .next("check that the directory exists, is writable and has space left")
        };
        match content {
            Content::Memory(bytes) => {
                file.write_all(bytes).map_err(cannot_write)?;
                file.finish(NO_GROUPS, self.entries)
            }
            Content::Disk(path, entry) => {
                copy(path, &mut file).map_err(cannot_write)?;
                let copied = file.finish(NO_GROUPS, self.entries)?;
                if (copied.bytes, copied.crc32) == (entry.bytes, entry.crc32) {
                    return Ok(copied);
                }
                Err(damaged(path, "it is not what was written there"))
            }
        }
    }
}

fn copy(path: &Path, file: &mut StateFileWriter) -> io::Result<()> {
    let mut from = StateFile::open(path)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = from.read(&mut buffer)?;
        match buffer.get(..length) {
            None | Some([]) => return Ok(()),
            Some(bytes) => file.write_all(bytes)?,
        }
    }
}
