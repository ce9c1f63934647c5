//! The driver of a job: feeds the pure state machine with what happens, and does what it decides.
//!
//! One thread runs [`run`] for the whole life of the job, over all attempts. It never waits for a
//! disk or a sink: [`io`] does, on a thread of its own.

mod actions;
mod io;
mod messages;
mod observer;
mod snapshot;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use millstream_core::{CheckpointId, Configuration, Error, JobId, JobStatus, Result, codes};
use millstream_protocol::{
    Attempt as AttemptNumber, ClaimMode, CommitResult, Event, Facts, Failure, JobMachine,
    JobSettings, Millis, Offer, Request, RestoredFrom, SnapshotRef, TaskId, TaskInfo, Then,
};
use millstream_storage::{
    Location, Snapshot, SnapshotKind as StoredKind, SnapshotLayout, SnapshotTarget,
};

pub use crate::messages::TaskSnapshot;
pub use observer::{CheckpointStart, CheckpointStatistics, Observer, TaskView};

use crate::attempt::Attempt;
use crate::graph::JobGraph;
use crate::messages::{AttemptEvent, TaskKey};
use crate::plan::Plan;
use crate::restore::RestoredJob;
use io::IoThread;
use snapshot::Snapshots;

/// Everything that a job is started with.
pub struct JobSpec {
    /// The job's id.
    pub id: JobId,
    /// What runs.
    pub graph: JobGraph,
    /// Checkpoints, restarts, cancellation.
    pub configuration: Configuration,
    /// Where checkpoints go.
    pub checkpoints: Location,
    /// Where savepoints go that name no directory.
    pub savepoints: Option<Location>,
    /// The snapshot that the user has the job go on from.
    pub restore: Option<Restore>,
    /// What is known of the job's past, where an earlier process ran it. [`Facts::restored_from`] is taken
    /// from `restore`.
    pub past: Facts,
    /// Random numbers: ids of attempts, names of savepoints, jitter of restarts.
    pub random: Box<dyn FnMut() -> u64 + Send>,
    /// The time of day in milliseconds since 1970-01-01T00:00:00Z.
    pub time_of_day: fn() -> u64,
}

/// The snapshot that a job goes on from.
#[derive(Debug, Clone)]
pub struct Restore {
    /// Where it lies.
    pub location: Location,
    /// Whether state that no operator takes is dropped.
    pub allow_non_restored: bool,
    /// Who owns it from now on.
    pub claim: ClaimMode,
}

/// How a job ended.
#[derive(Debug, Clone)]
pub struct JobOutcome {
    /// FINISHED, CANCELED or FAILED.
    pub status: JobStatus,
    /// Why it failed: the root cause.
    pub cause: Option<Failure>,
    /// Why it was not restarted.
    pub gave_up: Option<String>,
}

/// Asks a running job for something, from any thread.
#[derive(Clone)]
pub struct JobControl {
    messages: Sender<Message>,
}

impl JobControl {
    /// Asks for `request`. Its operation ends exactly once, told by [`Observer::operation_ended`].
    ///
    /// # Errors
    /// The job has ended.
    pub fn request(&self, request: Request) -> Result<()> {
        self.messages.send(Message::Request(request)).map_err(|_| {
            Error::new(&codes::JOB_STATE, "the job has ended")
                .next("start it again from its last snapshot")
        })
    }
}

/// What the driver is told.
enum Message {
    Attempt(AttemptNumber, AttemptEvent),
    Request(Request),
    Recovered {
        attempt: AttemptNumber,
        restored: Option<Arc<RestoredJob>>,
        result: CommitResult,
    },
    RecoveryFailed {
        attempt: AttemptNumber,
        error: Error,
    },
    Begun {
        attempt: AttemptNumber,
        checkpoint: CheckpointId,
        then: Then,
        target: Result<SnapshotTarget>,
    },
    Written {
        checkpoint: CheckpointId,
        result: Result<String>,
    },
    Committed {
        checkpoint: CheckpointId,
        result: CommitResult,
    },
}

/// Messages of each task that may be under way to the driver: a boundary many times over.
const MESSAGES_OF_A_TASK: usize = 64;
/// Messages under way to the driver that are no task's, at most.
const OTHER_MESSAGES: usize = 1_024;
/// The driver looks around this often even when nothing is due.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A job that is ready to run.
pub struct Job {
    driver: Driver,
    messages: Receiver<Message>,
    control: JobControl,
}

impl Job {
    /// Checks everything that can be checked before a job runs: its graph, its options, and the snapshot it
    /// goes on from.
    ///
    /// # Errors
    /// Names what does not fit.
    #[allow(clippy::disallowed_methods, reason = "the home of the driver's clock")]
    pub fn prepare(mut spec: JobSpec, observer: Box<dyn Observer>) -> Result<Self> {
        spec.graph.validate()?;
        let plan = Arc::new(Plan::of(&spec.graph));
        let workers = plan.workers(&spec.configuration)?;
        // A channel takes the memory of all its places at once, so it has no more than the job can fill.
        let places = plan.tasks() * MESSAGES_OF_A_TASK + OTHER_MESSAGES;
        let (sender, messages) = crossbeam_channel::bounded(places);
        let mut facts = spec.past;
        let mut restored = None;
        if let Some(restore) = &spec.restore {
            let snapshot = Snapshot::open(&restore.location)?;
            if snapshot.metadata().drained {
                tracing::warn!(
                    "{} was drained: time had come to its end, so windows and timers fired early and are not in it. Suspend, do not \
                     drain, a job that is to go on.",
                    snapshot.location()
                );
            }
            facts.restored_from = Some(restored_from(&snapshot, restore));
            restored = Some(RestoredJob::check(
                snapshot,
                &spec.graph,
                restore.allow_non_restored,
            )?);
        }
        let settings = JobSettings::from_configuration(&spec.configuration, task_infos(&plan))?;
        let machine = JobMachine::new(settings, facts, (spec.random)());
        let graph = Arc::new(spec.graph);
        let layout = SnapshotLayout::new(spec.checkpoints, spec.id);
        let io = IoThread::start(graph.clone(), layout.clone(), sender.clone(), restored)?;
        let snapshots = Snapshots::new(
            spec.id,
            graph.clone(),
            plan.clone(),
            layout,
            spec.savepoints,
        );
        let driver = Driver {
            id: spec.id,
            graph,
            plan,
            workers,
            machine,
            observer,
            io,
            snapshots,
            sender: sender.clone(),
            attempt: None,
            attempt_ids: Vec::new(),
            ids_of: 0,
            restored: None,
            started: Instant::now(),
            random: spec.random,
            time_of_day: spec.time_of_day,
            outcome: None,
            final_commit: false,
        };
        Ok(Self {
            driver,
            messages,
            control: JobControl { messages: sender },
        })
    }

    /// Asks the job for something while it runs.
    pub fn control(&self) -> JobControl {
        self.control.clone()
    }

    /// Runs the job to its end, over all its attempts.
    pub fn run(mut self) -> JobOutcome {
        self.driver.step(Event::Start);
        loop {
            if let Some(outcome) = self.driver.outcome.take() {
                self.driver.io.stop();
                return outcome;
            }
            let wait = self.driver.until_deadline();
            match self.messages.recv_timeout(wait) {
                Ok(message) => self.driver.receive(message),
                // The driver holds a sender itself, so the channel never closes.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.driver.step(Event::Tick);
                }
            }
        }
    }
}

fn restored_from(snapshot: &Snapshot, restore: &Restore) -> RestoredFrom {
    let metadata = snapshot.metadata();
    let snapshot = SnapshotRef {
        checkpoint: metadata.checkpoint_id,
        path: snapshot.location().to_string(),
        savepoint: metadata.kind == StoredKind::Savepoint,
    };
    RestoredFrom {
        offer: Offer {
            snapshot,
            damage: None,
        },
        claim: restore.claim,
    }
}

fn task_infos(plan: &Plan) -> Vec<TaskInfo> {
    let vertices = plan.vertices.iter().enumerate();
    vertices
        .flat_map(|(number, vertex)| {
            (0..vertex.parallelism).map(move |subtask| TaskInfo {
                task: task_id(TaskKey {
                    vertex: number,
                    subtask,
                }),
                name: vertex.task_name(subtask),
                is_source: vertex.is_source,
            })
        })
        .collect()
}

fn task_id(key: TaskKey) -> TaskId {
    TaskId {
        vertex: key.vertex as u32,
        subtask: key.subtask as u32,
    }
}

/// The state of a running job.
struct Driver {
    id: JobId,
    graph: Arc<JobGraph>,
    plan: Arc<Plan>,
    workers: usize,
    machine: JobMachine,
    observer: Box<dyn Observer>,
    io: IoThread,
    snapshots: Snapshots,
    sender: Sender<Message>,
    attempt: Option<(AttemptNumber, Attempt)>,
    /// Ids of the present attempt's tasks, by vertex, then subtask.
    attempt_ids: Vec<Vec<millstream_core::AttemptId>>,
    /// The attempt that these ids belong to.
    ids_of: AttemptNumber,
    restored: Option<Arc<RestoredJob>>,
    started: Instant,
    random: Box<dyn FnMut() -> u64 + Send>,
    time_of_day: fn() -> u64,
    outcome: Option<JobOutcome>,
    /// Whether the job ends with a commit that no snapshot tells of.
    final_commit: bool,
}

impl Driver {
    fn now(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn until_deadline(&self) -> Duration {
        let deadline = self.machine.next_deadline();
        deadline.map_or(LONGEST_WAIT, |deadline| {
            deadline.since(self.now()).min(LONGEST_WAIT)
        })
    }

    /// Tells the machine, and does what it decides.
    fn step(&mut self, event: Event) {
        let before = self.machine.failure_count();
        let actions = self.machine.handle(self.now(), event);
        let new = self.machine.failure_count().saturating_sub(before);
        let known = self.machine.failures().count();
        let old = known.saturating_sub(usize::try_from(new).unwrap_or(known));
        for failure in self.machine.failures().skip(old) {
            self.observer.failed(failure);
        }
        for action in actions {
            self.act(action);
        }
    }
}
