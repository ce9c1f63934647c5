//! One attempt of a job: the plan laid out on timely's workers, from deployment to the end of every
//! task.
//!
//! An attempt is told what to do by [`Command`]s and tells what happens by [`AttemptEvent`]s. It decides
//! nothing: the job's state machine does.

pub(crate) mod enumerators;
pub(crate) mod layout;
pub(crate) mod snapshots;
pub(crate) mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::Thread;

use crossbeam_channel::{Receiver, Sender};
use millstream_core::{CheckpointId, Error, JobId, Lineage, Result, codes};
use millstream_storage::Behind;
use parking::Parked;

use crate::graph::JobGraph;
use crate::messages::{Command, EventSender, SnapshotSender, TaskKey};
use crate::metrics::TaskMetrics;
use crate::plan::Plan;
use crate::rate::RateLimit;
use crate::restore::{RestoredJob, RestoredSources};
use crate::task::control::{Deliveries, SourceWakers, TickClock};
use enumerators::EnumeratorThread;
use snapshots::SnapshotThread;
pub(crate) use worker::panicked;

mod parking {
    //! Handles of the worker threads, to wake them for a command.

    use std::sync::Mutex;
    use std::thread::Thread;

    /// The worker threads by number, as far as they have started.
    #[derive(Default)]
    pub(crate) struct Parked(Mutex<Vec<Option<Thread>>>);

    impl Parked {
        pub(crate) fn register(&self, worker: usize, thread: Thread) {
            let mut threads = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if threads.len() <= worker {
                threads.resize(worker + 1, None);
            }
            if let Some(place) = threads.get_mut(worker) {
                *place = Some(thread);
            }
        }

        pub(crate) fn unpark_all(&self) {
            let threads = self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            threads.iter().flatten().for_each(Thread::unpark);
        }
    }
}

/// What an attempt is started with.
pub(crate) struct AttemptSpec {
    pub(crate) job: JobId,
    pub(crate) graph: Arc<JobGraph>,
    pub(crate) plan: Arc<Plan>,
    /// How many threads share the tasks.
    pub(crate) workers: usize,
    /// The jobs that went before.
    pub(crate) lineage: Lineage,
    /// The number of this attempt within the lineage.
    pub(crate) run: u64,
    pub(crate) next_checkpoint: CheckpointId,
    /// The tick that the attempt begins with: 0, but in tests of what happens when they run out.
    pub(crate) first_tick: u32,
    pub(crate) restored: Option<Arc<RestoredJob>>,
    /// The job's own directory below that of the checkpoints, for notes of enumerators.
    pub(crate) directory: Option<PathBuf>,
    /// Where other jobs may have noted what they read behind the snapshot.
    pub(crate) behind: Behind,
    /// How fast sources may go.
    pub(crate) rate: Arc<RateLimit>,
    /// By vertex, then subtask.
    pub(crate) metrics: Vec<Vec<TaskMetrics>>,
}

/// What all workers of an attempt share.
pub(crate) struct Shared {
    pub(crate) spec: AttemptSpec,
    pub(crate) events: EventSender,
    pub(crate) clock: TickClock,
    pub(crate) snapshots: SnapshotSender,
    pub(crate) parked: Parked,
    /// The sources of the process, for one that waits for the others.
    pub(crate) sources: SourceWakers,
    /// What a snapshot holds for the sources, for readers and enumerators.
    pub(crate) restored_sources: RestoredSources,
    /// What enumerators have found and readers have not taken.
    pub(crate) deliveries: Deliveries,
    /// Workers that have not ended.
    alive: AtomicUsize,
    /// Whether sources are to end, with everything committed.
    finish: AtomicBool,
    /// Whether everything is to end at once.
    cancel: AtomicBool,
    commands: Vec<Receiver<Box<Command>>>,
}

/// A running attempt.
pub(crate) struct Attempt {
    shared: Arc<Shared>,
    commands: Sender<Box<Command>>,
    guards: Option<timely::communication::WorkerGuards<()>>,
    enumerators: Option<EnumeratorThread>,
    snapshots: Option<SnapshotThread>,
}

/// Commands that may wait for a worker. Few are ever under way: one boundary at a time, and the announcements that
/// readers have not taken. They are boxed: a channel takes the memory of all its places at once.
const COMMANDS: usize = 1_024;
/// Commands that may wait for the enumerators: those of a few boundaries.
const COMMANDS_OF_THE_DRIVER: usize = 128;

impl Attempt {
    /// Starts the workers.
    ///
    /// # Errors
    /// The machine gives no threads.
    pub(crate) fn start(spec: AttemptSpec, events: EventSender) -> Result<Self> {
        let workers = spec.workers;
        let (workers_commands, received): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| crossbeam_channel::bounded(COMMANDS))
            .unzip();
        let (commands, commanded) = crossbeam_channel::bounded(COMMANDS_OF_THE_DRIVER);
        let (deliveries, bell) = Deliveries::new();
        let (snapshots, sender) = SnapshotThread::new(spec.plan.tasks(), events.clone());
        let restored_sources =
            RestoredSources::of(&spec.plan, &spec.graph, spec.restored.as_deref());
        let shared = Arc::new(Shared {
            spec,
            events,
            clock: TickClock::default(),
            snapshots: sender,
            parked: Parked::default(),
            sources: SourceWakers::default(),
            restored_sources,
            deliveries,
            alive: AtomicUsize::new(workers),
            finish: AtomicBool::new(false),
            cancel: AtomicBool::new(false),
            commands: received,
        });
        let enumerators =
            EnumeratorThread::start(shared.clone(), commanded, workers_commands, bell)?;
        let communication = match workers {
            1 => timely::CommunicationConfig::Thread,
            _ => timely::CommunicationConfig::Process(workers),
        };
        let config = timely::Config {
            communication,
            worker: timely::WorkerConfig::default(),
        };
        let for_workers = shared.clone();
        let guards = timely::execute(config, move |worker| worker::run(worker, &for_workers))
            .map_err(|error| {
                Error::new(
                    &codes::INTERNAL,
                    "the job's worker threads can't be started",
                )
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
            })?;
        Ok(Self {
            shared,
            commands,
            guards: Some(guards),
            enumerators: Some(enumerators),
            snapshots: Some(snapshots),
        })
    }

    /// Tells every worker, behind what enumerators have found before.
    ///
    /// # Errors
    /// So many commands wait that there is no room for another: an enumerator stands still.
    pub(crate) fn command(&self, command: Command) -> Result<()> {
        self.commands.try_send(Box::new(command)).map_err(|_| {
            Error::new(
                &codes::TASK_STUCK,
                "the thread of enumerators takes no commands: an enumerator stands still",
            )
            .next("mend what waits in the source")
        })
    }

    /// What sinks wait for that lies outside the job, by their tasks.
    pub(crate) fn sinks_wait(&self) -> impl Iterator<Item = (TaskKey, String)> {
        let vertices = self.shared.spec.metrics.iter().enumerate();
        vertices.flat_map(|(vertex, subtasks)| {
            let subtasks = subtasks.iter().enumerate();
            subtasks.filter_map(move |(subtask, metrics)| {
                let why = metrics.source.sink_held_up.get()?;
                Some((TaskKey { vertex, subtask }, why))
            })
        })
    }

    /// Sources end; everything is committed. Workers hear of it behind whatever they were told before: a reader is to know that
    /// its last snapshot is committed.
    ///
    /// # Errors
    /// Those of [`command`](Self::command).
    pub(crate) fn finish(&self) -> Result<()> {
        self.shared.finish.store(true, Ordering::Release);
        self.command(Command::Finish)
    }

    /// Everything ends at once, whatever else was said.
    pub(crate) fn cancel(&self) {
        self.shared.cancel.store(true, Ordering::Release);
        if let Some(restored) = &self.shared.spec.restored {
            restored.snapshot().give_up();
        }
        self.shared.parked.unpark_all();
        self.shared.deliveries.ring();
    }

    /// Waits for the threads of an attempt that has told of its end, which is a matter of moments.
    pub(crate) fn join(mut self) {
        self.join_threads();
    }

    fn join_threads(&mut self) {
        if let Some(guards) = self.guards.take() {
            for result in guards.join() {
                if let Err(message) = result {
                    tracing::debug!("worker thread: {message}");
                }
            }
        }
        if let Some(enumerators) = self.enumerators.take() {
            enumerators.join();
        }
        if let Some(snapshots) = self.snapshots.take() {
            snapshots.join();
        }
    }
}

impl Shared {
    /// The commands for one worker.
    pub(crate) fn commands(&self, worker: usize) -> Option<&Receiver<Box<Command>>> {
        self.commands.get(worker)
    }

    /// Whether sources are to end, with everything committed.
    pub(crate) fn is_finishing(&self) -> bool {
        self.finish.load(Ordering::Acquire)
    }

    /// Whether everything is to end at once.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.load(Ordering::Acquire)
    }

    /// Whether sources are told nothing new.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_finishing() || self.is_cancelled()
    }

    /// A worker has ended.
    pub(crate) fn worker_ended(&self) {
        self.alive.fetch_sub(1, Ordering::AcqRel);
        self.deliveries.ring();
    }

    /// Whether all workers have.
    pub(crate) fn has_ended(&self) -> bool {
        self.alive.load(Ordering::Acquire) == 0
    }

    /// The worker thread is up.
    pub(crate) fn register(&self, worker: usize, thread: Thread) {
        self.parked.register(worker, thread);
    }
}

#[cfg(test)]
mod tests;
