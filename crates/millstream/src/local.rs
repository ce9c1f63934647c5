//! Local execution: the job runs in this very process, under the same coordinator as everywhere.
//!
//! SIGTERM suspends the job: a last savepoint is written, the sinks commit, and the process says how to resume. A job that does
//! not run at that moment ends at once, and the process says what to go on from. A second SIGTERM, or SIGINT, cancels it.

mod look;
mod progress;
mod report;
mod signals;

use std::time::Duration;

use millstream_core::options::{CHECKPOINT_RETENTION, JOB_NAME, PROGRESS_INTERVAL, RESTORE_PATH};
use millstream_core::{Configuration, Error, JobId, JobStatus, Result, codes};
use millstream_engine::JobGraph;
use millstream_engine::connector::Counter;
use millstream_engine::job::{Job, JobOutcome, JobSpec, NewJob, Restore};
use millstream_protocol::ClaimMode;
use millstream_storage::{Asking, check_claim};

use crate::clock::{random_number, time_of_day};
use crate::directories::{Directories, refuse_others};
use crate::ownership::{Owned, Owning};
use crate::run::{Recovery, RunOptions};
pub use look::{Look, Looked, look};
pub use millstream_log::{
    LEVEL_VARIABLE, say, start_to_stderr as start_logging,
    start_warnings_to_stderr as start_logging_warnings,
};
use report::{Down, Newest, Reporter};

/// Runs `graph` in this process until it ends, as the job `id` or a new one. Its operators count bad records in `bad_records`.
///
/// # Errors
/// The job can't be started, it failed, or a stop that was asked for by SIGTERM did not come about.
pub fn execute(
    graph: JobGraph,
    configuration: Configuration,
    id: Option<JobId>,
    bad_records: Counter,
) -> Result<()> {
    millstream_process::limits::raise();
    refuse_others(&configuration)?;
    let directories = Directories::of(&configuration)?;
    let id = id.unwrap_or_else(new_job_id);
    let (restore, is_latest) = restore(&configuration, &graph.name, &directories)?;
    let given = restore.as_ref();
    let given = given.map(|restore| Newest::given(&restore.location, is_latest));
    // It may take half a minute to see whether somebody holds what it goes on from.
    signals::listen_before(&graph.name, Down::not_begun(None), given.clone())?;
    let claimed = restore
        .as_ref()
        .filter(|restore| restore.claim == ClaimMode::Claim && !is_latest);
    if let Some(restore) = claimed {
        let asking = Asking {
            checkpoints: &directories.checkpoints,
            own: Some(id),
            // What is known of others is what lies among the checkpoints.
            has_ended: &|_| false,
        };
        check_claim(&restore.location, asking)?;
    }
    let Owned {
        ownership,
        lineage,
        left_behind,
    } = Owning {
        checkpoints: &directories.checkpoints,
        savepoints: &directories.savepoints,
        job: id,
        name: &graph.name,
        restored: restore.as_ref().map(|restore| &restore.location),
        is_latest,
        is_alone: true,
    }
    .take()?;
    let left_behind = restore
        .as_ref()
        .filter(|_| left_behind.is_some())
        .map(|restore| restore.location.to_string());
    let name = graph.name.clone();
    let bounded = graph.is_bounded();
    let progress_interval = configuration.require(&PROGRESS_INTERVAL)?;
    let (reporter, watch) = Reporter::new(&name, bounded, bad_records, given);
    let spec = JobSpec {
        id,
        graph,
        configuration,
        checkpoints: directories.checkpoints.clone(),
        savepoints: Some(directories.savepoints.clone()),
        restore,
        keeper: Box::new(NewJob::new(ownership, lineage)),
        random: Box::new(random_number),
        time_of_day,
    };
    let retains = retains_on_cancellation(&spec.configuration)?;
    let job = Job::prepare(spec, Box::new(reporter))?;
    tracing::info!("Job has been submitted with JobID {id}");
    let signals = signals::Signals::start(job.control(), watch.clone(), &name)?;
    let progress = progress::ProgressLines::start(watch.clone(), bounded, progress_interval)?;
    let outcome = job.run();
    progress.stop();
    signals.stop();
    watch.summary(&name, &outcome, left_behind.as_deref());
    finish(&name, &outcome, watch.how_to_go_on(retains))
}

/// Between two looks at input that is away.
const AWAY: Duration = Duration::from_secs(1);

/// Declares a job that runs in this process, and goes on from what it did before: then its input, which it found there, is away
/// at present, and is waited for. `is_of_input`: whether an error is of that kind. SIGTERM ends the process meanwhile, which says
/// what there is to go on from.
///
/// # Errors
/// Any other one, and each where the job begins anew.
pub fn declare_waiting<T>(
    options: &RunOptions,
    is_of_input: impl Fn(&Error) -> bool,
    mut declare: impl FnMut() -> Result<T>,
) -> Result<T> {
    let goes_on = options.job_directory.is_none() && options.configuration.is_set(&RESTORE_PATH);
    let mut told = String::new();
    loop {
        let error = match declare() {
            Err(error) if goes_on && is_of_input(&error) => error,
            declared => return declared,
        };
        let text = error.to_string();
        if text != told {
            let waits = Down::not_begun(Some(text.clone()));
            let name = options.configuration.get(&JOB_NAME)?.unwrap_or_default();
            signals::listen_before(&name, waits, named(&options.configuration))?;
            tracing::warn!("The job has not begun yet, its input is waited for: {text}");
            told = text;
        }
        pause();
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the home of this wait: nothing tells when a directory is back"
)]
fn pause() {
    std::thread::sleep(AWAY);
}

/// An id that no other job has.
pub fn new_job_id() -> JobId {
    let mut bytes = [0; 16];
    let (high, low) = bytes.split_at_mut(8);
    high.copy_from_slice(&random_number().to_be_bytes());
    low.copy_from_slice(&random_number().to_be_bytes());
    JobId::from_bytes(bytes)
}

/// The snapshot that the job goes on from, and whether it is the newest of its name.
fn restore(
    configuration: &Configuration,
    job_name: &str,
    directories: &Directories,
) -> Result<(Option<Restore>, bool)> {
    let Some(recovery) = Recovery::from_configuration(configuration)? else {
        return Ok((None, false));
    };
    let restore = Restore {
        location: recovery.locate(job_name, directories)?,
        allow_non_restored: recovery.allow_non_restored,
        claim: recovery.claim,
        has_run: false,
    };
    Ok((Some(restore), recovery.is_latest()))
}

/// What the options name to go on from; `None`: nothing, or it can't be looked at now.
fn named(configuration: &Configuration) -> Option<Newest> {
    let recovery = Recovery::from_configuration(configuration).ok()??;
    let location = Recovery::named(configuration).ok()??;
    Some(Newest::given(&location, recovery.is_latest()))
}

/// Whether the newest checkpoint of a cancelled job stays.
fn retains_on_cancellation(configuration: &Configuration) -> Result<bool> {
    let retention = configuration.require(&CHECKPOINT_RETENTION)?;
    Ok(retention.eq_ignore_ascii_case("RETAIN_ON_CANCELLATION"))
}

/// What the outcome means for the caller; `next`: how to go on behind a cancellation.
fn finish(name: &str, outcome: &JobOutcome, next: String) -> Result<()> {
    if outcome.status == JobStatus::Failed {
        let cause = outcome.cause.as_ref();
        let message = cause.map_or("it is not known why", |cause| cause.message.as_str());
        let mut error = Error::new(
            &codes::JOB_FAILED,
            format!("job `{name}` failed: {message}"),
        );
        if let Some(cause) = cause {
            error = error.cause(cause.code);
        }
        let is_recoverable = cause.is_some_and(|cause| cause.recoverable);
        return Err(match &outcome.gave_up {
            Some(why) if is_recoverable => error.next(format!("it was not restarted: {why}")),
            Some(_) => error.next("it was not restarted, as that would not help"),
            None => error,
        });
    }
    if outcome.status == JobStatus::Canceled {
        let error = Error::new(&codes::JOB_CANCELED, format!("job `{name}` was cancelled"));
        return Err(error.next(next));
    }
    Ok(())
}
