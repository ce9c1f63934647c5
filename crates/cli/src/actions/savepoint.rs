//! `millstream savepoint`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::Result;
use serde_json::json;

use super::common::{format_type, missing, note_superfluous, place};
use crate::answers::Triggered;
use crate::arguments::Connection;
use crate::ids::trigger_id;
use crate::session::{Session, Waited, interrupted};

/// Triggers a savepoint of a running job, or disposes of one.
#[derive(Debug, Parser)]
#[command(
    name = "millstream savepoint",
    no_binary_name = true,
    override_usage = "millstream savepoint [OPTIONS] <JOB> [TARGET DIRECTORY]"
)]
pub(crate) struct SavepointArguments {
    /// Dispose of the savepoint (or retained checkpoint) at this path, instead of triggering one.
    #[arg(short, long, value_name = "PATH")]
    dispose: Option<String>,

    /// How the savepoint is written: CANONICAL (any state backend restores it; default) or NATIVE.
    #[arg(long = "type", value_name = "FORMAT")]
    format: Option<String>,

    /// Do not wait: print the trigger id, which `millstream operations` takes.
    #[arg(long, alias = "dcp")]
    detached: bool,

    /// Accepted without effect: for Java.
    #[arg(short, long, value_name = "FILE", hide = true)]
    jarfile: Option<String>,

    /// The job: its id, the first digits of it (4 or more), or its name. Then the directory; else the configured one.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Triggers or disposes of a savepoint.
pub(crate) fn perform(arguments: SavepointArguments) -> Result<ExitCode> {
    if let Some(path) = &arguments.dispose {
        note_superfluous(&arguments.positional);
        return dispose(path, &arguments);
    }
    let format = format_type(arguments.format.as_deref())?;
    let (job, directory) = match arguments.positional.as_slice() {
        [] => {
            let message = "Missing JobID. Specify a Job ID to trigger a savepoint";
            return Err(missing(message, "savepoint"));
        }
        [job] => (job, None),
        [job, directory, superfluous @ ..] => {
            note_superfluous(superfluous);
            (job, Some(place(directory)?))
        }
    };
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let detached = arguments.detached;
    session.say(&if detached {
        format!("Triggering savepoint in detached mode for job {job}.")
    } else {
        format!("Triggering savepoint for job {job}.")
    })?;
    if !detached {
        session.say("Waiting for response...")?;
    }
    let body = json!({
        "target-directory": directory,
        "cancel-job": false,
        "formatType": format,
        "triggerId": trigger_id()?,
    });
    let path = format!("/jobs/{job}/savepoints");
    let Triggered { id } = session.client.post(&path, &body)?;
    if detached {
        session.say(&format!(
            "Successfully trigger manual savepoint, triggerId: {id}"
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
    session.say("You can resume your program from this savepoint with the run command.")?;
    session.finish(&json!(operation))
}

fn dispose(path: &str, arguments: &SavepointArguments) -> Result<ExitCode> {
    let session = Session::open(&arguments.connection)?;
    session.say(&format!("Disposing savepoint '{path}'."))?;
    session.say("Waiting for response...")?;
    let body = json!({ "savepoint-path": place(path)?, "triggerId": trigger_id()? });
    let Triggered { id } = session.client.post("/savepoint-disposal", &body)?;
    let Waited::Ended(operation) = session.wait_for(id)? else {
        return Ok(interrupted());
    };
    session.say(&format!("Savepoint '{path}' disposed."))?;
    session.finish(&json!(operation))
}
