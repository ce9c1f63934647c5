//! Writers and committers, driven as the engine drives them.

use millstream_core::{Ancestor, CheckpointId, ErrorKind, JobId, Lineage};
use millstream_engine::connector::{
    Cancelled, CommitOutcome, Committable, CommitterContext, Gauges, Notice, Prepared, Sink,
    SinkCommitter, SinkContext, SinkWriter, StateEntry, WriteStatus,
};

use super::wake::Bell;

/// What the engine would write into a snapshot.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) checkpoint: CheckpointId,
    pub(super) entries: Vec<StateEntry>,
    pub(super) committables: Vec<Committable>,
}

/// A run of a job, as the engine numbers it.
#[derive(Debug, Clone)]
pub(super) struct Run {
    job: JobId,
    number: u64,
    lineage: Lineage,
    parallelism: usize,
}

impl Run {
    /// The first run of a job that begins with nothing.
    pub(super) fn first(job: JobId, parallelism: usize) -> Self {
        Self {
            job,
            number: 1,
            lineage: Lineage::default(),
            parallelism,
        }
    }

    /// The same run with another number of writers.
    pub(super) fn at(self, parallelism: usize) -> Self {
        Self {
            parallelism,
            ..self
        }
    }

    /// The next run of the same job.
    pub(super) fn next(&self) -> Self {
        Self {
            number: self.number + 1,
            ..self.clone()
        }
    }

    /// A new job that goes on from a snapshot of this one, whose lock it holds.
    pub(super) fn go_on(&self, job: JobId, left_at: CheckpointId) -> Self {
        self.leave(job, left_at, true)
    }

    /// A new job that starts from a snapshot of this one, which may go on beside it.
    pub(super) fn fork(&self, job: JobId, left_at: CheckpointId) -> Self {
        self.leave(job, left_at, false)
    }

    fn leave(&self, job: JobId, left_at: CheckpointId, owned: bool) -> Self {
        let mut lineage = self.lineage.clone();
        lineage.generation += 1;
        lineage.ancestors.push(Ancestor {
            job: self.job,
            left_at,
            owned,
        });
        Self {
            job,
            number: self.number + 1,
            lineage,
            parallelism: self.parallelism,
        }
    }

    /// The committer of this run, which goes on from the snapshot of this number.
    pub(super) fn committer<T: 'static>(
        &self,
        sink: &dyn Sink<T>,
        restored: Option<CheckpointId>,
        cancelled: Cancelled,
    ) -> Box<dyn SinkCommitter> {
        let context = CommitterContext {
            job: self.job,
            uid: UID.to_owned(),
            parallelism: self.parallelism,
            lineage: self.lineage.clone(),
            run: self.number,
            restored,
            cancelled,
        };
        sink.committer(context)
            .unwrap_or_else(|error| panic!("committer: {error}"))
    }
}

/// The uid of the sink under test.
const UID: &str = "sink";

/// Opens a committer and recovers, as at the start of an attempt. Answers the outcomes, too.
pub(super) fn begin<T: 'static>(
    sink: &dyn Sink<T>,
    run: &Run,
    snapshot: Option<&Snapshot>,
) -> (Box<dyn SinkCommitter>, Vec<CommitOutcome>) {
    let (committables, entries) = snapshot.map_or((&[][..], &[][..]), |snapshot| {
        (
            snapshot.committables.as_slice(),
            snapshot.entries.as_slice(),
        )
    });
    let restored = snapshot.map(|snapshot| snapshot.checkpoint);
    let mut committer = run.committer(sink, restored, Cancelled::default());
    let outcomes = committer
        .recover(committables, entries)
        .unwrap_or_else(|error| panic!("recover: {error}"));
    let outcomes = answers_each("recover", committables, outcomes);
    (committer, outcomes)
}

/// Recovers and commits nothing more.
pub(super) fn recover<T: 'static>(
    sink: &dyn Sink<T>,
    run: &Run,
    snapshot: Option<&Snapshot>,
) -> Vec<CommitOutcome> {
    begin(sink, run, snapshot).1
}

/// Commits all output at once.
pub(super) fn commit<T: 'static>(
    sink: &dyn Sink<T>,
    run: &Run,
    committables: &[Committable],
) -> Vec<CommitOutcome> {
    let outcomes = run
        .committer(sink, None, Cancelled::default())
        .commit(committables)
        .unwrap_or_else(|error| panic!("commit: {error}"));
    answers_each("commit", committables, outcomes)
}

/// Commits while the job is being cancelled: either everything, or an error that says to try again.
pub(super) fn commit_cancelled<T: 'static>(
    sink: &dyn Sink<T>,
    run: &Run,
    committables: &[Committable],
) {
    let cancelled = Cancelled::default();
    cancelled.set();
    match run.committer(sink, None, cancelled).commit(committables) {
        Ok(outcomes) => drop(answers_each("commit", committables, outcomes)),
        Err(error) => assert_eq!(
            error.kind(),
            ErrorKind::Unavailable,
            "a commit that gives up says that it is to be tried again: {error}"
        ),
    }
}

fn answers_each(
    what: &str,
    committables: &[Committable],
    outcomes: Vec<CommitOutcome>,
) -> Vec<CommitOutcome> {
    assert_eq!(
        outcomes.len(),
        committables.len(),
        "{what} answers one outcome for each output"
    );
    outcomes
}

/// One attempt: a writer for each subtask.
pub(super) struct Writers<T> {
    writers: Vec<Box<dyn SinkWriter<T>>>,
    bell: Bell,
}

impl<T: 'static> Writers<T> {
    /// Opens the writers of a run that goes on from `snapshot`.
    pub(super) fn open(sink: &dyn Sink<T>, run: &Run, snapshot: Option<&Snapshot>) -> Self {
        let bell = Bell::default();
        let writers = (0..run.parallelism)
            .map(|subtask| {
                let context = SinkContext {
                    job: run.job,
                    uid: UID.to_owned(),
                    subtask,
                    parallelism: run.parallelism,
                    lineage: run.lineage.clone(),
                    run: run.number,
                    next_checkpoint: snapshot.map_or(1, |snapshot| snapshot.checkpoint + 1),
                    restored: snapshot.map(|snapshot| snapshot.entries.clone()),
                    waker: bell.waker(),
                    gauges: Gauges::default(),
                    held_up: Notice::default(),
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

    /// Tells every writer that the output up to this snapshot is committed.
    pub(super) fn committed(&mut self, checkpoint: CheckpointId) {
        for writer in &mut self.writers {
            let told = writer.committed(checkpoint);
            told.unwrap_or_else(|error| panic!("committed: {error}"));
        }
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
