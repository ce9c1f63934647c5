//! Dead letters of jobs, which the command knows: it is asked in a process of its own. What it does it does once, whenever that
//! process dies.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::options::reference::escape;
use millstream_core::{Error, JobId, Result, codes};
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::outcomes;
use crate::packages::run_program;
use crate::supervisor::RUNNING_PROGRAM;

/// What is asked about the dead letters of a job.
pub(crate) struct Question {
    /// The job.
    pub(crate) job: JobId,
    /// `list`, `show`, `discard` or `replay`.
    pub(crate) verb: &'static str,
    /// What else the command is told.
    pub(crate) options: Vec<String>,
}

impl Question {
    /// What the command answers, whose data directory is `data`.
    ///
    /// # Errors
    /// Those of the command.
    async fn ask(&self, data: &Path) -> Result<Value> {
        let data = escape(&data.display().to_string());
        let mut words = vec![
            "dead-letters".to_owned(),
            self.verb.to_owned(),
            self.job.to_string(),
            "--json".to_owned(),
            format!("-Dmillstream.data-dir={data}"),
        ];
        words.extend(self.options.iter().cloned());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = run_program(Path::new(RUNNING_PROGRAM), &words).await;
        let answer = answer.map_err(|cause| {
            let message = "the command that knows dead letters can't be run";
            Error::new(&codes::DEAD_LETTERS, message).cause(cause)
        })?;
        let told: Value = serde_json::from_slice(&answer.output).unwrap_or_default();
        match (answer.succeeded, told.get("error")) {
            (true, _) => Ok(told),
            (false, Some(error)) => Err(error_of(error)),
            (false, None) => {
                let last = answer.error.lines().last().unwrap_or_default().to_owned();
                Err(Error::new(&codes::DEAD_LETTERS, last).next("see the server's log"))
            }
        }
    }
}

/// The error that the command has told.
fn error_of(told: &Value) -> Error {
    let text = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut known = codes::ALL.iter();
    let code = known.find(|known| known.id == text("code"));
    let error = Error::new(
        code.copied().unwrap_or(&codes::DEAD_LETTERS),
        text("message"),
    );
    let error = error.next(text("help"));
    match text("cause") {
        "" => error,
        cause => error.cause(cause),
    }
}

/// How far a replay is.
#[derive(Debug, Clone)]
pub(crate) enum Replay {
    /// Letters are being sent.
    Running,
    /// They were.
    Completed(Value),
    /// They were not, or not all of them.
    Failed(Error),
}

/// So many questions are answered at once: each is a process that reads all letters of a job.
const AT_ONCE: usize = 2;

/// Who asks the command, and the replays that this server has started: the last one of each job.
#[derive(Debug, Clone)]
pub(crate) struct Letters {
    turns: Arc<Semaphore>,
    replays: Arc<Mutex<HashMap<JobId, Replay>>>,
}

impl Default for Letters {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            replays: Arc::default(),
        }
    }
}

impl Letters {
    /// What the command answers, whose data directory is `data`.
    ///
    /// # Errors
    /// Those of the command.
    pub(crate) async fn ask(&self, question: &Question, data: &Path) -> Result<Value> {
        // It is closed by nobody.
        let _turn = self.turns.acquire().await.ok();
        question.ask(data).await
    }

    /// Starts a replay. It ends with the server; the next one goes on where it was.
    ///
    /// # Errors
    /// One of the same job is under way.
    pub(crate) fn start(&self, question: Question, data: &Path) -> Result<()> {
        let job = question.job;
        {
            let mut all = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(Replay::Running) = all.get(&job) {
                let message = format!("Dead letters of job {job} are being replayed.");
                return Err(
                    Error::new(&codes::JOB_STATE, message).next("wait until that has ended")
                );
            }
            all.insert(job, Replay::Running);
        }
        let (replays, data) = (Arc::clone(&self.replays), data.to_owned());
        tokio::spawn(async move {
            let told = question.ask(&data).await;
            outcomes::note_replay(job, &told);
            let ended = match told {
                Ok(told) => Replay::Completed(told),
                Err(error) => Replay::Failed(error),
            };
            let mut all = replays.lock().unwrap_or_else(PoisonError::into_inner);
            all.insert(job, ended);
        });
        Ok(())
    }

    /// How far the last replay of a job is; `None`: this server has started none.
    pub(crate) fn last(&self, job: JobId) -> Option<Replay> {
        let all = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&job).cloned()
    }
}
