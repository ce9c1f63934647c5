//! Writers and committers, driven as the engine drives them.

use millstream_core::{CheckpointId, JobId, Lineage};
use millstream_engine::connector::{
    Cancelled, CommitOutcome, Committable, CommitterContext, Prepared, Sink, SinkContext,
    SinkWriter, StateEntry, WriteStatus,
};

use super::wake::Bell;

/// The uid of the sink.
const UID: &str = "sink";

/// What the engine would write into a snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) checkpoint: CheckpointId,
    pub(super) entries: Vec<StateEntry>,
    pub(super) committables: Vec<Committable>,
}

/// Opens a committer and recovers, as at the start of an attempt.
pub(super) fn recover<T: 'static>(
    sink: &dyn Sink<T>,
    snapshot: Option<&Snapshot>,
) -> Vec<CommitOutcome> {
    let (committables, entries) = snapshot.map_or((&[][..], &[][..]), |snapshot| {
        (
            snapshot.committables.as_slice(),
            snapshot.entries.as_slice(),
        )
    });
    let mut committer = sink
        .committer(committer_context())
        .unwrap_or_else(|error| panic!("committer: {error}"));
    let outcomes = committer
        .recover(committables, entries)
        .unwrap_or_else(|error| panic!("recover: {error}"));
    assert_eq!(
        outcomes.len(),
        committables.len(),
        "recover answers one outcome for each output"
    );
    outcomes
}

fn committer_context() -> CommitterContext {
    CommitterContext {
        job: JobId::from_bytes([0xaa; 16]),
        uid: UID.to_owned(),
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        cancelled: Cancelled::default(),
    }
}

/// Commits all output of a snapshot at once.
pub(super) fn commit<T: 'static>(
    sink: &dyn Sink<T>,
    committables: &[Committable],
) -> Vec<CommitOutcome> {
    let mut committer = sink
        .committer(committer_context())
        .unwrap_or_else(|error| panic!("committer: {error}"));
    let outcomes = committer
        .commit(committables)
        .unwrap_or_else(|error| panic!("commit: {error}"));
    assert_eq!(
        outcomes.len(),
        committables.len(),
        "commit answers one outcome for each output"
    );
    outcomes
}

/// One attempt: a writer for each subtask.
pub(super) struct Writers<T> {
    writers: Vec<Box<dyn SinkWriter<T>>>,
    bell: Bell,
}

impl<T: 'static> Writers<T> {
    /// Opens the writers of a job that goes on from `snapshot`.
    pub(super) fn open(
        sink: &dyn Sink<T>,
        job: JobId,
        parallelism: usize,
        snapshot: Option<&Snapshot>,
    ) -> Self {
        let bell = Bell::default();
        let writers = (0..parallelism)
            .map(|subtask| {
                let context = SinkContext {
                    job,
                    uid: UID.to_owned(),
                    subtask,
                    parallelism,
                    lineage: Lineage::default(),
                    run: 1,
                    next_checkpoint: snapshot.map_or(1, |snapshot| snapshot.checkpoint + 1),
                    restored: snapshot.map(|snapshot| snapshot.entries.clone()),
                    waker: bell.waker(),
                };
                sink.open(context)
                    .unwrap_or_else(|error| panic!("open: {error}"))
            })
            .collect();
        Self { writers, bell }
    }

    /// Writes records, dealt out to the subtasks in turn.
    pub(super) fn write(&mut self, records: Vec<T>) {
        let parallelism = self.writers.len();
        let mut shares: Vec<Vec<T>> = (0..parallelism).map(|_| Vec::new()).collect();
        for (index, record) in records.into_iter().enumerate() {
            shares[index % parallelism].push(record);
        }
        for (writer, mut share) in self.writers.iter_mut().zip(shares) {
            loop {
                let status = writer
                    .write(&mut share)
                    .unwrap_or_else(|error| panic!("write: {error}"));
                match status {
                    WriteStatus::Taken => break,
                    WriteStatus::Full => self.bell.wait("a full sink", None),
                }
            }
        }
    }

    /// Calls prepare for the first time, and writes `meanwhile` before any second call.
    pub(super) fn prepare_and_write(
        &mut self,
        checkpoint: CheckpointId,
        meanwhile: Vec<T>,
    ) -> Snapshot {
        let (entries, ready) = self.begin_prepare(checkpoint);
        self.write(meanwhile);
        self.finish_prepare(checkpoint, entries, ready)
    }

    /// Prepares everything written so far.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Snapshot {
        let (entries, ready) = self.begin_prepare(checkpoint);
        self.finish_prepare(checkpoint, entries, ready)
    }

    /// What the engine does on a boundary: the writers' state first, then the first question for their output.
    fn begin_prepare(
        &mut self,
        checkpoint: CheckpointId,
    ) -> (Vec<StateEntry>, Vec<Option<Vec<Committable>>>) {
        let mut entries = Vec::new();
        for writer in &mut self.writers {
            let state = writer.snapshot(checkpoint);
            entries.extend(state.unwrap_or_else(|error| panic!("snapshot: {error}")));
        }
        let writers = self.writers.iter_mut();
        let ready = writers.map(|writer| ask(writer.as_mut(), checkpoint));
        (entries, ready.collect())
    }

    fn finish_prepare(
        &mut self,
        checkpoint: CheckpointId,
        entries: Vec<StateEntry>,
        mut ready: Vec<Option<Vec<Committable>>>,
    ) -> Snapshot {
        while ready.iter().any(Option::is_none) {
            self.bell.wait("a pending prepare", None);
            for (writer, answer) in self.writers.iter_mut().zip(&mut ready) {
                if answer.is_none() {
                    *answer = ask(writer.as_mut(), checkpoint);
                }
            }
        }
        let committables = ready.into_iter().flatten().flatten().collect();
        through_json(Snapshot {
            checkpoint,
            entries,
            committables,
        })
    }
}

fn ask<T>(writer: &mut dyn SinkWriter<T>, checkpoint: CheckpointId) -> Option<Vec<Committable>> {
    match writer
        .prepare(checkpoint)
        .unwrap_or_else(|error| panic!("prepare: {error}"))
    {
        Prepared::Pending => None,
        Prepared::Ready(committables) => Some(committables),
    }
}

/// A snapshot as it comes back from its file.
fn through_json(snapshot: Snapshot) -> Snapshot {
    let text = serde_json::to_string(&(&snapshot.entries, &snapshot.committables)).unwrap();
    let (entries, committables) = serde_json::from_str(&text).unwrap();
    Snapshot {
        checkpoint: snapshot.checkpoint,
        entries,
        committables,
    }
}
