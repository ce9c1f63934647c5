//! What a local job tells its user, and what it remembers for the summary.

mod kafka;

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use millstream_core::{CheckpointId, JobStatus, Numbers, TaskStatus, TriggerId, counted};
use millstream_engine::TaskKey;
use millstream_engine::connector::Counter;
use millstream_engine::job::{CheckpointStatistics, JobOutcome, Observer, TaskView};
use millstream_protocol::{Failure, OperationResult};
use millstream_storage::Location;

use crate::clock::{now, readable};
use kafka::Sent;

/// The exit status of a job that ended by SIGTERM without a savepoint: what a shell says of a program that SIGTERM ends.
const ENDED_BY_SIGNAL: i32 = 143;

/// The numbers that progress lines and the summary are made of: those of this run, over all its attempts. What an
/// earlier run did is not among them; what is read again after a failure counts again.
#[derive(Debug, Clone, Default)]
pub(super) struct Totals {
    pub(super) records: u64,
    pub(super) bad_records: u64,
    pub(super) bad_files: u64,
    pub(super) lost_files: u64,
    pub(super) bytes: u64,
    pub(super) bytes_total: u64,
    pub(super) files: u64,
    pub(super) files_total: u64,
    /// Whether the files are partitions.
    pub(super) partitions: bool,
    /// What sinks of Kafka have sent; `None`: there are none.
    pub(super) sent: Option<Sent>,
}

impl Totals {
    /// What the sources read one by one.
    pub(super) fn noun(&self) -> &'static str {
        if self.partitions { "partition" } else { "file" }
    }
}

/// The newest snapshot that a job would go on from.
#[derive(Debug, Clone)]
pub(super) struct Newest {
    path: String,
    /// Whether `-s latest` finds it, too.
    is_latest: bool,
}

impl Newest {
    /// The one that the job was started from. `is_latest`: as the newest of its name.
    pub(super) fn given(location: &Location, is_latest: bool) -> Self {
        Self {
            path: location.to_string(),
            is_latest,
        }
    }

    /// One of the run itself.
    fn own(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            is_latest: true,
        }
    }

    /// The options by which a run goes on from it.
    fn options(&self) -> String {
        let path = &self.path;
        match self.is_latest {
            true => format!("-s latest, or -s {path}"),
            false => format!("-s {path}"),
        }
    }
}

/// Why there is nothing that could be stopped with a savepoint.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Down {
    /// What the job did instead, for people.
    pub(super) did: String,
    /// What it waited for, where that is known.
    pub(super) waited_for: Option<String>,
}

impl Down {
    /// Nothing of the job, or of its present attempt, runs yet.
    pub(super) fn not_begun(waited_for: Option<String>) -> Self {
        Self {
            did: "had not begun to run".to_owned(),
            waited_for,
        }
    }

    /// Ends the process, as a stop is asked for. What the job goes on from is on disk already.
    pub(super) fn leave(&self, name: &str, newest: Option<&Newest>) -> ! {
        let Self { did, waited_for } = self;
        let mut message = format!("Job \"{name}\" {did}, so it ended without a savepoint. ");
        message += &newest.map_or_else(
            || "It has completed no snapshot in this run: start it again as before.".to_owned(),
            |newest| {
                format!(
                    "Newest snapshot: {}\n\
                     You can resume your program from it with the run command: add {}",
                    newest.path,
                    newest.options()
                )
            },
        );
        if let Some(why) = waited_for {
            message += &format!("\nIt waited: {why}");
        }
        tell(&message);
        std::process::exit(ENDED_BY_SIGNAL);
    }
}

#[derive(Default)]
struct State {
    tasks: Vec<TaskView>,
    /// How many tasks of the present attempt do not run yet; `None`: it has none yet.
    starting: Option<usize>,
    checkpoints: u64,
    failed_checkpoints: u64,
    restarts: u64,
    /// What the attempts before the present one have read.
    past: Totals,
    /// Whether a stop is under way.
    stopping: bool,
    status: Option<JobStatus>,
    /// What the job waits for, in one line.
    held_up: Option<String>,
    /// Where records went up to the newest boundary that is committed.
    numbers: Option<Numbers>,
    newest: Option<Newest>,
}

impl State {
    /// How far the sources of the present attempt are.
    fn present(&self) -> Totals {
        let mut totals = Totals::default();
        for task in self.tasks.iter().filter(|task| task.is_source) {
            let source = &task.metrics.source;
            totals.records += source.records.get();
            totals.bad_records += source.bad_records.get();
            totals.bad_files += source.bad_files.get();
            totals.lost_files += source.lost_files.get();
            totals.bytes += source.bytes.get();
            totals.bytes_total += source.bytes_total.get();
            totals.files += source.files.get();
            totals.files_total += source.files_total.get();
            totals.partitions |= !source.splits.all().is_empty();
        }
        totals.sent = Sent::of(&self.tasks);
        totals
    }

    /// How many partitions the sources read, and how many records all and one of them were behind.
    fn behind(&self) -> (usize, Option<(u64, u64)>) {
        let sources = self.tasks.iter().filter(|task| task.is_source);
        let splits: Vec<_> = sources
            .flat_map(|task| task.metrics.source.splits.all())
            .collect();
        let lags: Option<Vec<u64>> = splits.iter().map(|(_, split)| split.lag()).collect();
        let most = lags.iter().flatten().max().copied().unwrap_or(0);
        (splits.len(), lags.map(|lags| (lags.iter().sum(), most)))
    }

    fn totals(&self) -> Totals {
        let mut totals = self.present();
        // Where the sources can't tell (yet) how much there is, nobody can.
        if totals.bytes_total > 0 {
            totals.bytes_total += self.past.bytes;
        }
        totals.files_total += self.past.files;
        totals.records += self.past.records;
        totals.bad_records += self.past.bad_records;
        totals.bad_files += self.past.bad_files;
        totals.lost_files += self.past.lost_files;
        totals.bytes += self.past.bytes;
        totals.files += self.past.files;
        totals.sent = match (totals.sent, self.past.sent) {
            (Some(sent), Some(past)) => Some(sent.and(past)),
            (sent, past) => sent.or(past),
        };
        totals
    }
}

/// Shared between the driver, which reports, and those who show it.
#[derive(Clone)]
pub(super) struct Watch {
    state: Arc<Mutex<State>>,
    bad_records: Counter,
    started: Instant,
    bounded: bool,
}

/// The driver's side.
pub(super) struct Reporter {
    watch: Watch,
    name: String,
}

impl Reporter {
    /// A reporter and the watch that shows what it learns, and what operators count in `bad_records`. `given`: what the job goes on
    /// from.
    pub(super) fn new(
        name: &str,
        bounded: bool,
        bad_records: Counter,
        given: Option<Newest>,
    ) -> (Self, Watch) {
        let state = State {
            newest: given,
            ..State::default()
        };
        let watch = Watch {
            state: Arc::new(Mutex::new(state)),
            bad_records,
            started: now(),
            bounded,
        };
        (
            Self {
                watch: watch.clone(),
                name: name.to_owned(),
            },
            watch,
        )
    }
}

impl Watch {
    fn with<R>(&self, use_state: impl FnOnce(&mut State) -> R) -> R {
        use_state(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How long the job has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// What the run has read, and what it has to read.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = self.with(|state| state.totals());
        totals.bad_records += self.bad_records.get();
        totals
    }

    /// How to go on behind a cancellation. `retains`: the newest checkpoint stays.
    pub(super) fn how_to_go_on(&self, retains: bool) -> String {
        self.with(|state| {
            if retains && state.checkpoints > 0 {
                return "start it again with -s latest to go on from its newest checkpoint"
                    .to_owned();
            }
            // Where nothing has run all is as it was before.
            match state.newest.as_ref().filter(|_| state.tasks.is_empty()) {
                Some(newest) => {
                    format!("it had not begun: start it again with {}", newest.options())
                }
                None => {
                    "to be able to go on, end a job by SIGTERM, which writes a savepoint".to_owned()
                }
            }
        })
    }

    /// Takes note that a stop is asked for; false: one is under way.
    pub(super) fn begin_stop(&self) -> bool {
        self.with(|state| !std::mem::replace(&mut state.stopping, true))
    }

    /// Why a job has no tasks that could be stopped with a savepoint: it does not run yet, or not now. `None`: it has.
    pub(super) fn down(&self) -> Option<Down> {
        self.with(|state| {
            let waited_for = state.held_up.clone();
            match state.status.unwrap_or(JobStatus::Initializing) {
                // What its snapshot holds is to be committed first, which may take for as long as a sink is away.
                JobStatus::Running if state.starting.is_none() => Some(Down::not_begun(waited_for)),
                JobStatus::Running | JobStatus::Cancelling => None,
                status => (!status.is_terminal()).then(|| Down {
                    did: format!("was {status}"),
                    waited_for,
                }),
            }
        })
    }

    /// Whether a stop waits for tasks that do not all run yet.
    pub(super) fn stop_waits_for_tasks(&self) -> bool {
        self.with(|state| {
            let starts = state.starting.is_some_and(|tasks| tasks > 0);
            starts && state.stopping && state.status == Some(JobStatus::Running)
        })
    }

    /// Ends the process of a job that is down, as a stop is asked for.
    pub(super) fn leave(&self, name: &str, down: &Down) -> ! {
        let newest = self.with(|state| state.newest.take());
        down.leave(name, newest.as_ref())
    }

    /// The last lines of a job.
    ///
    /// `left`: the snapshot that it went on from, where others had committed output behind that.
    pub(super) fn summary(&self, name: &str, outcome: &JobOutcome, left: Option<&str>) {
        let totals = self.totals();
        let elapsed = self.elapsed();
        let (checkpoints, failed, restarts) =
            self.with(|state| (state.checkpoints, state.failed_checkpoints, state.restarts));
        tracing::info!(
            "Job \"{name}\" is {} after {}: {} read ({} bad), {} completed, {failed} failed, {}.",
            outcome.status,
            readable(elapsed),
            counted(totals.records, "record"),
            totals.bad_records,
            counted(checkpoints, "checkpoint"),
            counted(restarts, "restart"),
        );
        let (bad, lost) = (totals.bad_files, totals.lost_files);
        if bad + lost > 0 {
            tracing::warn!(
                "{} could not be read, or changed after {} had been read, and {} passed over; {lost} {} lost.",
                counted(bad, "file"),
                if bad == 1 { "it" } else { "they" },
                was(bad),
                was(lost)
            );
        }
        if self.bounded && outcome.status == JobStatus::Finished && totals.bytes > 0 {
            let seconds = elapsed.as_secs_f64().max(0.001);
            tracing::info!(
                "{}, {:.1} MB, {:.0} records/s, {:.1} MB/s.",
                counted(totals.files, totals.noun()),
                totals.bytes as f64 / 1e6,
                totals.records as f64 / seconds,
                totals.bytes as f64 / 1e6 / seconds,
            );
        }
        let (partitions, behind) = self.with(|state| state.behind());
        if let Some((all, most)) = behind.filter(|_| partitions > 0) {
            tracing::info!(
                "{}, {} behind, at most {most} in one.",
                counted(partitions, "partition"),
                counted(all, "record")
            );
        }
        // Only partitions of Kafka are told one by one.
        let read = totals
            .partitions
            .then(|| format!("{:.1} MB read", totals.bytes as f64 / 1e6));
        let sent = totals.sent.map(|sent| sent.in_words());
        let of_kafka: Vec<String> = read.into_iter().chain(sent).collect();
        if !of_kafka.is_empty() {
            tracing::info!("Kafka: {}.", of_kafka.join(", "));
        }
        if let Some(numbers) = self.with(|state| state.numbers) {
            let but = left.map_or_else(String::new, |snapshot| {
                format!(", without what was committed behind {snapshot} before this run")
            });
            tracing::info!("Committed since the job began{but}: {numbers}.");
        }
    }
}

const fn was(count: u64) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

impl Observer for Reporter {
    fn job_switched(&mut self, _: JobStatus, to: JobStatus) {
        self.watch.with(|state| {
            state.status = Some(to);
            state.restarts += u64::from(to == JobStatus::Restarting);
            state.held_up = None;
            if to == JobStatus::Running {
                // The tasks of another attempt are still to come.
                state.starting = None;
            }
        });
    }

    fn held_up(&mut self, why: &str) {
        self.watch
            .with(|state| state.held_up = Some(why.to_owned()));
    }

    fn commits(&mut self, what: Option<&str>) {
        self.watch
            .with(|state| state.held_up = what.map(str::to_owned));
    }

    fn restored(&mut self, _: CheckpointId, path: &str, _: bool) {
        self.watch.with(|state| {
            // The one that was given is known already, and whether it is the newest.
            let is_known = state.newest.as_ref().map(|newest| newest.path.as_str()) == Some(path);
            if !is_known {
                state.newest = Some(Newest::own(path));
            }
        });
    }

    fn attempt_started(&mut self, tasks: &[TaskView]) {
        self.watch.with(|state| {
            state.past = state.totals();
            state.tasks = tasks.to_vec();
            state.starting = Some(tasks.len());
        });
    }

    fn task_switched(&mut self, _: TaskKey, _: TaskStatus, to: TaskStatus) {
        if to != TaskStatus::Running {
            return;
        }
        self.watch.with(|state| {
            if let Some(tasks) = &mut state.starting {
                *tasks = tasks.saturating_sub(1);
            }
        });
    }

    fn checkpoint_completed(&mut self, statistics: &CheckpointStatistics) {
        let noun = if statistics.savepoint {
            "savepoint"
        } else {
            "checkpoint"
        };
        tracing::info!(
            "Completed {noun} {} ({}, checkpointDuration={} ms, longest pause {:.1} ms).",
            statistics.checkpoint,
            counted(statistics.bytes, "byte"),
            statistics.duration.as_millis(),
            statistics.longest_pause.as_secs_f64() * 1e3,
        );
        self.watch.with(|state| {
            state.checkpoints += 1;
            state.newest = Some(Newest::own(&statistics.path));
        });
    }

    fn numbers(&mut self, _: CheckpointId, numbers: &Numbers) {
        self.watch.with(|state| state.numbers = Some(*numbers));
    }

    fn failed(&mut self, failure: &Failure) {
        // That of a task stands in the line of its switch.
        if failure.task.is_none() {
            tracing::warn!("{}: {}", failure.code, failure.message);
        }
    }

    fn checkpoint_failed(&mut self, _: CheckpointId, _: &str) {
        self.watch.with(|state| state.failed_checkpoints += 1);
    }

    fn operation_ended(&mut self, _: TriggerId, result: &OperationResult) {
        match result {
            OperationResult::Stopped { path, .. } | OperationResult::Completed { path, .. } => {
                tell(&format!(
                    "Savepoint completed. Path: {path}\nYou can resume your program from this savepoint with the run command: add -s {path}"
                ));
            }
            OperationResult::Cancelled => {}
            OperationResult::Failed {
                code,
                reason,
                savepoint,
                committed,
            } => {
                let mut message =
                    format!("{code}: the job could not be stopped with a savepoint: {reason}");
                if let Some(path) = savepoint {
                    let committed = committed
                        .map_or_else(String::new, |known| format!("; committed: {known:?}"));
                    message = format!("{message} (savepoint {path} was written{committed})");
                }
                tracing::error!("{message}");
                self.watch.with(|state| state.stopping = false);
                // Tasks failed on the way: there is nothing that a next stop could stop.
                if let Some(down) = self.watch.down() {
                    self.watch.leave(&self.name, &down);
                }
            }
        }
    }
}

/// What a program that called us may want to read goes to standard output.
fn tell(text: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) =
        writeln!(out, "{}", millstream_log::harmless(text)).and_then(|()| out.flush())
    {
        tracing::warn!("{text} (standard output can't be written: {error})");
    }
}

#[cfg(test)]
mod tests;
