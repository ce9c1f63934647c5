//! What `_metadata` says: the whole content of a snapshot but the entries of keyed state.
//!
//! Additions that an older reader may leave unread keep the version; what it may not leave unread
//! raises it, and older readers refuse it.

mod text;

pub(crate) use text::MetadataHints;

use std::fmt;
use std::path::{Component, Path};

use millstream_core::{
    CheckpointId, JobId, KeyGroupRange, Lineage, MaxParallelism, Numbers, OperatorId,
};
use serde::{Deserialize, Serialize};

use crate::names::SHARED_PREFIX;
use crate::owed::OwedNote;

/// Why a snapshot was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotKind {
    /// By Millstream, to recover from failures; owned by the job.
    Checkpoint,
    /// By a user; owned by the user.
    Savepoint,
}

/// How state is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotFormat {
    /// Parquet with real columns: every backend restores it, every tool reads it.
    Canonical,
    /// The backend's own: the quickest.
    Native,
}

impl SnapshotFormat {
    /// The ending of its state files.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Canonical => "parquet",
            Self::Native => "state",
        }
    }
}

impl fmt::Display for SnapshotFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Canonical => "canonical",
            Self::Native => "native",
        })
    }
}

/// What kind of state a program asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// One value for each key.
    Value,
    /// A list for each key.
    List,
    /// A map for each key.
    Map,
    /// The running result of a reduce function for each key.
    Reducing,
    /// The accumulator of an aggregate function for each key.
    Aggregating,
    /// Timers of event time for each key.
    Timers,
    /// Bytes that only their operator understands, without keys. `value_type` names what they are, with a version:
    /// `ledger-v1`.
    Opaque,
}

impl fmt::Display for StateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::List => "list",
            Self::Map => "map",
            Self::Reducing => "reducing",
            Self::Aggregating => "aggregating",
            Self::Timers => "timers",
            Self::Opaque => "opaque",
        })
    }
}

/// The content of `_metadata`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotMetadata {
    /// The job that wrote it.
    pub job_id: JobId,
    /// The job's name; `-s latest` looks for it.
    pub job_name: String,
    /// The number of the checkpoint or savepoint.
    pub checkpoint_id: CheckpointId,
    /// Why it was taken.
    pub kind: SnapshotKind,
    /// How its state is written.
    pub format: SnapshotFormat,
    /// Whether the job was drained into it: event time has come to its end, and the job should not go on from
    /// it with more input.
    pub drained: bool,
    /// Whether the job was to end with it.
    #[serde(default)]
    pub last: bool,
    /// Of a checkpoint: where the savepoint lies that was taken at its boundary, and holds the same output prepared. Whoever commits
    /// that notes it there, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub savepoint: Option<String>,
    /// Notes that may not be made yet: that the output of these savepoints is committed, which it is once what this snapshot holds is. Whoever goes
    /// on from it makes them. That of a checkpoint's own [`savepoint`](Self::savepoint) is among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owed_notes: Vec<OwedNote>,
    /// Where the job comes from.
    #[serde(default)]
    pub lineage: Lineage,
    /// The number of the job's attempt that took it. 0: by a version that had none, at whose savepoints on the way nothing was
    /// committed.
    #[serde(default)]
    pub run: u64,
    /// What the job has done up to here, over all its restarts and ancestors.
    #[serde(default)]
    pub numbers: Numbers,
    /// When it was triggered: milliseconds since 1970-01-01T00:00:00Z.
    pub created: u64,
    /// The version of Millstream that wrote it.
    pub millstream_version: String,
    /// How many key groups there are.
    pub max_parallelism: MaxParallelism,
    /// The operators, in the order of the job graph.
    pub operators: Vec<OperatorMetadata>,
}

impl SnapshotMetadata {
    /// Its files of state, over all operators.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        let states = self.operators.iter().flat_map(|operator| &operator.states);
        states.flat_map(|state| &state.files)
    }

    /// Whether output is committed at this boundary, so that the job never goes back behind it. The savepoints of version 1
    /// were not, unless the job ended with them.
    pub fn is_committed_boundary(&self) -> bool {
        self.kind == SnapshotKind::Checkpoint || self.last || self.run > 0
    }
}

/// One operator's part of a snapshot, of all its subtasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperatorMetadata {
    /// The stable id that a restore finds it by.
    pub uid: String,
    /// The id derived from the uid.
    pub id: OperatorId,
    /// The name shown to people.
    pub name: String,
    /// How many subtasks it ran in.
    pub parallelism: usize,
    /// Its keyed state.
    #[serde(default)]
    pub states: Vec<StateMetadata>,
    /// Its state without keys, of all subtasks: source positions, counters.
    #[serde(default)]
    pub entries: Vec<EntryMetadata>,
    /// The state of what looks for its splits; of sources only.
    #[serde(default)]
    pub enumerator: Vec<EntryMetadata>,
    /// What its sinks have prepared and must be committed, of all subtasks.
    #[serde(default)]
    pub prepared: Vec<PreparedMetadata>,
    /// What it has done up to here.
    #[serde(default)]
    pub numbers: Numbers,
}

impl OperatorMetadata {
    /// An operator without any state yet.
    pub fn new(uid: impl Into<String>, name: impl Into<String>, parallelism: usize) -> Self {
        let uid = uid.into();
        Self {
            id: OperatorId::from_uid(&uid),
            uid,
            name: name.into(),
            parallelism,
            states: Vec::new(),
            entries: Vec::new(),
            enumerator: Vec::new(),
            prepared: Vec::new(),
            numbers: Numbers::default(),
        }
    }

    /// Whether there is nothing that a restore would have to take.
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
            && self.entries.is_empty()
            && self.enumerator.is_empty()
            && self.prepared.is_empty()
    }

    /// Adds what one subtask wrote of a state: a new state, or more files of one already there.
    pub fn add_state(&mut self, state: StateMetadata) {
        match self
            .states
            .iter_mut()
            .find(|known| known.name == state.name)
        {
            Some(known) => known.files.extend(state.files),
            None => self.states.push(state),
        }
    }
}

/// One keyed state of an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateMetadata {
    /// Its name, unique within the operator.
    pub name: String,
    /// What kind of state it is.
    pub kind: StateKind,
    /// The type of its keys, as text, for example `string`.
    pub key_type: String,
    /// The type of its values, as text, for example `struct<count: u64, last: string>`.
    pub value_type: String,
    /// How its files are written.
    pub format: SnapshotFormat,
    /// Its files: one for each subtask that held any.
    pub files: Vec<FileEntry>,
}

/// One file of state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Where it lies, from the snapshot's directory: its name, so a snapshot can be moved and copied; or, of checkpoints only,
    /// `../shared/NAME`.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// The CRC-32 (IEEE) of its bytes, as 8 hexadecimal digits.
    #[serde(with = "text::hex")]
    pub crc32: u32,
    /// The key groups of the subtask that wrote it. No entry lies outside.
    pub key_groups: KeyGroupRange,
    /// How many entries it holds.
    pub entries: u64,
}

impl FileEntry {
    /// Where the file is allowed to lie, if at all: its path leads nowhere else.
    pub(crate) fn place(&self) -> Option<FilePlace<'_>> {
        let (name, shared) = match self.path.strip_prefix(SHARED_PREFIX) {
            Some(name) => (name, true),
            None => (self.path.as_str(), false),
        };
        let mut components = Path::new(name).components();
        let (first, second) = (components.next(), components.next());
        let is_name = matches!(first, Some(Component::Normal(part)) if part == name);
        (is_name && second.is_none()).then_some(if shared {
            FilePlace::Shared(name)
        } else {
            FilePlace::Own(name)
        })
    }
}

/// Where a file of state lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FilePlace<'a> {
    /// In the snapshot's own directory, under this name.
    Own(&'a str),
    /// In the directory that the checkpoints of a job share, under this name.
    Shared(&'a str),
}

/// One entry of state without key, for example the position of a split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EntryMetadata {
    /// What it is about.
    pub key: String,
    /// The connector's own.
    pub value: serde_json::Value,
}

/// Output that was prepared with the snapshot and is to be committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreparedMetadata {
    /// Names the output, for example a file.
    pub name: String,
    /// Everything that a committer needs.
    pub value: serde_json::Value,
}

#[cfg(test)]
pub(crate) mod tests;
