//! `millstream checkpoints`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Result, counted};
use serde_json::{Value, json};

use super::common::{missing, note_superfluous};
use crate::answers::{Checkpoint, CheckpointCounts, Checkpoints};
use crate::arguments::Connection;
use crate::report;
use crate::session::Session;
use crate::{table, times};

/// Shows the newest checkpoints and savepoints of a job.
#[derive(Debug, Parser)]
#[command(
    name = "millstream checkpoints",
    no_binary_name = true,
    override_usage = "millstream checkpoints [OPTIONS] <JOB>"
)]
pub(crate) struct CheckpointsArguments {
    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Shows the checkpoints of a job.
pub(crate) fn perform(arguments: CheckpointsArguments) -> Result<ExitCode> {
    let Some((job, superfluous)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "checkpoints"));
    };
    note_superfluous(superfluous);
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let path = format!("/jobs/{job}/checkpoints");
    if session.json {
        let all: Value = session.client.get(&path)?;
        return report::json(
            &json!({ "counts": all.get("counts"), "history": all.get("history") }),
        );
    }
    let Checkpoints { counts, history } = session.client.get(&path)?;
    let CheckpointCounts {
        restored,
        total,
        in_progress,
        completed,
        failed,
    } = counts;
    session.say(&format!(
        "{total} triggered: {completed} completed, {failed} failed, {in_progress} in progress; restored {}",
        counted(restored, "time")
    ))?;
    if !history.is_empty() {
        let head = ["id", "kind", "status", "triggered", "took", "state", "path"];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(history.into_iter().map(row));
        session.say(table::lines(&rows).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn row(checkpoint: Checkpoint) -> [String; 7] {
    let kind = if checkpoint.is_savepoint {
        "savepoint"
    } else {
        "checkpoint"
    };
    let place = match (checkpoint.external_path, checkpoint.failure_message) {
        (_, Some(reason)) => reason,
        (Some(path), None) if checkpoint.discarded => format!("{path} (deleted)"),
        (path, None) => path.unwrap_or_default(),
    };
    [
        checkpoint.id.to_string(),
        kind.to_owned(),
        checkpoint.status,
        times::sortable(checkpoint.trigger_timestamp),
        times::duration(checkpoint.end_to_end_duration),
        times::bytes(checkpoint.state_size),
        place,
    ]
}
