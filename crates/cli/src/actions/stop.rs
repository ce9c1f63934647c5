//! `millstream stop`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::Result;
use serde_json::json;

use super::cancel::await_end;
use super::common::{format_type, missing, note_superfluous};
use crate::arguments::Connection;
use crate::session::{Asking, Session, interrupted};
use crate::waiting::Waiting;

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

    /// Directory of the savepoint; without it or its value the configured one (execution.checkpointing.savepoint-dir).
    #[arg(short = 'p', long = "savepointPath", value_name = "DIRECTORY", num_args = 0..=1)]
    savepoint_path: Option<Option<String>>,

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
    let path = arguments.savepoint_path.flatten();
    // As in Flink: the only argument is the job, also behind -p.
    let (job, given) = match (arguments.positional.split_first(), path.as_deref()) {
        (Some((job, superfluous)), given) => {
            note_superfluous(superfluous);
            (job.as_str(), given)
        }
        (None, Some(job)) => (job, None),
        (None, None) => return Err(missing("Missing JobId", "stop")),
    };
    let directory = Session::savepoint_directory(&arguments.connection, given)?;
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let verb = if arguments.drain {
        "Draining"
    } else {
        "Suspending"
    };
    session.say(&format!("{verb} job \"{job}\" with a {format} savepoint."))?;
    let asking = Asking {
        path: &format!("/jobs/{job}/stop"),
        body: json!({
            "targetDirectory": directory,
            "drain": arguments.drain,
            "formatType": format,
        }),
        kind: "stop",
        job: Some(&job),
        failure: format!("Could not stop with a savepoint job \"{job}\""),
    };
    if arguments.detached {
        session.detach(
            &asking,
            "stop-with-savepoint",
            "stop-with-savepoint in detached mode",
        )
    } else {
        attached(&session, &asking, &job)
    }
}

fn attached(session: &Session, asking: &Asking<'_>, job: &str) -> Result<ExitCode> {
    let mut waiting = Waiting::for_interrupts()?;
    let Some(operation) = session.savepoint(asking, "stop-with-savepoint", &mut waiting)? else {
        return Ok(interrupted());
    };
    // A moment later it has ended too: whoever runs it again finds one job of its name.
    if await_end(session, job, &mut waiting)?.is_none() {
        return Ok(interrupted());
    }
    session.finish(&json!(operation))
}
