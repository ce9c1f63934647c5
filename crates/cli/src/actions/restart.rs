//! `millstream restart`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::{Map, Value, json};

use super::cancel::{await_end, cancelled};
use super::common::{missing, note_superfluous};
use crate::answers::{Status, Submitted};
use crate::arguments::Connection;
use crate::places::{here, place};
use crate::session::{Asking, Session, Waited, interrupted};
use crate::waiting::Waiting;

/// Runs a job again, as a new job. One that runs is stopped with a savepoint first and goes on from that, or, with --from PATH, is
/// cancelled first; both only where the server finds that it can run again.
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

    /// Savepoint or checkpoint to go on from; latest: the newest completed one of the job's name, which of a job that runs is the
    /// savepoint that it is stopped with. Else that savepoint; of a job that has ended, as it was submitted.
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
    let from = match arguments.from.as_deref() {
        Some("latest") => Some("latest".to_owned()),
        Some(path) => Some(place(path)?),
        None => None,
    };
    let directory = Session::savepoint_directory(&arguments.connection, None)?;
    let mut changes = Map::new();
    let mut settings = arguments.connection.job_settings()?;
    // The server has another working directory than this process.
    settings.make_paths_whole(here)?;
    for (key, value) in settings.iter() {
        changes.insert(key.to_owned(), Value::from(value));
    }
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let mut waiting = Waiting::for_interrupts()?;
    let again = Again {
        session: &session,
        job: &job,
        changes,
        parallelism: arguments.parallelism,
    };
    // Of a job that runs the server says so after it has checked everything else: only then it is taken down.
    let new = match again.submit(from.as_deref()) {
        Err(error) if error.code() == codes::JOB_STATE.id => {
            let Some(new) = again.submit_ended(from, directory, &mut waiting)? else {
                return Ok(interrupted());
            };
            new
        }
        answer => answer?,
    };
    session.say(&format!("Job has been submitted with JobID {new}"))?;
    session.finish(&json!({ "jobid": new, "restartOf": job }))
}

/// A job that is to run again.
struct Again<'a> {
    session: &'a Session,
    job: &'a str,
    changes: Map<String, Value>,
    parallelism: Option<u32>,
}

impl Again<'_> {
    /// Submits the job again, and answers the id of the new one.
    fn submit(&self, from: Option<&str>) -> Result<String> {
        let body = json!({
            "flinkConfiguration": self.changes,
            "parallelism": self.parallelism,
            "savepointPath": from,
        });
        let path = format!("/jobs/{}/restart", self.job);
        // The new id is the server's, so asking again might make two jobs of it.
        let answer = self.session.client.post_or_lose(&path, &body)?;
        answer.map(|Submitted { jobid }| jobid).ok_or_else(|| {
            let message = format!(
                "the connection to the server broke off: whether job {} was submitted again is not known",
                self.job
            );
            Error::new(&codes::NO_ANSWER_IN_TIME, message)
                .next("see whether `millstream list` shows a new job of its name")
        })
    }

    /// Ends the job and submits it again; `None`: Ctrl-C was pressed before it had ended.
    fn submit_ended(
        &self,
        from: Option<String>,
        directory: Option<String>,
        waiting: &mut Waiting,
    ) -> Result<Option<String>> {
        // The newest snapshot is the one that the job is stopped with; cancelling it may delete all others.
        let named = from.clone().filter(|from| from != "latest");
        let from = match self.end(named, directory, waiting) {
            Ok(Some(from)) => from,
            Ok(None) => return Ok(None),
            // It has ended by itself meanwhile, or somebody else has ended it.
            Err(error) if self.has_ended(&error) => return self.submit(from.as_deref()).map(Some),
            Err(error) => return Err(error),
        };
        let from = from.as_deref();
        let answer = self.submit(from);
        answer.map(Some).map_err(|error| self.stopped(&error, from))
    }

    /// Whether it could not be ended because it has.
    fn has_ended(&self, error: &Error) -> bool {
        let may_have = [codes::JOB_STATE.id, codes::STOP_FAILED.id].contains(&error.code());
        let path = format!("/jobs/{}/status", self.job);
        may_have
            && matches!(self.session.client.get(&path), Ok(Status { status }) if status.is_terminal())
    }

    /// The error for a job that was taken down and could not be submitted again.
    fn stopped(&self, error: &Error, from: Option<&str>) -> Error {
        let job = self.job;
        let from = from.map_or(String::new(), |from| format!(" --from {from}"));
        if error.code() == codes::NO_ANSWER_IN_TIME.id {
            return error.clone().next(format!(
                "if `millstream list` shows no new job of its name, go on with `millstream restart {job}{from}`"
            ));
        }
        let reason = match error.next_step() {
            "" => error.message().to_owned(),
            step => format!("{}; {step}", error.message()),
        };
        let code = codes::ALL.iter().find(|code| code.id == error.code());
        let code = code.copied().unwrap_or(&codes::SERVER_ANSWER);
        let stopped = Error::new(
            code,
            format!("job {job} was stopped and does not run again: {reason}"),
        );
        let stopped = match error.cause_text() {
            Some(cause) => stopped.cause(cause),
            None => stopped,
        };
        stopped.next(format!("go on with `millstream restart {job}{from}`"))
    }
    /// Ends the job. Answers what to go on from; `None`: Ctrl-C was pressed before.
    fn end(
        &self,
        from: Option<String>,
        directory: Option<String>,
        waiting: &mut Waiting,
    ) -> Result<Option<Option<String>>> {
        let Self { session, job, .. } = *self;
        if from.is_some() {
            session.say(&format!("Cancelling job {job}."))?;
            return Ok(cancelled(session, job, waiting)?.map(|_| from));
        }
        session.say(&format!(
            "Suspending job \"{job}\" with a CANONICAL savepoint."
        ))?;
        let asking = Asking {
            path: &format!("/jobs/{job}/stop"),
            body: json!({ "drain": false, "targetDirectory": directory }),
            kind: "stop",
            job: Some(job),
            failure: format!("Could not stop with a savepoint job \"{job}\""),
        };
        let Waited::Ended(operation) = session.operate(&asking, waiting)? else {
            return Ok(None);
        };
        let path = operation.path;
        session.say(&format!(
            "Savepoint completed. Path: {}",
            path.as_deref().unwrap_or_default()
        ))?;
        let ended = await_end(session, job, waiting);
        let ended = ended.map_err(|error| self.stopped(&error, path.as_deref()))?;
        Ok(ended.map(|_| path))
    }
}
