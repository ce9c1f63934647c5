//! `run` on a server.

use std::path::Path;
use std::process::ExitCode;

use millstream::RunOptions;
use millstream_core::options::RESTORE_PATH;
use millstream_core::options::reference::{escape, has_references};
use millstream_core::{Configuration, Result, codes};
use millstream_ingest::NAME;
use millstream_ingest::parameters::Portable;
use serde_json::{Value, json};

use super::arguments::RunArguments;
use super::attached;
use super::program::Program;
use crate::answers::{Status, Submitted, Uploaded};
use crate::ids::job_id;
use crate::places::{here, place};
use crate::report;
use crate::report::note_without_effect;
use crate::session::{Session, interrupted};
use crate::waiting::{Patience, Waiting};

/// Submits the job; unless `run` is detached, waits for its end.
pub(super) fn submit(
    run: &RunArguments,
    program: &Program,
    mut options: RunOptions,
    configuration: &Configuration,
) -> Result<ExitCode> {
    make_restore_path_absolute(&mut options.configuration)?;
    make_paths_absolute(run, &mut options.configuration)?;
    // The parameters of the ingestion job are checked before a server is asked.
    let submission = match program {
        Program::Ingest { arguments } => {
            let Portable { arguments, notes } = millstream_ingest::portable(arguments)?;
            for note in &notes {
                report::note(note);
            }
            body(Some(NAME), &arguments, &options.configuration)?
        }
        Program::Package { arguments, .. } => {
            body(options.entry.as_deref(), arguments, &options.configuration)?
        }
    };
    note_without_effect(
        &[(run.verbosity > 0, "-v")],
        "a job on a server logs as much as MILLSTREAM_LOG of the server says",
    );
    let session = Session::with(&run.connection, configuration)?;
    // Ctrl-C cancels the job from now on, even if the server has not answered yet.
    let mut waiting = Waiting::for_interrupts()?;
    let job = match program {
        Program::Ingest { .. } => start(&session, NAME, &submission, &mut waiting)?,
        Program::Package { path, .. } => {
            upload_and_start(&session, path, &submission, &mut waiting)?
        }
    };
    let Some(job) = job else {
        return Ok(interrupted());
    };
    session.say(&format!("Job has been submitted with JobID {job}"))?;
    if run.detached {
        return session.finish(&json!({ "jobid": job }));
    }
    attached::wait(&session, &job, waiting)
}

/// The job has an id of our choice, so that it is the same one when it is submitted again because an answer was lost.
fn body(entry: Option<&str>, arguments: &[String], configuration: &Configuration) -> Result<Value> {
    Ok(json!({
        "entryClass": entry,
        "programArgsList": arguments,
        "flinkConfiguration": configuration,
        "jobId": job_id()?,
    }))
}

/// Submits the job; `None`: Ctrl-C was pressed while it was not known whether the server has it.
fn start(
    session: &Session,
    package: &str,
    body: &Value,
    waiting: &mut Waiting,
) -> Result<Option<String>> {
    let path = format!("/jars/{package}/run");
    let id = body
        .get("jobId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut patience = Patience::new(session.patience);
    let answer = session.repeat(&mut patience, waiting, |lost| {
        match session.client.post_or_lose::<Submitted>(&path, body) {
            Ok(answer) => Ok(answer.map(|Submitted { jobid }| jobid)),
            // The one that was lost has come through; whether the job could be started is known once it is shown.
            Err(error) if lost && error.code() == codes::JOB_DUPLICATE.id => {
                let shown = session.client.get::<Status>(&format!("/jobs/{id}/status"));
                Ok(shown.ok().map(|_| id.to_owned()))
            }
            Err(error) => Err(error),
        }
    });
    let answer = answer.map_err(|error| match error.code() {
        code if code == codes::NO_ANSWER_IN_TIME.id => error.next(format!(
            "once it is back, see whether `millstream list -a` shows job {id}"
        )),
        _ => error,
    })?;
    if answer.is_none() {
        report::progress(&format!(
            "Whether job {id} was submitted is not known; `millstream list` shows it if it was."
        ));
        session.finish(&json!({ "jobid": id, "status": null }))?;
    }
    Ok(answer)
}

/// The job keeps an executable of its own, so the package is taken away again, whatever became of it.
fn upload_and_start(
    session: &Session,
    path: &Path,
    body: &Value,
    waiting: &mut Waiting,
) -> Result<Option<String>> {
    let uploaded: Uploaded = session.client.upload("/jars/upload", path)?;
    let package = uploaded.id();
    let job = start(session, package, body, waiting);
    if let Err(error) = session.client.delete::<Value>(&format!("/jars/{package}")) {
        report::note(&format!(
            "the uploaded package stays on the server: {error}"
        ));
    }
    job
}

/// The server has another working directory than this process.
fn make_restore_path_absolute(configuration: &mut Configuration) -> Result<()> {
    let written = configuration.written(RESTORE_PATH.name);
    // What a reference stands for is known to the server, and absolute there.
    if written.is_some_and(has_references) {
        return Ok(());
    }
    match configuration.get(&RESTORE_PATH)? {
        Some(path) if path != "latest" && !path.is_empty() => {
            configuration.set(RESTORE_PATH.name, escape(&place(&path)?));
        }
        _ => {}
    }
    Ok(())
}

/// Neither has it what else `-D` names. What the configuration file says is the server's to understand, which may have read the same.
fn make_paths_absolute(run: &RunArguments, configuration: &mut Configuration) -> Result<()> {
    let given = run.connection.job_settings()?;
    let mut whole = given.clone();
    whole.make_paths_whole(here)?;
    for (key, path) in whole.iter() {
        // What to go on from may be given otherwise, which wins, and is seen to.
        if given.written(key) != Some(path) && key != RESTORE_PATH.name {
            configuration.set(key, path);
        }
    }
    Ok(())
}
