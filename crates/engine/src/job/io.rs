//! The thread of a job that waits for disks and sinks: completes snapshots, commits, recovers,
//! deletes. It does one thing at a time, in the order asked for.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};
use millstream_core::{CheckpointId, Error, JobStatus, Lineage, Result, codes};
use millstream_protocol::{Attempt as AttemptNumber, CommitResult, Then};
use millstream_storage::{
    Ended, Location, Snapshot, SnapshotFormat, SnapshotLayout, SnapshotMetadata, SnapshotTarget,
    discard_incomplete, dispose, mark_committed, mark_ended,
};

use super::Message;
use crate::attempt::worker::panicked;
use crate::connector::{Cancelled, CommitOutcome, Committable, CommitterContext, SinkCommitter};
use crate::graph::{JobGraph, NodeKind};
use crate::restore::RestoredJob;

/// What the thread is asked to do.
pub(super) enum IoTask {
    /// Open the snapshot and have every sink recover from it.
    Recover {
        attempt: AttemptNumber,
        snapshot: Option<String>,
    },
    /// Make the directory of a snapshot.
    Begin {
        attempt: AttemptNumber,
        checkpoint: CheckpointId,
        then: Then,
        directory: PathBuf,
        format: SnapshotFormat,
    },
    /// Put `_metadata` in place.
    Write {
        checkpoint: CheckpointId,
        target: SnapshotTarget,
        metadata: Box<SnapshotMetadata>,
    },
    /// Commit prepared output, each with the uid of its sink.
    Commit {
        checkpoint: CheckpointId,
        prepared: Vec<(String, Committable)>,
        /// The snapshot that holds it; `None`: none was written.
        directory: Option<PathBuf>,
    },
    /// Note that the job ended with this status, at this time of day: with this savepoint, or with its last snapshot
    /// deleted.
    MarkEnded {
        status: JobStatus,
        at: u64,
        savepoint: Option<String>,
    },
    /// Delete a completed snapshot.
    Dispose(String),
    /// Delete what an incomplete snapshot left.
    Discard(PathBuf),
}

/// Things that may wait to be done.
const TASKS: usize = 1_024;

/// The thread.
pub(super) struct IoThread {
    tasks: Option<Sender<IoTask>>,
    handle: Option<JoinHandle<()>>,
}

impl IoThread {
    /// Starts the thread. `first` is the snapshot that the job starts from, which has been opened and
    /// checked already.
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    pub(super) fn start(
        graph: Arc<JobGraph>,
        layout: SnapshotLayout,
        answers: Sender<Message>,
        first: Option<Arc<RestoredJob>>,
    ) -> Result<Self> {
        let given = first.as_ref().map(|first| {
            let allowed = first.allow_non_restored();
            (first.snapshot().location().clone(), allowed)
        });
        let (tasks, received) = crossbeam_channel::bounded(TASKS);
        let worker = IoWorker {
            graph,
            layout,
            answers,
            first,
            given,
            committers: BTreeMap::new(),
        };
        let handle = std::thread::Builder::new()
            .name("job-io".to_owned())
            .spawn(move || worker.run(&received))
            .map_err(|error| {
                Error::new(&codes::INTERNAL, "the job's I/O thread can't be started")
                    .cause(error)
                    .next("check the limit of threads (ulimit -u)")
            })?;
        Ok(Self {
            tasks: Some(tasks),
            handle: Some(handle),
        })
    }

    /// Has `task` done after everything asked for before.
    pub(super) fn submit(&self, task: IoTask) {
        if let Some(tasks) = &self.tasks {
            // The thread ends only in `stop`; if it panicked, the answer is missed and times out.
            drop(tasks.send(task));
        }
    }

    /// Ends the thread once everything asked for is done.
    pub(super) fn stop(&mut self) {
        self.tasks = None;
        if let Some(handle) = self.handle.take()
            && handle.join().is_err()
        {
            tracing::warn!("the job's I/O thread panicked");
        }
    }
}

struct IoWorker {
    graph: Arc<JobGraph>,
    layout: SnapshotLayout,
    answers: Sender<Message>,
    first: Option<Arc<RestoredJob>>,
    /// The snapshot that the user gave, and whether state may be dropped from it.
    given: Option<(Location, bool)>,
    /// By the uid of the sink.
    committers: BTreeMap<String, Box<dyn SinkCommitter>>,
}

impl IoWorker {
    fn run(mut self, tasks: &Receiver<IoTask>) {
        for task in tasks {
            if let Some(message) = self.perform(task) {
                // A driver that has ended needs no answer.
                drop(self.answers.send(message));
            }
        }
    }

    fn perform(&mut self, task: IoTask) -> Option<Message> {
        match task {
            IoTask::Recover { attempt, snapshot } => Some(self.recover(attempt, snapshot)),
            IoTask::Begin {
                attempt,
                checkpoint,
                then,
                directory,
                format,
            } => Some(Message::Begun {
                attempt,
                checkpoint,
                then,
                target: SnapshotTarget::create(directory, format),
            }),
            IoTask::Write {
                checkpoint,
                target,
                metadata,
            } => {
                let result = target.complete(&metadata);
                let result = result.map(|location| location.to_string());
                Some(Message::Written { checkpoint, result })
            }
            IoTask::Commit {
                checkpoint,
                prepared,
                directory,
            } => {
                let result = self.commit_all(&prepared, directory.as_deref());
                Some(Message::Committed { checkpoint, result })
            }
            IoTask::MarkEnded {
                status,
                at,
                savepoint,
            } => {
                self.mark_ended(status, at, savepoint.as_deref());
                None
            }
            IoTask::Dispose(path) => {
                let disposed = path
                    .parse::<Location>()
                    .and_then(|place| dispose(&place, false));
                if let Err(error) = disposed {
                    tracing::warn!("Snapshot {path} could not be deleted: {error}");
                }
                None
            }
            IoTask::Discard(directory) => {
                if let Err(error) = discard_incomplete(&directory) {
                    tracing::debug!("{} stays: {error}", directory.display());
                }
                None
            }
        }
    }

    fn mark_ended(&self, status: JobStatus, at: u64, savepoint: Option<&str>) {
        let ended = Ended {
            job_id: self.layout.job(),
            job_name: self.graph.name.clone(),
            status: status.name().to_owned(),
            ended: at,
            savepoint: savepoint.map(str::to_owned),
            number: None,
            lineage: Lineage::default(),
        };
        if let Err(error) = mark_ended(self.layout.checkpoints(), &ended) {
            tracing::warn!("The end of the job could not be noted: {error}");
        }
    }

    /// Commits what a snapshot holds, and notes beside it that this is done.
    fn commit_all(
        &mut self,
        prepared: &[(String, Committable)],
        directory: Option<&Path>,
    ) -> CommitResult {
        let result = guarded(|| self.commit(prepared)).unwrap_or_else(|error| {
            // Commits are safe to repeat, so this one is tried again.
            CommitResult::Unreachable {
                output: "a sink".to_owned(),
                reason: error.to_string(),
            }
        });
        if let (CommitResult::Done { .. }, Some(directory)) = (&result, directory)
            && !prepared.is_empty()
            && let Err(error) = mark_committed(directory)
        {
            tracing::debug!("{error}");
        }
        result
    }

    fn recover(&mut self, attempt: AttemptNumber, snapshot: Option<String>) -> Message {
        match guarded(|| self.try_recover(snapshot)).flatten() {
            Ok((restored, result)) => Message::Recovered {
                attempt,
                restored,
                result,
            },
            Err(error) => Message::RecoveryFailed { attempt, error },
        }
    }

    fn try_recover(
        &mut self,
        snapshot: Option<String>,
    ) -> Result<(Option<Arc<RestoredJob>>, CommitResult)> {
        let restored = snapshot.map(|path| self.open(&path)).transpose()?;
        self.committers.clear();
        let uids = self.graph.uids();
        let mut total = Tally::default();
        for (node, uid) in self.graph.nodes.iter().zip(uids) {
            let NodeKind::Sink(factory) = &node.kind else {
                continue;
            };
            let context = CommitterContext {
                job: self.layout.job(),
                uid: uid.clone(),
                parallelism: node.parallelism,
                lineage: Lineage::default(),
                run: 1,
                cancelled: Cancelled::default(),
            };
            let Some(mut committer) = factory.committer(context)? else {
                continue;
            };
            let prepared = restored
                .as_ref()
                .map(|job| job.prepared(&uid))
                .unwrap_or_default();
            let entries = restored
                .as_ref()
                .map(|job| job.operator(&uid).entries)
                .unwrap_or_default();
            match committer.recover(&prepared, &entries) {
                Ok(outcomes) => {
                    for (committable, outcome) in prepared.iter().zip(outcomes) {
                        if let Some(failed) = total.count(&committable.name, outcome) {
                            return Ok((restored, failed));
                        }
                    }
                }
                Err(error) => {
                    let (output, reason) = (node.title(), error.to_string());
                    return Ok((restored, CommitResult::Unreachable { output, reason }));
                }
            }
            self.committers.insert(uid, committer);
        }
        Ok((restored, total.done()))
    }

    fn open(&mut self, path: &str) -> Result<Arc<RestoredJob>> {
        let location: Location = path.parse()?;
        if let Some(first) = self.first.take()
            && *first.snapshot().location() == location
        {
            // Checked when the job was prepared; a later attempt checks it again.
            return Ok(first);
        }
        // The job's own checkpoints hold what the job has, whatever it was allowed to drop at its start.
        let given = self.given.as_ref().filter(|(given, _)| *given == location);
        let allowed = given.is_none_or(|(_, allowed)| *allowed);
        RestoredJob::check(Snapshot::open(&location)?, &self.graph, allowed)
    }

    /// Commits what a snapshot holds, all of one sink at once.
    fn commit(&mut self, prepared: &[(String, Committable)]) -> CommitResult {
        let mut of_sinks: BTreeMap<&str, Vec<Committable>> = BTreeMap::new();
        for (uid, committable) in prepared {
            of_sinks.entry(uid).or_default().push(committable.clone());
        }
        let mut total = Tally::default();
        for (uid, committables) in of_sinks {
            let first = committables.first().map(|first| first.name.clone());
            let output = first.unwrap_or_default();
            let Some(committer) = self.committers.get_mut(uid) else {
                let reason = format!("the sink with uid {uid} has no committer");
                return CommitResult::Lost { output, reason };
            };
            let outcomes = committer.commit(&committables);
            let outcomes = outcomes.and_then(|outcomes| match outcomes.len() {
                answered if answered == committables.len() => Ok(outcomes),
                answered => Err(Error::new(
                    &codes::INTERNAL,
                    format!(
                        "the sink with uid {uid} answered {answered} outcomes for {} outputs",
                        committables.len()
                    ),
                )),
            });
            match outcomes {
                Ok(outcomes) => {
                    for (committable, outcome) in committables.iter().zip(outcomes) {
                        if let Some(failed) = total.count(&committable.name, outcome) {
                            return failed;
                        }
                    }
                }
                Err(error) => {
                    return CommitResult::Unreachable {
                        output,
                        reason: error.to_string(),
                    };
                }
            }
        }
        total.done()
    }
}

/// Does work of a sink, whose panic is an error.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(panic.as_ref()))
}

/// Counts outcomes until one is not a success.
#[derive(Default)]
struct Tally {
    committed: u64,
    already: u64,
}

impl Tally {
    fn count(&mut self, output: &str, outcome: CommitOutcome) -> Option<CommitResult> {
        let output = output.to_owned();
        match outcome {
            CommitOutcome::Committed => self.committed += 1,
            CommitOutcome::AlreadyCommitted => self.already += 1,
            CommitOutcome::Lost(reason) => return Some(CommitResult::Lost { output, reason }),
            CommitOutcome::Unknown(reason) => {
                return Some(CommitResult::Unknown { output, reason });
            }
        }
        None
    }

    fn done(self) -> CommitResult {
        CommitResult::Done {
            committed: self.committed,
            already: self.already,
        }
    }
}
