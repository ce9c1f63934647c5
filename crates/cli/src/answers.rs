//! What the server answers, as far as the command looks into it. Times are milliseconds since 1970-01-01T00:00:00Z.

use millstream_core::{Error, ErrorKind, JobStatus, TriggerId, codes};
use serde::{Deserialize, Serialize};

/// The answer of `/jobs/overview`.
#[derive(Debug, Deserialize)]
pub(crate) struct Overview {
    /// Every job that is known.
    pub(crate) jobs: Vec<JobLine>,
}

/// A job in a list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobLine {
    /// Its id.
    pub(crate) jid: String,
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) state: JobStatus,
    /// When it was submitted.
    #[serde(rename = "start-time")]
    pub(crate) start_time: i64,
    /// The attempt that it waits for.
    #[serde(
        rename = "next-attempt",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) next_attempt: Option<NextAttempt>,
    /// Everything else.
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

/// An attempt that waits for its time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NextAttempt {
    /// When it begins.
    pub(crate) at: i64,
    /// Which one it is, and why the one before has ended.
    pub(crate) why: String,
}

#[cfg(test)]
impl JobLine {
    /// A job for a test.
    pub(crate) fn new(jid: &str, name: &str, state: JobStatus, start_time: i64) -> Self {
        Self {
            jid: jid.to_owned(),
            name: name.to_owned(),
            state,
            start_time,
            next_attempt: None,
            rest: serde_json::Map::new(),
        }
    }
}

/// The answer of `/jobs/:id`.
#[derive(Debug, Deserialize)]
pub(crate) struct Job {
    /// Its name.
    pub(crate) name: String,
    /// Its status.
    pub(crate) state: JobStatus,
    /// How long it has run, in milliseconds.
    pub(crate) duration: i64,
    /// Its tasks.
    pub(crate) vertices: Vec<Vertex>,
}

/// A chain of operators of a job.
#[derive(Debug, Deserialize)]
pub(crate) struct Vertex {
    /// What it counts.
    pub(crate) metrics: VertexMetrics,
}

/// What the tasks of a vertex count.
#[derive(Debug, Deserialize)]
pub(crate) struct VertexMetrics {
    /// Records taken in.
    #[serde(rename = "read-records")]
    pub(crate) read_records: u64,
    /// Records handed out.
    #[serde(rename = "write-records")]
    pub(crate) write_records: u64,
}

/// The answer of `/jobs/:id/files`.
#[derive(Debug, Deserialize)]
pub(crate) struct Files {
    /// The directory that is read.
    pub(crate) directory: String,
    /// How many files are how far.
    pub(crate) counts: std::collections::BTreeMap<String, u64>,
    /// Files that lie there and have not been taken up.
    pub(crate) waiting: u64,
    /// Files of which nothing can be told.
    pub(crate) missed: u64,
    /// Some of them.
    pub(crate) files: Vec<FileLine>,
    /// Where the next page goes on.
    pub(crate) next: Option<u64>,
}

/// One file.
#[derive(Debug, Deserialize)]
pub(crate) struct FileLine {
    /// Its name below the directory.
    pub(crate) name: String,
    /// How far it is.
    pub(crate) state: String,
    /// How much of it has been read, 0 to 100.
    pub(crate) percent: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// Its records; `None`: it is not known.
    pub(crate) rows: Option<u64>,
    /// Those of them that were bad.
    pub(crate) bad: u64,
    /// The checkpoint that committed it.
    pub(crate) checkpoint: Option<u64>,
    /// Why it is not read to its end.
    pub(crate) reason: Option<String>,
    /// When this last changed.
    pub(crate) changed: u64,
}

/// The answer of `/jobs/:id/settings`.
#[derive(Debug, Deserialize)]
pub(crate) struct LiveSettings {
    /// Those that can be changed while the job runs.
    pub(crate) settings: Vec<LiveSetting>,
}

/// A setting that can be changed while a job runs.
#[derive(Debug, Deserialize)]
pub(crate) struct LiveSetting {
    /// The key.
    pub(crate) key: String,
    /// The value.
    pub(crate) value: Option<String>,
    /// Whether that is the default.
    pub(crate) default: bool,
}

/// The answer of `/jobs/:id/status`.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    /// The job's status.
    pub(crate) status: JobStatus,
}

/// The answer to what begins an operation.
#[derive(Debug, Deserialize)]
pub(crate) struct Triggered {
    /// The operation.
    #[serde(rename = "request-id")]
    pub(crate) id: TriggerId,
}

/// The answer to a submission.
#[derive(Debug, Deserialize)]
pub(crate) struct Submitted {
    /// The new job.
    pub(crate) jobid: String,
}

/// The answer to an upload.
#[derive(Debug, Deserialize)]
pub(crate) struct Uploaded {
    /// Where the package lies; its last part is its id.
    pub(crate) filename: String,
}

impl Uploaded {
    /// The package's id.
    pub(crate) fn id(&self) -> &str {
        self.filename.rsplit('/').next().unwrap_or(&self.filename)
    }
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum OperationStatus {
    /// Under way.
    InProgress,
    /// Done.
    Completed,
    /// Not done, for a reason.
    Failed,
}

impl OperationStatus {
    /// The name as the server sends it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// An operation: an answer of `/operations`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Its id.
    pub(crate) id: TriggerId,
    /// The job; `None`: a disposal.
    pub(crate) job: Option<String>,
    /// The verb, for example `savepoint`.
    pub(crate) kind: String,
    /// How far it is.
    pub(crate) status: OperationStatus,
    /// When it was asked for.
    pub(crate) requested: i64,
    /// When it ended.
    #[serde(default)]
    pub(crate) ended: Option<i64>,
    /// The snapshot.
    #[serde(default)]
    pub(crate) path: Option<String>,
    /// The snapshot's number.
    #[serde(default)]
    pub(crate) checkpoint: Option<u64>,
    /// Why it failed: the stable code …
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// … and the reason.
    #[serde(default)]
    pub(crate) message: Option<String>,
}

impl Operation {
    /// Why it failed.
    pub(crate) fn error(&self) -> Error {
        let code = codes::ALL
            .iter()
            .find(|code| Some(code.id) == self.code.as_deref())
            .copied()
            .unwrap_or(&codes::SERVER_ANSWER);
        let mut message = match &self.message {
            Some(message) => message.clone(),
            None => format!("the {} failed", self.kind),
        };
        if let Some(path) = &self.path {
            message.push_str(&format!("; its savepoint is {path}"));
        }
        let error = Error::new(code, message);
        match &self.job {
            Some(job) => error.next(format!(
                "see `millstream exceptions {job}` and `millstream logs {job}`"
            )),
            None => error.next(match code.kind {
                ErrorKind::NotFound => {
                    "name the directory of a savepoint or checkpoint, or its _metadata"
                }
                ErrorKind::Conflict => "wait until the job has a newer one, or stop the job",
                _ => "check the owner and the permissions of the directory",
            }),
        }
    }
}

/// The answer of `/operations`.
#[derive(Debug, Deserialize)]
pub(crate) struct Operations {
    /// The operations.
    pub(crate) operations: Vec<Operation>,
}

/// The answer of `/jobs/:id/exceptions`.
#[derive(Debug, Deserialize)]
pub(crate) struct Exceptions {
    /// What went wrong.
    #[serde(rename = "exceptionHistory")]
    pub(crate) history: ExceptionHistory,
}

/// What went wrong in a job.
#[derive(Debug, Deserialize)]
pub(crate) struct ExceptionHistory {
    /// Newest first.
    pub(crate) entries: Vec<Exception>,
}

/// A failure.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Exception {
    /// The kind.
    #[serde(rename = "exceptionName")]
    pub(crate) name: String,
    /// What happened.
    pub(crate) stacktrace: String,
    /// When.
    pub(crate) timestamp: i64,
    /// The task, where it was one.
    #[serde(rename = "taskName", default)]
    pub(crate) task: Option<String>,
}

/// The answer of `/jobs/:id/checkpoints`.
#[derive(Debug, Deserialize)]
pub(crate) struct Checkpoints {
    /// How many there were.
    pub(crate) counts: CheckpointCounts,
    /// The newest, newest first.
    pub(crate) history: Vec<Checkpoint>,
}

/// How many checkpoints there were.
#[derive(Debug, Deserialize)]
pub(crate) struct CheckpointCounts {
    pub(crate) restored: u64,
    pub(crate) total: u64,
    pub(crate) in_progress: u64,
    pub(crate) completed: u64,
    pub(crate) failed: u64,
}

/// A checkpoint or savepoint.
#[derive(Debug, Deserialize)]
pub(crate) struct Checkpoint {
    pub(crate) id: u64,
    pub(crate) status: String,
    pub(crate) is_savepoint: bool,
    pub(crate) trigger_timestamp: i64,
    pub(crate) state_size: u64,
    pub(crate) end_to_end_duration: i64,
    #[serde(default)]
    pub(crate) external_path: Option<String>,
    #[serde(default)]
    pub(crate) discarded: bool,
    #[serde(default)]
    pub(crate) failure_message: Option<String>,
    /// How many subtasks write a part of it, …
    #[serde(rename = "num_subtasks", default)]
    pub(crate) subtasks: u64,
    /// … and how many have done so.
    #[serde(rename = "num_acknowledged_subtasks", default)]
    pub(crate) acknowledged: u64,
}

/// The answer of `/jobs/:id/logs`.
#[derive(Debug, Deserialize)]
pub(crate) struct Logs {
    /// The files.
    pub(crate) logs: Vec<LogFile>,
}

/// A file of a job's log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LogFile {
    /// Its name.
    pub(crate) name: String,
    /// Bytes.
    pub(crate) size: u64,
    /// When it was last written.
    pub(crate) mtime: i64,
}
