//! `millstream checkpoint`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::Result;
use serde_json::json;

use super::common::{missing, note_superfluous};
use crate::arguments::Connection;
use crate::session::{Asking, Session, Waited, interrupted};
use crate::waiting::Waiting;

/// Triggers a checkpoint of a running job.
#[derive(Debug, Parser)]
#[command(
    name = "millstream checkpoint",
    no_binary_name = true,
    override_usage = "millstream checkpoint [OPTIONS] <JOB>"
)]
pub(crate) struct CheckpointArguments {
    /// Take a checkpoint that is complete in itself.
    #[arg(long, conflicts_with = "incremental")]
    full: bool,

    /// Take a checkpoint that builds on earlier ones, once a state backend can: state in memory is written whole.
    #[arg(long)]
    incremental: bool,

    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Triggers a checkpoint.
pub(crate) fn perform(arguments: CheckpointArguments) -> Result<ExitCode> {
    let Some((job, superfluous)) = arguments.positional.split_first() else {
        let message = "Missing JobID. Specify a Job ID to manipulate checkpoint";
        return Err(missing(message, "checkpoint"));
    };
    note_superfluous(superfluous);
    // As in Flink: the type is said where one was asked for.
    let (kind, said) = match (arguments.full, arguments.incremental) {
        (true, _) => ("FULL", "(FULL)"),
        (_, true) => ("INCREMENTAL", "(INCREMENTAL)"),
        _ => ("CONFIGURED", ""),
    };
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let mut waiting = Waiting::for_interrupts()?;
    session.say(&format!("Triggering checkpoint for job {job}."))?;
    session.say("Waiting for response...")?;
    let asking = Asking {
        path: &format!("/jobs/{job}/checkpoints"),
        body: json!({ "checkpointType": kind }),
        kind: "checkpoint",
        job: Some(&job),
        failure: format!("Failed to trigger a checkpoint for the job {job}"),
    };
    let Waited::Ended(operation) = session.operate(&asking, &mut waiting)? else {
        return Ok(interrupted());
    };
    let number = operation.checkpoint.unwrap_or_default();
    session.say(&format!(
        "Checkpoint{said} {number} for job {job} completed."
    ))?;
    session.say("You can resume your program from this checkpoint with the run command.")?;
    session.finish(&json!(operation))
}
