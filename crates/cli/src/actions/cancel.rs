//! `millstream cancel`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, JobStatus, Result, codes, options};
use serde_json::{Value, json};

use super::common::{format_type, missing, note_superfluous};
use crate::answers::Status;
use crate::arguments::Connection;
use crate::report;
use crate::report::note_without_effect;
use crate::session::{Asking, Session, Waited, interrupted, is_away, worded};
use crate::waiting::{Patience, Waiting};

/// Cancels a running job.
#[derive(Debug, Parser)]
#[command(
    name = "millstream cancel",
    no_binary_name = true,
    override_usage = "millstream cancel [OPTIONS] <JOB>"
)]
pub(crate) struct CancelArguments {
    /// **DEPRECATION WARNING**: Cancelling a job with savepoint is deprecated. Use "stop" instead. Trigger savepoint and cancel job.
    /// Without a directory the configured one is used (execution.checkpointing.savepoint-dir).
    #[arg(short = 's', long = "withSavepoint", value_name = "DIRECTORY", num_args = 0..=1)]
    with_savepoint: Option<Option<String>>,

    /// How the savepoint is written: CANONICAL (any state backend restores it; default) or NATIVE.
    #[arg(long = "type", value_name = "FORMAT")]
    format: Option<String>,

    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Cancels a job.
pub(crate) fn perform(arguments: CancelArguments) -> Result<ExitCode> {
    let missing = || missing("Missing JobID. Specify a JobID to cancel a job", "cancel");
    let format = format_type(arguments.format.as_deref())?;
    let named = arguments.positional.split_first();
    if let Some((_, superfluous)) = named {
        note_superfluous(superfluous);
    }
    let job = named.map(|(job, _)| job.as_str());
    let Some(with_savepoint) = &arguments.with_savepoint else {
        note_without_effect(
            &[(arguments.format.is_some(), "--type")],
            "no savepoint is written without --withSavepoint",
        );
        return cancel(job.ok_or_else(missing)?, &arguments.connection);
    };
    // As in Flink: the only argument is the job, also behind -s.
    let (job, given) = match (job, with_savepoint.as_deref()) {
        (Some(job), given) => (job, given),
        (None, Some(job)) => (job, None),
        (None, None) => return Err(missing()),
    };
    let directory = Session::savepoint_directory(&arguments.connection, given)?;
    cancel_with_savepoint(job, directory, format, &arguments.connection)
}

fn cancel(job: &str, connection: &Connection) -> Result<ExitCode> {
    let session = Session::open(connection)?;
    let job = session.job(job)?;
    let mut waiting = Waiting::for_interrupts()?;
    session.say(&format!("Cancelling job {job}."))?;
    let ended = cancelled(&session, &job, &mut waiting);
    let ended = ended.map_err(|error| worded(&format!("Could not cancel job {job}"), &error))?;
    let Some(status) = ended else {
        return Ok(interrupted());
    };
    if status != JobStatus::Canceled {
        let message = format!("job {job} was {status} before it could be cancelled");
        return Err(Error::new(&codes::JOB_STATE, message).next(format!(
            "see `millstream exceptions {job}` and `millstream logs {job}`"
        )));
    }
    session.say(&format!("Cancelled job {job}."))?;
    session.finish(&json!({ "job": job, "status": status }))
}

/// Cancels a job and waits until it has ended. Answers how it did; `None`: Ctrl-C was pressed before.
pub(super) fn cancelled(
    session: &Session,
    job: &str,
    waiting: &mut Waiting,
) -> Result<Option<JobStatus>> {
    let path = format!("/jobs/{job}?mode=cancel");
    let mut patience = Patience::new(session.patience);
    let asked = session.repeat(&mut patience, waiting, |lost| {
        match session.client.patch_or_lose::<Value>(&path) {
            // The one that was lost has done it.
            Err(error) if lost && error.code() == codes::JOB_STATE.id => Ok(Some(Value::Null)),
            answer => answer,
        }
    })?;
    match asked {
        Some(_) => await_end(session, job, waiting),
        None => {
            report::progress(&format!(
                "Whether job {job} is being cancelled is not known; see `millstream operations {job}`."
            ));
            session.finish(&json!({ "job": job, "status": null }))?;
            Ok(None)
        }
    }
}

/// Waits until a job has ended; `None`: Ctrl-C was pressed before. A server that goes away meanwhile is waited for.
pub(super) fn await_end(
    session: &Session,
    job: &str,
    waiting: &mut Waiting,
) -> Result<Option<JobStatus>> {
    let mut patience = Patience::new(session.patience);
    let path = format!("/jobs/{job}/status");
    loop {
        let status = match session.client.get::<Status>(&path) {
            Ok(Status { status }) if status.is_terminal() => return Ok(Some(status)),
            Ok(Status { status }) => Some(status),
            Err(error) if is_away(&error) && !patience.is_over() => None,
            Err(error) => return Err(error),
        };
        let shown = status.map_or("in an unknown state".to_owned(), |status| {
            status.to_string()
        });
        if patience.is_over() {
            let after = options::format_duration(session.patience);
            let message = format!("job {job} is {shown} after {after}");
            return Err(Error::new(&codes::NO_ANSWER_IN_TIME, message)
                .next(format!("see `millstream logs {job}`")));
        }
        if waiting.pause(patience.next_pause()) {
            report::progress(&format!(
                "Job {job} is {shown}, and what was begun goes on."
            ));
            session.finish(&json!({ "job": job, "status": "IN_PROGRESS" }))?;
            return Ok(None);
        }
    }
}

/// What Flink says of `cancel -s`.
const DEPRECATED: &str =
    "DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use \"stop\" instead.";

fn cancel_with_savepoint(
    job: &str,
    directory: Option<String>,
    format: &str,
    connection: &Connection,
) -> Result<ExitCode> {
    let session = Session::open(connection)?;
    let job = session.job(job)?;
    let mut waiting = Waiting::for_interrupts()?;
    if session.json {
        report::progress(DEPRECATED);
    }
    session.say(DEPRECATED)?;
    let to = match &directory {
        Some(directory) => format!("savepoint to {directory}"),
        None => "savepoint to default savepoint directory".to_owned(),
    };
    session.say(&format!("Cancelling job {job} with {format} {to}."))?;
    let asking = Asking {
        path: &format!("/jobs/{job}/savepoints"),
        body: json!({
            "target-directory": directory,
            "cancel-job": true,
            "formatType": format,
        }),
        kind: "cancellation",
        job: Some(&job),
        failure: format!("Could not cancel job {job}"),
    };
    let Waited::Ended(operation) = session.operate(&asking, &mut waiting)? else {
        return Ok(interrupted());
    };
    session.say(&format!(
        "Cancelled job {job}. Savepoint stored in {}.",
        operation.path.as_deref().unwrap_or_default()
    ))?;
    if await_end(&session, &job, &mut waiting)?.is_none() {
        return Ok(interrupted());
    }
    session.finish(&json!(operation))
}
