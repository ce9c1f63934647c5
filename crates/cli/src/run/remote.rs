//! `run` on a server.

use std::path::Path;
use std::process::ExitCode;

use millstream::RunOptions;
use millstream_core::options::RESTORE_PATH;
use millstream_core::{Configuration, Result};
use millstream_ingest::NAME;
use millstream_ingest::parameters::Portable;
use serde_json::{Value, json};

use super::arguments::RunArguments;
use super::attached;
use super::program::Program;
use crate::actions::place;
use crate::answers::{Submitted, Uploaded};
use crate::report;
use crate::session::Session;
use crate::waiting::Waiting;

/// Submits the job; unless `run` is detached, waits for its end.
pub(super) fn submit(
    run: &RunArguments,
    program: &Program,
    mut options: RunOptions,
    configuration: &Configuration,
) -> Result<ExitCode> {
    make_restore_path_absolute(&mut options.configuration)?;
    // The parameters of the ingestion job are checked before a server is asked.
    let submission = match program {
        Program::Ingest { arguments } => {
            let Portable { arguments, notes } = millstream_ingest::portable(arguments)?;
            for note in &notes {
                report::note(note);
            }
            body(Some(NAME), &arguments, &options.configuration)
        }
        Program::Package { arguments, .. } => {
            body(options.entry.as_deref(), arguments, &options.configuration)
        }
    };
    let session = Session::with(&run.connection, configuration)?;
    // Ctrl-C cancels the job from now on, even if the server has not answered yet.
    let waiting = match run.detached {
        true => None,
        false => Some(Waiting::for_interrupts()?),
    };
    let job = match program {
        Program::Ingest { .. } => start(&session, NAME, &submission)?,
        Program::Package { path, .. } => upload_and_start(&session, path, &submission)?,
    };
    session.say(&format!("Job has been submitted with JobID {job}"))?;
    match waiting {
        Some(waiting) => attached::wait(&session, &job, waiting),
        None => session.finish(&json!({ "jobid": job })),
    }
}

fn body(entry: Option<&str>, arguments: &[String], configuration: &Configuration) -> Value {
    json!({
        "entryClass": entry,
        "programArgsList": arguments,
        "flinkConfiguration": configuration,
    })
}

fn start(session: &Session, package: &str, body: &Value) -> Result<String> {
    let path = format!("/jars/{package}/run");
    let Submitted { jobid } = session.client.post(&path, body)?;
    Ok(jobid)
}

/// The job keeps an executable of its own, so the package is taken away again, whatever became of it.
fn upload_and_start(session: &Session, path: &Path, body: &Value) -> Result<String> {
    let uploaded: Uploaded = session.client.upload("/jars/upload", path)?;
    let package = uploaded.id();
    let job = start(session, package, body);
    if let Err(error) = session.client.delete::<Value>(&format!("/jars/{package}")) {
        report::note(&format!(
            "the uploaded package stays on the server: {error}"
        ));
    }
    job
}

/// The server has another working directory than this process.
fn make_restore_path_absolute(configuration: &mut Configuration) -> Result<()> {
    match configuration.get(&RESTORE_PATH)? {
        Some(path) if path != "latest" && !path.is_empty() => {
            configuration.set(RESTORE_PATH.name, place(&path)?);
        }
        _ => {}
    }
    Ok(())
}
