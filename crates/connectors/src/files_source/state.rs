//! The enumerator's part of a snapshot.
//!
//! - One entry in `_metadata`: how many pieces were announced, which directory it was, how long the job has run.
//! - The state `files announced`: the pieces that a reader may not have finished, with their names; a few thousand at most.
//! - The state `files seen`: the ledger. In checkpoints as segments that checkpoints share: a first one with everything,
//!   and behind it what has changed from one checkpoint to the next; so a checkpoint at which nothing is new writes
//!   nothing. In savepoints, and where a checkpoint has to be complete in itself, as one file.

use std::io::{self, BufReader, BufWriter, Write};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{Error, JobId, KeyGroupRange, OperatorId, Result, codes};
use millstream_engine::connector::{
    FileEntry, OperatorSnapshot, RestoredSource, SnapshotFormat, SnapshotTarget, StateEntry,
    StateKind, StateMetadata, WriteState,
};
use serde::{Deserialize, Serialize};

use super::journal::Mark;
use super::ledger::PassedOver;
use super::legacy::Legacy;
use super::listing::DirectoryId;
use super::piece::{Piece, decode, encode};
use super::seen::{Entry, Frozen, Seen, read_segment};

const SEEN: &str = "files seen";
/// The first version knew no files that were passed over; nothing else is different.
const SEEN_TYPES: [&str; 2] = ["files-seen-v2", "files-seen-v1"];
const ANNOUNCED: &str = "files announced";
const ANNOUNCED_TYPES: [&str; 1] = ["files-announced-v1"];

/// The key of the enumerator's entry.
const KEY: &str = "intake";

/// Opaque state belongs to no key.
const NO_KEYS: KeyGroupRange = KeyGroupRange { start: 0, end: 0 };

/// The most segments that a checkpoint refers to.
const SEGMENTS: usize = 16;

/// What `_metadata` says of the enumerator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intake {
    /// The number behind the last piece that was announced.
    pub(crate) announced: u64,
    /// Every reader had finished the pieces with lower numbers.
    pub(crate) finished: u64,
    /// The job that wrote it; `None`: that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<JobId>,
    /// The attempt that wrote it, whose journal goes on behind it.
    pub(crate) run: u64,
    /// For how many minutes the job has run.
    pub(crate) minutes: u64,
    /// The directory in which the files lay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) directory: Option<DirectoryId>,
    /// How it was called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) path: String,
    /// What attempts before had announced behind their snapshot had not been looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unchecked: bool,
    /// From where on the journal was needed by this checkpoint and those that were there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) marks: Vec<Mark>,
}

impl Intake {
    pub(crate) fn entry(&self) -> Result<StateEntry> {
        let value = serde_json::to_value(self).map_err(|error| {
            Error::new(&codes::INTERNAL, "the intake of files can't be written").cause(error)
        })?;
        let key = KEY.to_owned();
        Ok(StateEntry { key, value })
    }
}

/// What a snapshot knew.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    pub(crate) intake: Intake,
    pub(crate) unfinished: Vec<Piece>,
    pub(crate) seen: Seen,
}

impl Restored {
    /// Reads what the enumerator has written, or what readers of the first version have. `split`: how files are cut now;
    /// `decodes_first`: whether none is.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn read(source: &RestoredSource, split: u64) -> Result<Self> {
        let mut restored = Self::default();
        match source.entries.iter().find(|entry| entry.key == KEY) {
            Some(entry) => {
                restored.intake = Intake::deserialize(&entry.value)
                    .map_err(|error| corrupt(&entry.key, error))?;
            }
            None => restored.read_legacy(source, split)?,
        }
        restored.read_files(&source.operator)?;
        for entry in &source.readers {
            let passed = PassedOver::of(entry).map_err(|error| corrupt(&entry.key, error))?;
            if let Some(PassedOver { file, piece }) = passed {
                restored.seen.mark_unread(file, piece);
            }
        }
        Ok(restored)
    }

    fn read_files(&mut self, operator: &OperatorSnapshot) -> Result<()> {
        if let Some(state) = operator.state(SEEN) {
            check_type(state, &SEEN_TYPES)?;
            for file in &state.files {
                let mut input = BufReader::new(operator.verified(file)?.open()?);
                read_segment(&mut input, &mut self.seen)
                    .map_err(|error| corrupt(&file.path, error))?;
            }
        }
        if let Some(state) = operator.state(ANNOUNCED) {
            check_type(state, &ANNOUNCED_TYPES)?;
            for file in &state.files {
                let bytes = operator.verified(file)?.read()?;
                let pieces = decode(&bytes).map_err(|error| corrupt(&file.path, error))?;
                self.unfinished.extend(pieces);
            }
        }
        Ok(())
    }

    fn read_legacy(&mut self, source: &RestoredSource, split: u64) -> Result<()> {
        let legacy = Legacy::read(&source.readers).map_err(|(key, error)| corrupt(&key, error))?;
        for (sequence, file) in (0_u64..).zip(&legacy.files) {
            self.seen
                .restore(Entry::new(file.name.key(), file.identity, 0, sequence));
            if sequence >= legacy.complete {
                self.unfinished.push(Piece {
                    sequence,
                    name: file.name.clone(),
                    identity: file.identity,
                    from: 0,
                    split: if file.whole { 0 } else { split },
                    beginning: 0,
                    grows: false,
                    waited: false,
                });
            }
        }
        self.intake.announced = legacy.files.len() as u64;
        self.intake.finished = legacy.complete;
        Ok(())
    }
}

fn check_type(state: &StateMetadata, known: &[&str]) -> Result<()> {
    if known.contains(&state.value_type.as_str()) {
        return Ok(());
    }
    let message = format!(
        "the state `{}` is {}, and this version reads {}",
        state.name,
        state.value_type,
        known.join(" and ")
    );
    Err(Error::new(&codes::STATE_TYPE, message).next("restore it with the version that wrote it"))
}

fn corrupt(what: &str, cause: impl std::fmt::Display) -> Error {
    let message = format!("the file source's state `{what}` can't be read");
    Error::new(&codes::SNAPSHOT_CORRUPT, message)
        .cause(cause)
        .next("restore another snapshot, or one that this source has written")
}

/// Files of the ledger that the next checkpoint may refer to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Segments {
    files: Vec<FileEntry>,
}

impl Segments {
    /// Whether there are so many changes in them that everything is better written anew.
    fn are_worn(&self) -> bool {
        let entries = |files: &[FileEntry]| files.iter().map(|file| file.entries).sum::<u64>();
        let changes = entries(self.files.get(1..).unwrap_or_default());
        self.files.len() >= SEGMENTS || changes * 2 > entries(&self.files)
    }
}

/// What a checkpoint has written, for the next one to refer to.
pub(crate) type Outcome = Arc<Mutex<Option<Segments>>>;

/// Takes what a checkpoint has written.
pub(crate) fn take(outcome: &Outcome) -> Option<Segments> {
    outcome
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// The ledger on its way to the disk.
pub(crate) struct WriteSeen {
    pub(crate) ledger: Frozen,
    /// What may be referred to; nothing if everything has to be written.
    pub(crate) segments: Segments,
    /// A name that no file of the job has had.
    pub(crate) unique: String,
    pub(crate) outcome: Outcome,
}

impl WriteState for WriteSeen {
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

impl WriteSeen {
    fn write_to(
        &self,
        target: &SnapshotTarget,
        operator: OperatorId,
        subtask: usize,
    ) -> Result<StateMetadata> {
        let all = |out: &mut dyn Write| self.ledger.write_all(out);
        let some = |out: &mut dyn Write| self.ledger.write_changes(out);
        let name = format!("{SEEN} {}", self.unique);
        let mut files = Vec::new();
        if !target.may_share() {
            if self.ledger.len() > 0 {
                files.push(write_file(
                    target.create_opaque(operator, subtask, SEEN)?,
                    all,
                )?);
            }
            return Ok(metadata(SEEN, SEEN_TYPES[0], target.format(), files));
        }
        let shared = || target.create_shared(operator, subtask, &name);
        if self.segments.files.is_empty() || self.segments.are_worn() {
            if self.ledger.len() > 0 {
                files.push(write_file(shared()?, all)?);
            }
        } else {
            files.clone_from(&self.segments.files);
            if self.ledger.changes() > 0 {
                files.push(write_file(shared()?, some)?);
            }
        }
        let segments = Segments {
            files: files.clone(),
        };
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(segments);
        Ok(metadata(SEEN, SEEN_TYPES[0], target.format(), files))
    }
}

/// The unfinished pieces on their way to the disk.
pub(crate) struct WriteAnnounced {
    pub(crate) pieces: Vec<Piece>,
}

impl WriteState for WriteAnnounced {
    fn write(
        self: Box<Self>,
        targets: &[&SnapshotTarget],
        operator: OperatorId,
        subtask: usize,
    ) -> Vec<Result<StateMetadata>> {
        let write = |target: &&SnapshotTarget| {
            let mut files = Vec::new();
            if !self.pieces.is_empty() {
                let file = target.create_opaque(operator, subtask, ANNOUNCED)?;
                files.push(write_file(file, |out| {
                    out.write_all(&encode(&self.pieces))?;
                    Ok(self.pieces.len() as u64)
                })?);
            }
            Ok(metadata(
                ANNOUNCED,
                ANNOUNCED_TYPES[0],
                target.format(),
                files,
            ))
        };
        targets.iter().map(write).collect()
    }
}

fn write_file(
    file: millstream_engine::connector::StateFileWriter,
    write: impl FnOnce(&mut dyn Write) -> io::Result<u64>,
) -> Result<FileEntry> {
    let path = file.path().to_owned();
    let failed = |cause: io::Error| {
        Error::new(
            &codes::SNAPSHOT_WRITE,
            format!("{} can't be written", path.display()),
        )
        .cause(cause)
        .next("make room, or check the directory of checkpoints")
    };
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let entries = write(&mut out).map_err(failed)?;
    let file = out
        .into_inner()
        .map_err(|error| failed(error.into_error()))?;
    file.finish(NO_KEYS, entries)
}

fn metadata(
    name: &str,
    value_type: &str,
    format: SnapshotFormat,
    files: Vec<FileEntry>,
) -> StateMetadata {
    StateMetadata {
        name: name.to_owned(),
        kind: StateKind::Opaque,
        key_type: String::new(),
        value_type: value_type.to_owned(),
        format,
        files,
    }
}
