//! `millstream restart`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value, json};

use super::common::{missing, note_superfluous, place};
use crate::answers::Submitted;
use crate::arguments::Connection;
use crate::session::Session;

/// Runs an ended job again, as a new job.
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

    /// Savepoint or checkpoint to go on from; latest: the newest completed one of the job's name. Else as the job was submitted.
    #[arg(long, value_name = "PATH")]
    from: Option<String>,

    /// The ended job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Submits an ended job again; `-D` changes its options.
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
