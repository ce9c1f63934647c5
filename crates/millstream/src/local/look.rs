//! A look at a job: it runs in this process until enough of its output was seen, and leaves nothing behind.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use millstream_core::{Configuration, Error, JobId, JobStatus, Result, TriggerId, codes};
use millstream_engine::JobGraph;
use millstream_engine::connector::Notice;
use millstream_engine::job::{
    Job, JobControl, JobOutcome, JobSpec, Keeper, Observer, Run, TaskView,
};
use millstream_protocol::{Facts, Request};
use millstream_storage::{Location, Reached};

use super::new_job_id;
use crate::clock::{random_number, time_of_day};

/// How much is to be seen, and for how long it is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Rows that are enough.
    pub wanted: usize,
    /// How long the first row is waited for.
    pub first: Duration,
    /// How long each further one is waited for.
    pub next: Duration,
}

/// Why there are no more rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Looked {
    /// Those that were wanted have been seen.
    Enough,
    /// The job has ended: its input has.
    Ended,
    /// None came for this time; what the source waits for, if it tells.
    Waited(Duration, Option<String>),
    /// The job has failed with this.
    Failed(String),
}

/// Runs `graph` until it has handed out enough rows, and cancels it then. It must hold the only other ends of `rows`, and
/// write nothing else. No snapshot is written, and the job's own directory is a temporary one.
///
/// # Errors
/// The job can't be started.
pub fn look(
    graph: JobGraph,
    configuration: Configuration,
    rows: &Receiver<String>,
    look: &Look,
) -> Result<(Vec<String>, Looked)> {
    millstream_process::limits::raise();
    let id = new_job_id();
    let nowhere = Nowhere::new(id)?;
    let waits = Waits::default();
    let spec = JobSpec {
        id,
        graph,
        configuration,
        checkpoints: nowhere.location.clone(),
        savepoints: None,
        restore: None,
        keeper: Box::new(Once(0)),
        random: Box::new(random_number),
        time_of_day,
    };
    let job = Job::prepare(spec, Box::new(waits.clone()))?;
    let control = job.control();
    let (rows, look, told) = (rows.clone(), *look, waits.clone());
    #[allow(clippy::disallowed_methods, reason = "the home of this thread")]
    let watching = Builder::new()
        .name("rows".to_owned())
        .spawn(move || watch(&rows, &look, &control, &told));
    let watching = watching
        .map_err(|cause| Error::new(&codes::INTERNAL, "no thread can be started").cause(cause))?;
    let outcome = job.run();
    let seen = watching.join();
    let (seen, looked) = seen.map_err(|_| {
        Error::new(
            &codes::INTERNAL,
            "the thread that looks at rows has panicked",
        )
    })?;
    Ok((seen, judge(outcome, looked)))
}

/// What the sources of the job wait for.
fn held_up(waits: &Waits) -> Option<String> {
    let notices = waits.0.lock().unwrap_or_else(PoisonError::into_inner);
    notices.iter().find_map(Notice::get)
}

/// Collects rows; cancels the job when there are enough or no more come.
fn watch(
    rows: &Receiver<String>,
    look: &Look,
    control: &JobControl,
    waits: &Waits,
) -> (Vec<String>, Looked) {
    let mut seen = Vec::new();
    let looked = loop {
        if seen.len() >= look.wanted {
            break Looked::Enough;
        }
        let patience = if seen.is_empty() {
            look.first
        } else {
            look.next
        };
        match rows.recv_timeout(patience) {
            Ok(row) => seen.push(row),
            Err(RecvTimeoutError::Disconnected) => break Looked::Ended,
            Err(RecvTimeoutError::Timeout) => break Looked::Waited(patience, held_up(waits)),
        }
    };
    let id = (u128::from(random_number()) << 64 | u128::from(random_number())).to_be_bytes();
    let id = TriggerId::from_bytes(id);
    // One that has ended needs no end.
    let _ended = control.request(Request::Cancel { id });
    (seen, looked)
}

/// What the end of the job means for what was seen.
fn judge(outcome: JobOutcome, looked: Looked) -> Looked {
    match (outcome.status, outcome.cause) {
        (_, _) if looked == Looked::Enough => Looked::Enough,
        (JobStatus::Failed, Some(cause)) => Looked::Failed(cause.message),
        (JobStatus::Finished, _) => Looked::Ended,
        _ => looked,
    }
}

/// A place for what the job notes while it runs, which nobody else looks into and which is removed behind it.
struct Nowhere {
    path: PathBuf,
    location: Location,
}

impl Nowhere {
    fn new(job: JobId) -> Result<Self> {
        let name = format!("millstream-look-{:016x}", random_number());
        let path = std::env::temp_dir().join(name);
        let nowhere = Self {
            location: Location::from_path(&path)?,
            path,
        };
        let own = nowhere.path.join(job.to_string());
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&own);
        made.map_err(|cause| {
            let message = format!("{} can't be made", own.display());
            Error::new(&codes::SNAPSHOT_WRITE, message)
                .cause(cause)
                .next("free space there, or name another directory by TMPDIR")
        })?;
        Ok(nowhere)
    }
}

impl Drop for Nowhere {
    fn drop(&mut self) {
        match std::fs::remove_dir_all(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::debug!("{} stays: {error}", self.path.display());
            }
            _ => {}
        }
    }
}

/// Numbers the attempts of a job that nobody else knows of.
struct Once(u64);

impl Keeper for Once {
    fn look(&mut self) -> Facts {
        Facts::default()
    }

    fn begin_run(&mut self) -> Result<Run> {
        self.0 += 1;
        Ok(Run {
            number: self.0,
            ..Run::default()
        })
    }

    fn reached(&mut self, _: &Reached) -> Result<()> {
        Ok(())
    }
}

/// What the sources of the present attempt wait for.
#[derive(Clone, Default)]
struct Waits(Arc<Mutex<Vec<Notice>>>);

impl Observer for Waits {
    fn attempt_started(&mut self, tasks: &[TaskView]) {
        let sources = tasks.iter().filter(|task| task.is_source);
        let notices = sources.map(|task| task.metrics.source.held_up.clone());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = notices.collect();
    }
}
