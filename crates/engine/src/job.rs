//! The driver of a job: feeds the pure state machine with what happens, and does what it decides.
//!
//! One thread runs [`run`] for the whole life of the job, over all attempts. It never waits for a
//! disk or a sink: [`io`] does, on a thread of its own.

mod actions;
mod io;
mod keeper;
mod messages;
mod observer;
mod others;
mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use millstream_core::options::LiveSettings;
use millstream_core::{CheckpointId, Configuration, Error, JobId, JobStatus, Result, codes};
use millstream_protocol::{
    Attempt as AttemptNumber, ClaimMode, CommitResult, Event, Facts, Failure, JobMachine,
    JobSettings, Millis, Request, TaskId, TaskInfo, Then,
};
use millstream_storage::{Behind, Location, SnapshotLayout};

pub use crate::messages::TaskSnapshot;
pub use keeper::{Keeper, NewJob, Run};
pub use observer::{CheckpointStart, CheckpointStatistics, Observer, TaskView};

use crate::attempt::Attempt;
use crate::connector::Cancelled;
use crate::graph::JobGraph;
use crate::messages::{AttemptEvent, Targets, TaskKey};
use crate::plan::Plan;
use crate::rate::RateLimit;
use crate::restore::RestoredJob;
use io::{IoStart, IoThread, Recovered, WrittenAs, restored_from};
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
    /// Who looks for what the job has, and numbers its attempts.
    pub keeper: Box<dyn Keeper>,
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
    /// Whether the job has run before: then it is waited for where it can't be reached, and not missed where the job has newer
    /// snapshots of its own. At the first start that is an error.
    pub has_run: bool,
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
    messages: Sender<Box<Message>>,
}

impl JobControl {
    /// Asks for `request`. Its operation ends exactly once, told by [`Observer::operation_ended`].
    ///
    /// # Errors
    /// The job has ended.
    pub fn request(&self, request: Request) -> Result<()> {
        let message = Box::new(Message::Request(request));
        self.messages.send(message).map_err(|_| {
            Error::new(&codes::JOB_STATE, "the job has ended")
                .next("start it again from its last snapshot")
        })
    }

    /// Changes settings of the job while it runs; those that are not set stay as they are.
    ///
    /// # Errors
    /// The job has ended.
    pub fn change(&self, settings: LiveSettings) -> Result<()> {
        let message = Box::new(Message::Change(settings));
        self.messages.send(message).map_err(|_| {
            Error::new(&codes::JOB_STATE, "the job has ended")
                .next("start it again from its last snapshot")
        })
    }
}

/// What the driver is told.
enum Message {
    Attempt(AttemptNumber, AttemptEvent),
    Request(Request),
    Change(LiveSettings),
    Recovered {
        attempt: AttemptNumber,
        recovered: Box<Recovered>,
    },
    RecoveryFailed {
        attempt: AttemptNumber,
        error: Error,
    },
    Begun {
        attempt: AttemptNumber,
        checkpoint: CheckpointId,
        then: Then,
        targets: Result<Targets>,
    },
    Looked(Box<Facts>),
    Written {
        checkpoint: CheckpointId,
        result: Result<WrittenAs>,
    },
    Committed {
        checkpoint: CheckpointId,
        result: CommitResult,
    },
}

/// Messages of each task that may be under way to the driver: a boundary many times over.
const MESSAGES_OF_A_TASK: usize = 64;
/// Messages under way to the driver that are no task's, at most.
const OTHER_MESSAGES: usize = 192;
/// The driver asks this often whether the I/O thread has room again, while it has none.
const WAIT_FOR_ROOM: Duration = Duration::from_millis(20);
/// The driver looks around this often even when nothing is due.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A job that is ready to run.
pub struct Job {
    driver: Driver,
    messages: Receiver<Box<Message>>,
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
        // A channel takes the memory of all its places at once, so it has no more than the job can fill, and messages are boxed.
        let places = plan.tasks() * MESSAGES_OF_A_TASK + OTHER_MESSAGES;
        let (sender, messages) = crossbeam_channel::bounded(places);
        let mut facts = spec.keeper.look();
        let first = spec.restore.as_ref();
        let first = first.map(|restore| open_given(restore, &spec.graph, &mut facts));
        let first = first.transpose()?.flatten();
        let settings = JobSettings::from_configuration(&spec.configuration, task_infos(&plan))?;
        let on_lost = settings.on_lost_output;
        let rate = RateLimit::default();
        let live = LiveSettings::of(&spec.configuration)?;
        rate.set(live.records, live.bytes);
        let machine = JobMachine::new(settings, facts, (spec.random)());
        let graph = Arc::new(spec.graph);
        let layout = SnapshotLayout::new(spec.checkpoints, spec.id);
        let start = IoStart {
            graph: graph.clone(),
            layout: layout.clone(),
            keeper: spec.keeper,
            given: spec.restore,
            first,
            on_lost,
        };
        let io = IoThread::new(start, sender.clone());
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
            behind: Behind::default(),
            run: None,
            cancelled: (0, Cancelled::default()),
            rate: Arc::new(rate),
            started: Instant::now(),
            random: spec.random,
            time_of_day: spec.time_of_day,
            outcome: None,
            final_commit: false,
            warned: None,
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
                let looks_only = self.driver.machine.attempt() == 0;
                self.driver.io.stop(looks_only);
                return outcome;
            }
            let wait = self.driver.until_deadline();
            match self.messages.recv_timeout(wait) {
                Ok(message) => self.driver.receive(*message),
                // The driver holds a sender itself, so the channel never closes.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    self.driver.step(Event::Tick);
                }
            }
        }
    }
}

/// Opens the snapshot that the user gave, for the first attempt that goes on from it.
fn open_given(
    restore: &Restore,
    graph: &JobGraph,
    facts: &mut Facts,
) -> Result<Option<Arc<RestoredJob>>> {
    let (restored_from, opened) = restored_from(restore, graph);
    facts.restored_from = Some(restored_from);
    match opened {
        Ok(opened) => {
            let snapshot = opened.snapshot();
            if snapshot.metadata().drained {
                tracing::warn!(
                    "{} was drained: time had come to its end, so windows and timers fired early and are not in it. Suspend, do not \
                     drain, a job that is to go on.",
                    snapshot.location()
                );
            }
            Ok(Some(opened))
        }
        // What it comes to is told by the facts.
        Err(_) if restore.has_run => Ok(None),
        Err(error) => Err(error),
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
    sender: Sender<Box<Message>>,
    attempt: Option<(AttemptNumber, Attempt)>,
    /// Ids of the present attempt's tasks, by vertex, then subtask.
    attempt_ids: Vec<Vec<millstream_core::AttemptId>>,
    /// The attempt that these ids belong to.
    ids_of: AttemptNumber,
    restored: Option<Arc<RestoredJob>>,
    /// Where other jobs may have noted what they read behind that snapshot.
    behind: Behind,
    /// The present attempt in its lineage.
    run: Option<Run>,
    /// Tells the committers of an attempt to give up.
    cancelled: (AttemptNumber, Cancelled),
    /// How fast sources may go.
    rate: Arc<RateLimit>,
    started: Instant,
    random: Box<dyn FnMut() -> u64 + Send>,
    time_of_day: fn() -> u64,
    outcome: Option<JobOutcome>,
    /// Whether the job ends with a commit that no snapshot tells of.
    final_commit: bool,
    /// What the machine has warned of last, and when.
    warned: Option<(String, Millis)>,
}

impl Driver {
    fn now(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn until_deadline(&mut self) -> Duration {
        let longest = if self.io.send_waiting() {
            WAIT_FOR_ROOM
        } else {
            LONGEST_WAIT
        };
        let deadline = self.machine.next_deadline();
        deadline.map_or(longest, |deadline| deadline.since(self.now()).min(longest))
    }

    /// Tells the machine, and does what it decides.
    fn step(&mut self, event: Event) {
        let mut now = self.now();
        // Whether a snapshot that is given up counts is decided by what holds it up at that moment.
        if self.machine.is_snapshot_overdue(now)
            && let Some(waits) = self.sinks_wait()
        {
            self.step_at(now, waits);
            now = self.now();
        }
        self.step_at(now, event);
    }

    /// What sinks wait for that may hold the running snapshot up; `None`: nothing.
    fn sinks_wait(&self) -> Option<Event> {
        let checkpoint = self.machine.running_snapshot()?.checkpoint;
        // A directory that can't be made holds it up before any sink does.
        if !self.snapshots.is_told(checkpoint) {
            return None;
        }
        let (attempt, running) = self.attempt.as_ref()?;
        let sinks = running.sinks_wait();
        let sinks: BTreeMap<_, _> = sinks.map(|(task, why)| (task_id(task), why)).collect();
        let attempt = *attempt;
        (!sinks.is_empty()).then_some(Event::SinksWait { attempt, sinks })
    }

    fn step_at(&mut self, now: Millis, event: Event) {
        let before = self.machine.failure_count();
        let actions = self.machine.handle(now, event);
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
