//! `millstream cancel`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, JobStatus, Result, codes, options};
use serde_json::{Value, json};

use super::common::{format_type, missing, note_superfluous, place};
use crate::answers::{Status, Triggered};
use crate::arguments::Connection;
use crate::ids::trigger_id;
use crate::report;
use crate::session::{Session, Waited, interrupted};
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
    let named = arguments.positional.split_first();
    if let Some((_, superfluous)) = named {
        note_superfluous(superfluous);
    }
    let job = named.map(|(job, _)| job);
    let Some(with_savepoint) = &arguments.with_savepoint else {
        return cancel(job.ok_or_else(missing)?, &arguments.connection);
    };
    // As in Flink: the only argument is the job, also behind -s.
    let (job, directory) = match (job, with_savepoint) {
        (Some(job), directory) => (job, directory.as_deref().map(place).transpose()?),
        (None, Some(job)) => (job, None),
        (None, None) => return Err(missing()),
    };
    let format = format_type(arguments.format.as_deref())?;
    cancel_with_savepoint(job, directory, format, &arguments.connection)
}

fn cancel(job: &str, connection: &Connection) -> Result<ExitCode> {
    let session = Session::open(connection)?;
    let job = session.job(job)?;
    session.say(&format!("Cancelling job {job}."))?;
    let mut waiting = Waiting::for_interrupts()?;
    let _: Value = session.client.patch(&format!("/jobs/{job}?mode=cancel"))?;
    let Some(status) = await_end(&session, &job, &mut waiting)? else {
        return Ok(interrupted());
    };
    session.say(&format!("Cancelled job {job}."))?;
    session.finish(&json!({ "job": job, "status": status }))
}

/// Waits until a job has ended; `None`: Ctrl-C was pressed before.
pub(super) fn await_end(
    session: &Session,
    job: &str,
    waiting: &mut Waiting,
) -> Result<Option<JobStatus>> {
    let mut patience = Patience::new(session.patience);
    loop {
        let Status { status } = session.client.get(&format!("/jobs/{job}/status"))?;
        if status.is_terminal() {
            return Ok(Some(status));
        }
        if patience.is_over() {
            let after = options::format_duration(session.patience);
            let message = format!("job {job} is {status} after {after}");
            return Err(Error::new(&codes::NO_ANSWER_IN_TIME, message)
                .next(format!("see `millstream logs {job}`")));
        }
        if waiting.pause(patience.next_pause()) {
            report::progress(&format!(
                "Job {job} is {status}, and what was begun goes on."
            ));
            return Ok(None);
        }
    }
}

fn cancel_with_savepoint(
    job: &str,
    directory: Option<String>,
    format: &str,
    connection: &Connection,
) -> Result<ExitCode> {
    let session = Session::open(connection)?;
    let job = session.job(job)?;
    session.say(
        "DEPRECATION WARNING: Cancelling a job with savepoint is deprecated. Use \"stop\" instead.",
    )?;
    let to = match &directory {
        Some(directory) => format!("savepoint to {directory}"),
        None => "savepoint to default savepoint directory".to_owned(),
    };
    session.say(&format!("Cancelling job {job} with {format} {to}."))?;
    let body = json!({
        "target-directory": directory,
        "cancel-job": true,
        "formatType": format,
        "triggerId": trigger_id()?,
    });
    let path = format!("/jobs/{job}/savepoints");
    let Triggered { id } = session.client.post(&path, &body)?;
    let Waited::Ended(operation) = session.wait_for(id)? else {
        return Ok(interrupted());
    };
    session.say(&format!(
        "Cancelled job {job}. Savepoint stored in {}.",
        operation.path.as_deref().unwrap_or_default()
    ))?;
    session.finish(&json!(operation))
}
