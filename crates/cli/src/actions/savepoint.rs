//! `millstream savepoint`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes, counted};
use serde::Deserialize;
use serde_json::{Value, json};

use super::common::{format_type, missing, note_superfluous};
use crate::arguments::Connection;
use crate::places::place;
use crate::report::note_without_effect;
use crate::session::{Asking, Session, Waited, interrupted, worded};
use crate::waiting::{Patience, Waiting};

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

    /// With --dispose: list the files that would be deleted, and their bytes, and delete nothing.
    #[arg(long = "dry-run")]
    dry_run: bool,

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
    let format = format_type(arguments.format.as_deref())?;
    note_without_effect(
        &[(arguments.jarfile.is_some(), "--jarfile")],
        "it is for Java",
    );
    if let Some(path) = &arguments.dispose {
        note_superfluous(&arguments.positional);
        note_without_effect(
            &[
                (arguments.format.is_some(), "--type"),
                (arguments.detached, "--detached"),
            ],
            "a savepoint is disposed of",
        );
        return match arguments.dry_run {
            true => preview(path, &arguments),
            false => dispose(path, &arguments),
        };
    }
    if arguments.dry_run {
        let message = "--dry-run is for disposing of a savepoint, and none is named";
        return Err(Error::new(&codes::USAGE, message).next("give --dispose PATH with it"));
    }
    let (job, given) = match arguments.positional.as_slice() {
        [] => {
            let message = "Missing JobID. Specify a Job ID to trigger a savepoint";
            return Err(missing(message, "savepoint"));
        }
        [job] => (job, None),
        [job, directory, superfluous @ ..] => {
            note_superfluous(superfluous);
            (job, Some(directory.as_str()))
        }
    };
    let directory = Session::savepoint_directory(&arguments.connection, given)?;
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let asking = Asking {
        path: &format!("/jobs/{job}/savepoints"),
        body: json!({
            "target-directory": directory,
            "cancel-job": false,
            "formatType": format,
        }),
        kind: "savepoint",
        job: Some(&job),
        failure: format!("Failed to trigger a savepoint for the job {job}"),
    };
    if arguments.detached {
        session.detach(&asking, "savepoint", "manual savepoint")
    } else {
        attached(&session, &asking)
    }
}

fn attached(session: &Session, asking: &Asking<'_>) -> Result<ExitCode> {
    let mut waiting = Waiting::for_interrupts()?;
    let Some(operation) = session.savepoint(asking, "savepoint", &mut waiting)? else {
        return Ok(interrupted());
    };
    session.say("You can resume your program from this savepoint with the run command.")?;
    session.finish(&json!(operation))
}

fn dispose(path: &str, arguments: &SavepointArguments) -> Result<ExitCode> {
    let session = Session::open(&arguments.connection)?;
    let mut waiting = Waiting::for_interrupts()?;
    session.say(&format!("Disposing savepoint '{path}'."))?;
    session.say("Waiting for response...")?;
    let asking = Asking {
        path: "/savepoint-disposal",
        body: json!({ "savepoint-path": place(path)? }),
        kind: "disposal",
        job: None,
        failure: format!("Failed to dispose the savepoint '{path}'"),
    };
    let Waited::Ended(operation) = session.operate(&asking, &mut waiting)? else {
        return Ok(interrupted());
    };
    session.say(&format!("Savepoint '{path}' disposed."))?;
    session.finish(&json!(operation))
}

/// What a disposal would delete.
#[derive(Debug, Deserialize)]
struct Preview {
    bytes: u64,
    files: Vec<PreviewedFile>,
}

#[derive(Debug, Deserialize)]
struct PreviewedFile {
    path: String,
    bytes: u64,
}

fn preview(path: &str, arguments: &SavepointArguments) -> Result<ExitCode> {
    let session = Session::open(&arguments.connection)?;
    let body = json!({ "savepoint-path": place(path)? });
    // Nothing is changed, so asking again does no harm.
    let mut waiting = Waiting::for_interrupts()?;
    let mut patience = Patience::new(session.patience);
    let asked = session.repeat(&mut patience, &mut waiting, |_| {
        let path = "/savepoint-disposal/preview";
        session.client.post_or_lose::<Value>(path, &body)
    });
    let words = format!("Failed to dispose the savepoint '{path}'");
    let Some(answer) = asked.map_err(|error| worded(&words, &error))? else {
        return Ok(interrupted());
    };
    let preview: Preview = serde_json::from_value(answer.clone()).map_err(|cause| {
        let message = "the server does not say what it would delete";
        Error::new(&codes::SERVER_ANSWER, message)
            .cause(cause)
            .next("`millstream doctor` compares versions")
    })?;
    for file in &preview.files {
        session.say(&format!("{:>15}  {}", file.bytes, file.path))?;
    }
    session.say(&format!(
        "Disposing of savepoint '{path}' would delete {} with {}. Nothing was deleted.",
        counted(preview.files.len(), "file"),
        counted(preview.bytes, "byte")
    ))?;
    session.finish(&answer)
}
