//! The contract between the engine and its connectors.
//!
//! A connector is a [`Source`] or a [`Sink`]: a description, shared by all subtasks, that opens one
//! reader or writer per subtask. Readers and writers live on a worker thread and **never wait**: what
//! blocks (a network, a slow disk) runs on the connector's own threads behind bounded channels, and
//! wakes the subtask through its [`Waker`].
//!
//! What every connector promises, and the conformance tests check:
//! - A source's position is its state: restored from [`SourceReader::snapshot`] it hands out exactly
//!   the records after it, at any parallelism.
//! - Which subtask reads a split depends on the split's id and the parallelism alone. What splits there are is looked
//!   for once, by an [`Enumerator`], whose announcements every reader gets at the same place between two boundaries.
//! - A sink makes nothing visible before it is committed, loses nothing that was prepared, and
//!   survives a second commit of the same output.
//! - A sink leaves nothing where it wrote when its job has ended, but what a snapshot that stays holds and that is not known
//!   to be committed.

mod enumerator;
mod gauges;
mod output;
mod sink;
mod source;
mod source_snapshot;
mod splits;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a source needs to write and read state files of its own ([`SourceSnapshot::states`]), and its tests to take
/// snapshots of it.
pub use millstream_state::WriteState;
pub use millstream_storage::{
    EntryMetadata, FileEntry, Location, OperatorMetadata, OperatorSnapshot, Rival, Snapshot,
    SnapshotFormat, SnapshotKind, SnapshotLayout, SnapshotMetadata, SnapshotTarget,
    StateFileWriter, StateKind, StateMetadata,
};
/// Notes that a connector keeps in the directory of a job, which need not lie on a disk.
pub use millstream_storage::{is_in_store, notes};

pub use enumerator::{
    Enumerated, Enumerator, EnumeratorContext, Remaining, RestoredSource, SnapshotRequest,
};
pub use gauges::Gauges;
pub use output::{Announced, SourceOutput, SplitOutput};
pub use sink::{
    Cancelled, CommitOutcome, Committable, CommitterContext, Kept, Prepared, Sink, SinkCommitter,
    SinkContext, SinkWriter, WriteStatus,
};
pub use source::{Limit, Owner, Source, SourceContext, SourceReader, SourceStatus};
pub use source_snapshot::SourceSnapshot;
pub use splits::{SplitGauge, SplitGauges};

/// One entry of an operator's state that does not belong to a key: a split's position, a counter.
///
/// At a restore the entries of all subtasks are put together, and each subtask gets those that it owns
/// ([`Source::owner`]), or all (Flink's union list state). Values are written into `_metadata` as readable JSON, so they must stay small.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct StateEntry {
    /// What the entry is about, unique within the operator, for example the id of a split.
    pub key: String,
    /// The connector's own, versioned where it may change.
    pub value: serde_json::Value,
}

/// Wakes the subtask that it was given to, from any thread: its reader or writer is polled again.
#[derive(Clone)]
pub struct Waker {
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Waker {
    /// A waker that calls `wake`.
    pub fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            wake: Arc::new(wake),
        }
    }

    /// A waker for tests that poll by themselves.
    pub fn none() -> Self {
        Self::new(|| {})
    }

    /// Has the subtask polled soon. Cheap enough to be called for every message.
    pub fn wake(&self) {
        (self.wake)();
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waker")
    }
}

/// A number that a connector counts up and people watch. Clones share the number.
#[derive(Debug, Clone, Default)]
pub struct Counter {
    value: Arc<AtomicU64>,
}

impl Counter {
    /// Adds `amount`.
    pub fn add(&self, amount: u64) {
        self.value.fetch_add(amount, Ordering::Relaxed);
    }

    /// Replaces the number: for gauges, and after a restore.
    pub fn set(&self, value: u64) {
        self.value.store(value, Ordering::Relaxed);
    }

    /// The number now.
    pub fn get(&self) -> u64 {
        self.value.load(Ordering::Relaxed)
    }
}

/// A line of text for people to see, or none. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Notice {
    text: Arc<Mutex<Option<String>>>,
}

impl Notice {
    /// Shows `text` from now on; `None`: nothing.
    pub fn set(&self, text: Option<String>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }

    /// What is shown now.
    pub fn get(&self) -> Option<String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.clone()
    }
}

/// How far a source has come, for progress lines and metrics. One for each subtask.
#[derive(Debug, Clone, Default)]
pub struct SourceProgress {
    /// Records read, bad ones among them.
    pub records: Counter,
    /// Bytes of input read, as they lie in the file or on the wire.
    pub bytes: Counter,
    /// Bytes of input known to this subtask; 0 where a source can't tell.
    pub bytes_total: Counter,
    /// Splits or files that this subtask has read to their end.
    pub files: Counter,
    /// Splits or files known to this subtask.
    pub files_total: Counter,
    /// Bad records met.
    pub bad_records: Counter,
    /// Files or other entries met that can't be read, and are passed over.
    pub bad_files: Counter,
    /// Files that were gone before they were read to their end, which is accepted.
    pub lost_files: Counter,
    /// What the source waits for before it can go on, if it does.
    pub held_up: Notice,
    /// Its splits, where their records are counted by place.
    pub splits: SplitGauges,
    /// What the sink of the task waits for before it can go on, if it does.
    pub sink_held_up: Notice,
    /// Numbers that the connectors of the task show by names of their own: the source's, and those of a sink in it.
    pub gauges: Gauges,
}
