//! The state of the job as reports tell it: shared by the driver, which changes it, and the socket, which sends it.

mod numbers;
mod plan;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use millstream_core::{Configuration, Error, JobId, JobStatus, TaskStatus, without_stop};
use millstream_engine::job::{JobOutcome, TaskView};
use millstream_engine::metrics::TaskMetrics;
use millstream_engine::{JobGraph, Plan};
use millstream_protocol::link::{FailureReport, JobReport, Submission};
use millstream_storage::Verified;

use numbers::Meter;
pub use plan::{PlanReport, plan_report};

/// So many operations that have ended are told without the server recording them: far more than a person asks for
/// while a server is away.
const UNRECORDED: usize = 10_000;

pub(super) struct State {
    pub(super) report: JobReport,
    /// The counters of the present attempt, by vertex, then subtask.
    metrics: Vec<Vec<TaskMetrics>>,
    meter: Meter,
    /// How far the checksums are of what tasks are restored from.
    pub(super) progress: Option<Progress>,
    /// What sources wait for, or tasks are about to read; shown where nothing else holds the job up.
    waits: Option<String>,
    /// Counts up with every change.
    version: u64,
    /// The version at which there was last what somebody waits for.
    awaited: u64,
    /// Whether the job runs, so that its numbers change by themselves.
    runs: bool,
    closed: bool,
}

/// How far the checksums of a snapshot are verified.
type Progress = Box<dyn Fn() -> Verified + Send>;

impl State {
    /// What sources wait for, else how far tasks are that read their state.
    fn waits_for(&self) -> Option<String> {
        let tasks = self.metrics.iter().flatten();
        // What can't be written holds up everything before it.
        let mut sinks = tasks
            .clone()
            .filter_map(|task| task.source.sink_held_up.get());
        let mut notices = tasks.filter_map(|task| task.source.held_up.get());
        sinks.next().or_else(|| notices.next()).or_else(|| {
            let subtasks = self.report.vertices.iter().flat_map(|v| &v.subtasks);
            let mut statuses = subtasks.map(|subtask| subtask.status);
            let Verified { bytes, of } = self.progress.as_ref()?();
            let reads = statuses.any(|status| status == TaskStatus::Initializing);
            (reads && bytes < of)
                .then(|| format!("tasks read their state: {bytes} of {of} bytes are verified"))
        })
    }

    /// What people and programs wait for: how the job is, whether all its tasks run, and how many operations have ended.
    fn stage(&self) -> (JobStatus, bool, usize) {
        let report = &self.report;
        let mut tasks = report.vertices.iter().flat_map(|v| &v.subtasks);
        let all_run = tasks.all(|subtask| subtask.status == TaskStatus::Running);
        (report.status, all_run, report.operations.len())
    }

    /// The report as it is told.
    fn told(&self) -> JobReport {
        JobReport {
            held_up: self.held_up_as_told(),
            ..self.report.clone()
        }
    }

    /// What holds the job up, as it is told.
    fn held_up_as_told(&self) -> Option<String> {
        let held_up = &self.report.held_up;
        if self.report.status.is_terminal() {
            return held_up.clone();
        }
        // What a snapshot waits for is known by what its tasks wait for.
        match (held_up, &self.waits) {
            (Some(what), Some(why)) => Some(format!("{what}: {why}")),
            (what, why) => what.clone().or_else(|| why.clone()),
        }
    }

    /// A new attempt counts from nothing.
    pub(super) fn begin_attempt(&mut self, tasks: &[TaskView]) {
        self.meter.reset();
        self.metrics = self
            .report
            .vertices
            .iter()
            .map(|vertex| vec![TaskMetrics::default(); vertex.subtasks.len()])
            .collect();
        for task in tasks {
            let vertex = self.metrics.get_mut(task.key.vertex);
            if let Some(metrics) = vertex.and_then(|v| v.get_mut(task.key.subtask)) {
                *metrics = task.metrics.clone();
            }
        }
    }
}

/// The state, shared.
#[derive(Clone)]
pub(super) struct SharedState {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    /// Rings where the state is told; nothing: nobody listens yet.
    bell: OnceLock<mio::Waker>,
}

/// How the state is, for whoever tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Present {
    /// Counts up with every change.
    pub(super) version: u64,
    /// The version at which there was last what is told at once.
    pub(super) awaited: u64,
    /// There will be no newer versions.
    pub(super) is_closed: bool,
}

impl SharedState {
    /// The state of a job whose graph is known, and nothing else yet.
    pub(super) fn new(
        job: JobId,
        graph: &JobGraph,
        plan: &Plan,
        configuration: &Configuration,
        now: u64,
    ) -> Self {
        let report = JobReport {
            vertices: plan::vertices(graph, plan, now),
            max_parallelism: u32::from(graph.max_parallelism.get()),
            configuration: configuration.without_secrets(),
            ..empty(job, graph.name.clone(), JobStatus::Initializing, now)
        };
        let state = State {
            report,
            metrics: Vec::new(),
            progress: None,
            waits: None,
            meter: Meter::default(),
            version: 1,
            awaited: 1,
            runs: false,
            closed: false,
        };
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(state),
                bell: OnceLock::new(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let state = self.inner.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings `bell` with every change from now on.
    pub(super) fn ring_with(&self, bell: mio::Waker) {
        // There is one who tells, and it begins once.
        drop(self.inner.bell.set(bell));
    }

    fn ring(&self) {
        if let Some(Err(error)) = self.inner.bell.get().map(mio::Waker::wake) {
            tracing::debug!("a change is told a second late: {error}");
        }
    }

    /// Changes the state and wakes those who tell it.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let before = state.stage();
        change(&mut state);
        let surplus = state.report.operations.len().saturating_sub(UNRECORDED);
        state.report.operations.drain(..surplus);
        state.version += 1;
        if state.stage() != before {
            state.awaited = state.version;
        }
        drop(state);
        self.ring();
    }

    /// Whether the job runs: its numbers change by themselves.
    pub(super) fn runs(&self) -> bool {
        self.lock().runs
    }

    /// Takes the numbers of the tasks into the report. Answers whether any has changed.
    pub(super) fn refresh(&self, elapsed: Duration) -> bool {
        let mut state = self.lock();
        let State {
            report,
            metrics,
            meter,
            ..
        } = &mut *state;
        let mut changed = meter.read(metrics, &mut report.vertices, crate::clock::now(), elapsed);
        let waits = state.waits_for();
        changed |= waits != state.waits;
        state.waits = waits;
        if changed {
            state.version += 1;
            drop(state);
            self.ring();
        }
        changed
    }

    /// The report as it is.
    pub(super) fn report(&self) -> JobReport {
        self.lock().told()
    }

    /// Writes the report as it is told, and answers which version of it that is.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write_newest(&self, out: &mut Vec<u8>) -> serde_json::Result<u64> {
        let mut state = self.lock();
        // A report of a large job is large: no copy of it is made.
        let held_up = state.report.held_up.clone();
        state.report.held_up = state.held_up_as_told();
        let written = serde_json::to_writer(out, &state.report);
        state.report.held_up = held_up;
        written.map(|()| state.version)
    }

    /// How the state is.
    pub(super) fn present(&self) -> Present {
        let state = self.lock();
        Present {
            version: state.version,
            awaited: state.awaited,
            is_closed: state.closed,
        }
    }

    /// There will be no newer versions.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ring();
    }

    /// The job is ready to run.
    pub(super) fn built(&self, now: u64) {
        self.change(|state| {
            state.report.status = JobStatus::Created;
            state.report.switched.insert(JobStatus::Created, now);
            state.report.held_up = None;
            state.runs = true;
        });
    }

    /// The job has ended.
    pub(super) fn ended(&self, outcome: &JobOutcome, now: u64) {
        self.refresh(Duration::ZERO);
        self.change(|state| {
            state.report.status = outcome.status;
            state.report.switched.entry(outcome.status).or_insert(now);
            state.report.gave_up = outcome.gave_up.clone();
            state.runs = false;
        });
    }
}

/// The report of a job that could not be started.
pub(super) fn failed_to_start(submission: &Submission, error: &Error, now: u64) -> JobReport {
    let name = submission.entry.clone().unwrap_or_default();
    let mut report = empty(submission.job, name, JobStatus::Failed, now);
    report.failures.push(FailureReport {
        at: now,
        code: error.code().to_owned(),
        message: one_line(error),
        task: None,
        attempt: 0,
        process: None,
    });
    report
}

/// What happened, why and what to do, without the code.
fn one_line(error: &Error) -> String {
    let what = match error.cause_text() {
        Some(cause) => format!("{} ({cause})", without_stop(error.message())),
        None => error.message().to_owned(),
    };
    match error.next_step() {
        "" => what,
        step => format!("{what}; {step}"),
    }
}

fn empty(job: JobId, name: String, status: JobStatus, now: u64) -> JobReport {
    JobReport::begun(job, name, status, std::process::id(), now)
}
