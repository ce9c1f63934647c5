//! `millstream exceptions`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::Result;
use serde_json::json;

use super::common::{missing, note_superfluous};
use crate::answers::{Exception, Exceptions};
use crate::arguments::Connection;
use crate::session::Session;
use crate::times;

/// Shows what went wrong in a job, newest first.
#[derive(Debug, Parser)]
#[command(
    name = "millstream exceptions",
    no_binary_name = true,
    override_usage = "millstream exceptions [OPTIONS] <JOB>"
)]
pub(crate) struct ExceptionsArguments {
    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Shows the failures of a job.
pub(crate) fn perform(arguments: ExceptionsArguments) -> Result<ExitCode> {
    let Some((job, superfluous)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "exceptions"));
    };
    note_superfluous(superfluous);
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let Exceptions { history } = session.client.get(&format!("/jobs/{job}/exceptions"))?;
    if history.entries.is_empty() {
        session.say("No exceptions.")?;
    }
    for entry in &history.entries {
        session.say(&line(entry))?;
    }
    session.finish(&json!(history.entries))
}

fn line(exception: &Exception) -> String {
    let task = match &exception.task {
        Some(task) => format!("{task}: "),
        None => String::new(),
    };
    format!(
        "{}  {task}{}",
        times::sortable(exception.timestamp),
        exception.stacktrace.trim_end()
    )
}
