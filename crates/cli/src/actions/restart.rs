//! `millstream restart`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value, json};

use super::cancel::await_end;
use super::common::{missing, note_superfluous, place};
use crate::answers::{Status, Submitted, Triggered};
use crate::arguments::Connection;
use crate::ids::trigger_id;
use crate::session::{Session, Waited, interrupted};
use crate::waiting::Waiting;

/// Runs a job again, as a new job. One that runs is stopped with a savepoint first and goes on from that, or, with --from, is
/// cancelled first.
#[derive(Debug, Parser)]
#[command(
    name = "millstream restart",
    no_binary_name = true,
    override_usage = "millstream restart [OPTIONS] <JOB>"
)]
pub(crate) struct RestartArguments {
    /// How many subtasks each operator has that sets none itself.
    #[arg(short, long, value_name = "NUMBER")]
    parallelism: Option<u32>,

    /// Savepoint or checkpoint to go on from; latest: the newest completed one of the job's name. Else the savepoint
    /// that it is stopped with; of a job that has ended, as it was submitted.
    #[arg(long, value_name = "PATH")]
    from: Option<String>,

    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Submits a job again, once it has ended; `-D` changes its options.
pub(crate) fn perform(arguments: RestartArguments) -> Result<ExitCode> {
    let Some((job, superfluous)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "restart"));
    };
    note_superfluous(superfluous);
    if arguments.parallelism == Some(0) {
        let message = "--parallelism is `0`, which is not a whole number from 1";
        return Err(Error::new(&codes::OPTION_VALUE, message).next("give for example -p 4"));
    }
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let from = match arguments.from.as_deref() {
        Some("latest") => Some("latest".to_owned()),
        Some(path) => Some(place(path)?),
        None => None,
    };
    let Some(from) = end(&session, &job, from)? else {
        return Ok(interrupted());
    };
    let mut changes = Map::new();
    for (key, value) in arguments.connection.job_settings()?.iter() {
        changes.insert(key.to_owned(), Value::from(value));
    }
    let body = json!({
        "flinkConfiguration": changes,
        "parallelism": arguments.parallelism,
        "savepointPath": from,
    });
    let path = format!("/jobs/{job}/restart");
    let Submitted { jobid } = session.client.post(&path, &body)?;
    session.say(&format!("Job has been submitted with JobID {jobid}"))?;
    session.finish(&json!({ "jobid": jobid, "restartOf": job }))
}

/// Ends the job if it has not ended. Answers what to go on from; `None`: Ctrl-C was pressed before.
fn end(session: &Session, job: &str, from: Option<String>) -> Result<Option<Option<String>>> {
    let Status { status } = session.client.get(&format!("/jobs/{job}/status"))?;
    if status.is_terminal() {
        return Ok(Some(from));
    }
    let from = if from.is_some() {
        session.say(&format!("Cancelling job {job}."))?;
        let _: Value = session.client.patch(&format!("/jobs/{job}?mode=cancel"))?;
        from
    } else {
        session.say(&format!(
            "Suspending job \"{job}\" with a CANONICAL savepoint."
        ))?;
        let body = json!({ "drain": false, "triggerId": trigger_id()? });
        let Triggered { id } = session.client.post(&format!("/jobs/{job}/stop"), &body)?;
        let Waited::Ended(operation) = session.wait_for(id)? else {
            return Ok(None);
        };
        session.say(&format!(
            "Savepoint completed. Path: {}",
            operation.path.as_deref().unwrap_or_default()
        ))?;
        operation.path
    };
    let mut waiting = Waiting::for_interrupts()?;
    Ok(await_end(session, job, &mut waiting)?.map(|_| from))
}
