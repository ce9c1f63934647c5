//! Operations: asking for one, and waiting for its end.
//!
//! The command chooses the id of an operation, so that it can ask again when an answer was lost: the same id is the
//! same operation.

use std::process::ExitCode;
use std::time::Duration;

use millstream_core::{Error, JobStatus, Result, TriggerId, codes, options};
use serde_json::{Value, json};

use super::{Session, is_away, worded};
use crate::answers::{Checkpoints, Operation, OperationStatus, Status, Triggered};
use crate::ids::trigger_id;
use crate::report;
use crate::waiting::{Patience, Rhythm, Waiting};

/// How often the job of an operation is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a line about an operation is shown that takes its time.
const LINE: Duration = Duration::from_secs(10);

/// What is asked for.
pub(crate) struct Asking<'a> {
    /// Where.
    pub(crate) path: &'a str,
    /// How, without the id of the operation.
    pub(crate) body: Value,
    /// What it is called, for example `stop`.
    pub(crate) kind: &'static str,
    /// Of which job; `None`: it is a disposal.
    pub(crate) job: Option<&'a str>,
    /// What Flink says where it fails.
    pub(crate) failure: String,
}

impl Asking<'_> {
    fn with_id(&self, id: TriggerId) -> Value {
        let mut body = self.body.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("triggerId".to_owned(), json!(id));
        }
        body
    }
}

/// How waiting for an operation ended.
pub(crate) enum Waited {
    /// It completed.
    Ended(Operation),
    /// The user does not want to wait any longer: the operation goes on.
    LeftAlone,
}

impl Session {
    /// Asks for an operation whose end is not waited for, and answers its id.
    ///
    /// # Errors
    /// It is refused, or the answer is lost: then the error says how to follow the operation.
    pub(crate) fn begin(&self, asking: &Asking<'_>) -> Result<TriggerId> {
        let id = trigger_id()?;
        let answer: Option<Triggered> = self
            .client
            .post_or_lose(asking.path, &asking.with_id(id))
            .map_err(|error| worded(&asking.failure, &error))?;
        match answer {
            Some(Triggered { id }) => Ok(id),
            None => Err(not_known(asking.kind, id)),
        }
    }

    /// Asks for an operation that nobody waits for, and tells how to ask after it: `what` is begun, and Flink says `triggered`.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub(crate) fn detach(
        &self,
        asking: &Asking<'_>,
        what: &str,
        triggered: &str,
    ) -> Result<ExitCode> {
        let job = asking.job;
        let of_job = job.map(|job| format!(" for job {job}")).unwrap_or_default();
        self.say(&format!("Triggering {what} in detached mode{of_job}."))?;
        let id = self.begin(asking)?;
        self.say(&format!(
            "Successfully trigger {triggered}, triggerId: {id}"
        ))?;
        self.finish(&json!({ "job": job, "id": id, "status": "IN_PROGRESS" }))
    }

    /// Asks for a savepoint, waits for it, and tells its path. `None`: the user does not want to wait.
    ///
    /// # Errors
    /// As [`Self::operate`].
    pub(crate) fn savepoint(
        &self,
        asking: &Asking<'_>,
        what: &str,
        waiting: &mut Waiting,
    ) -> Result<Option<Operation>> {
        let job = asking.job.unwrap_or_default();
        self.say(&format!("Triggering {what} for job {job}."))?;
        self.say("Waiting for response...")?;
        let Waited::Ended(operation) = self.operate(asking, waiting)? else {
            return Ok(None);
        };
        let path = operation.path.as_deref().unwrap_or_default();
        self.say(&format!("Savepoint completed. Path: {path}"))?;
        Ok(Some(operation))
    }

    /// Asks for an operation and waits for its end. A server that goes away meanwhile is waited for. `waiting` was begun before,
    /// so that Ctrl-C never leaves an operation behind that nobody has been told of.
    ///
    /// # Errors
    /// It is refused, or fails: its own code and reason behind Flink's words. It takes longer than `client.timeout`
    /// ([`codes::NO_ANSWER_IN_TIME`]).
    pub(crate) fn operate(&self, asking: &Asking<'_>, waiting: &mut Waiting) -> Result<Waited> {
        let mut wait = Wait {
            session: self,
            asking,
            id: trigger_id()?,
            patience: Patience::new(self.patience),
            progress: Progress::new(),
        };
        let ended = match wait.ask(waiting) {
            Ok(true) => wait.end(waiting),
            Ok(false) => wait.leave(&format!(
                "Whether the {} has begun is not known",
                asking.kind
            )),
            Err(error) => Err(error),
        };
        ended.map_err(|error| match error.code() {
            // It may yet succeed.
            code if code == codes::NO_ANSWER_IN_TIME.id => error,
            _ => worded(&asking.failure, &error),
        })
    }
}

/// An operation that is waited for.
struct Wait<'a> {
    session: &'a Session,
    asking: &'a Asking<'a>,
    id: TriggerId,
    patience: Patience,
    progress: Progress,
}

impl Wait<'_> {
    /// Asks for the operation; `false`: Ctrl-C was pressed before it was known whether the server has heard of it.
    fn ask(&mut self, waiting: &mut Waiting) -> Result<bool> {
        let body = self.asking.with_id(self.id);
        let client = &self.session.client;
        let answer = self.session.repeat(&mut self.patience, waiting, |_| {
            client.post_or_lose::<Triggered>(self.asking.path, &body)
        });
        match answer {
            Ok(answer) => Ok(answer.is_some()),
            Err(error) if error.code() == codes::NO_ANSWER_IN_TIME.id => {
                Err(not_known(self.asking.kind, self.id))
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for the end.
    fn end(&mut self, waiting: &mut Waiting) -> Result<Waited> {
        let path = format!("/operations/{}", self.id);
        loop {
            let answer = self.session.client.get::<Operation>(&path);
            self.progress.hear(answer.as_ref().err());
            match answer {
                Ok(operation) => match operation.status {
                    OperationStatus::Completed => return Ok(Waited::Ended(operation)),
                    OperationStatus::Failed => return Err(operation.error()),
                    OperationStatus::InProgress if self.patience.is_over() => {
                        return Err(self.too_long());
                    }
                    OperationStatus::InProgress => self.progress.look(self.session, self.asking),
                },
                Err(error) if is_away(&error) && self.patience.is_over() => {
                    return Err(error.next(follow(self.id)));
                }
                Err(error) if is_away(&error) => {}
                Err(error) => return Err(error.next(follow(self.id))),
            }
            if waiting.pause(self.patience.next_pause()) {
                return self.leave(&format!("The {} goes on", self.asking.kind));
            }
        }
    }

    fn too_long(&self) -> Error {
        let after = options::format_duration(self.session.patience);
        let message = format!("the {} is not done after {after}", self.asking.kind);
        Error::new(&codes::NO_ANSWER_IN_TIME, message).next(follow(self.id))
    }

    /// Says how to follow what is not waited for any longer.
    fn leave(&self, what: &str) -> Result<Waited> {
        report::progress(&format!("{what}; {}.", follow(self.id)));
        self.session
            .finish(&json!({ "job": self.asking.job, "id": self.id, "status": "IN_PROGRESS" }))?;
        Ok(Waited::LeftAlone)
    }
}

/// What is shown while an operation is waited for.
struct Progress {
    look: Rhythm,
    line: Rhythm,
    seconds: u64,
    status: Option<JobStatus>,
    is_away: bool,
}

impl Progress {
    fn new() -> Self {
        Self {
            look: Rhythm::new(LOOK),
            line: Rhythm::new(LINE),
            seconds: 0,
            status: None,
            is_away: false,
        }
    }

    /// Shows when the server is away, and when it is back.
    fn hear(&mut self, error: Option<&Error>) {
        match error.filter(|error| is_away(error)) {
            Some(error) if !self.is_away => {
                report::progress(&format!("Waiting for the server to come back: {error}"));
                self.is_away = true;
            }
            None if self.is_away => {
                report::progress("The server is back.");
                self.is_away = false;
            }
            _ => {}
        }
    }

    /// Shows what is new of the job, and from time to time that it goes on.
    fn look(&mut self, session: &Session, asking: &Asking<'_>) {
        let Some(job) = asking.job.filter(|_| self.look.is_due()) else {
            return;
        };
        // What can't be shown is no failure of the operation.
        let Ok(Status { status }) = session.client.get(&format!("/jobs/{job}/status")) else {
            return;
        };
        if let Some(before) = self.status.filter(|before| *before != status) {
            report::progress(&format!("Job {job} switched from {before} to {status}."));
        }
        self.status = Some(status);
        if self.line.is_due() {
            self.seconds += LINE.as_secs();
            report::progress(&format!(
                "The {} takes more than {} s: job {job} is {status}{}.",
                asking.kind,
                self.seconds,
                parts(session, job)
            ));
        }
    }
}

/// How much of the snapshot that a job is writing is done.
fn parts(session: &Session, job: &str) -> String {
    let answer = session
        .client
        .get::<Checkpoints>(&format!("/jobs/{job}/checkpoints"));
    let history = answer.map(|answer| answer.history).unwrap_or_default();
    let written = history
        .iter()
        .find(|checkpoint| checkpoint.status == "IN_PROGRESS");
    match written {
        Some(checkpoint) => format!(
            ", {} of {} tasks have written their part of snapshot {}",
            checkpoint.acknowledged, checkpoint.subtasks, checkpoint.id
        ),
        None => String::new(),
    }
}

/// The error for an answer that was lost.
fn not_known(kind: &str, id: TriggerId) -> Error {
    let message = format!(
        "the connection to the server broke off: whether the {kind} has begun is not known"
    );
    Error::new(&codes::NO_ANSWER_IN_TIME, message).next(follow(id))
}

/// What an interrupted command exits with, as shells expect it.
pub(crate) fn interrupted() -> ExitCode {
    ExitCode::from(130)
}

/// How an operation is followed.
fn follow(id: TriggerId) -> String {
    format!("follow it with `millstream operations {id}`")
}
