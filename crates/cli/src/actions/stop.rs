//! `millstream stop`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::Result;
use serde_json::json;

use super::common::{format_type, missing, note_superfluous, place};
use crate::answers::Triggered;
use crate::arguments::Connection;
use crate::ids::trigger_id;
use crate::session::{Session, Waited, interrupted};

/// Stops a running job with a savepoint.
#[derive(Debug, Parser)]
#[command(
    name = "millstream stop",
    no_binary_name = true,
    override_usage = "millstream stop [OPTIONS] <JOB>",
    after_help = "\
Ctrl-C while it waits leaves the stop running, and says how to follow it. `stop -p <JOB>` without anything else takes its value as the \
job, and the configured directory, as Flink does."
)]
pub(crate) struct StopArguments {
    /// Let every window and timer fire before the savepoint: for a job that is not to go on.
    #[arg(short, long, alias = "terminate", visible_alias = "terminate")]
    drain: bool,

    /// Directory of the savepoint; else the configured one (execution.checkpointing.savepoint-dir).
    #[arg(short = 'p', long = "savepointPath", value_name = "DIRECTORY")]
    savepoint_path: Option<String>,

    /// How the savepoint is written: CANONICAL (any state backend restores it; default) or NATIVE.
    #[arg(long = "type", value_name = "FORMAT")]
    format: Option<String>,

    /// Do not wait: print the trigger id, which `millstream operations` takes.
    #[arg(long, alias = "dcp")]
    detached: bool,

    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Stops a job.
pub(crate) fn perform(arguments: StopArguments) -> Result<ExitCode> {
    let format = format_type(arguments.format.as_deref())?;
    let named = arguments.positional.split_first();
    let (job, directory) = match (named, &arguments.savepoint_path) {
        (Some((job, superfluous)), directory) => {
            note_superfluous(superfluous);
            (job, directory.as_deref().map(place).transpose()?)
        }
        (None, Some(job)) => (job, None),
        (None, None) => return Err(missing("Missing JobId", "stop")),
    };
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let (drain, detached) = (arguments.drain, arguments.detached);
    let verb = if drain { "Draining" } else { "Suspending" };
    session.say(&format!("{verb} job \"{job}\" with a {format} savepoint."))?;
    if detached {
        session.say(&format!(
            "Triggering stop-with-savepoint in detached mode for job {job}."
        ))?;
    } else {
        session.say(&format!("Triggering stop-with-savepoint for job {job}."))?;
        session.say("Waiting for response...")?;
    }
    let body = json!({
        "targetDirectory": directory,
        "drain": drain,
        "formatType": format,
        "triggerId": trigger_id()?,
    });
    let Triggered { id } = session.client.post(&format!("/jobs/{job}/stop"), &body)?;
    if detached {
        session.say(&format!(
            "Successfully trigger stop-with-savepoint in detached mode, triggerId: {id}"
        ))?;
        return session.finish(&json!({ "job": job, "id": id, "status": "IN_PROGRESS" }));
    }
    let Waited::Ended(operation) = session.wait_for(id)? else {
        return Ok(interrupted());
    };
    session.say(&format!(
        "Savepoint completed. Path: {}",
        operation.path.as_deref().unwrap_or_default()
    ))?;
    session.finish(&json!(operation))
}
