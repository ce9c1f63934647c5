//! What the server knows, as others see it: plain values, cheap to hand around. Times are milliseconds since
//! 1970-01-01T00:00:00Z.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::{Configuration, JobId, JobStatus, TriggerId};
use millstream_protocol::OperationResult;
use millstream_protocol::link::{
    CheckpointCounts, CheckpointReport, CheckpointSummary, FailureReport, JobReport, NextAttempt,
    Submission,
};
use serde::{Deserialize, Serialize};

/// A job.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Its name.
    pub name: String,
    /// Its status: the process's word, unless there is no process.
    pub status: JobStatus,
    /// When it was submitted.
    pub start_time: u64,
    /// When it ended; `None`: it has not.
    pub end_time: Option<u64>,
    /// When its status last changed.
    pub last_modification: u64,
    /// When it last switched to each status that it had.
    pub timestamps: BTreeMap<JobStatus, u64>,
    /// Its directory: logs, output and the files of `millstream_protocol::link`.
    pub directory: PathBuf,
    /// How many processes were started for it.
    pub launches: u32,
    /// What runs. Holds secrets: never print it.
    pub submission: Arc<Submission>,
    /// The id of its package.
    pub package: String,
    /// The newest report of its newest process; `None`: none has reported to this server.
    pub report: Option<Arc<JobReport>>,
    /// When a process of it last reported to this server.
    pub heard: Option<u64>,
    /// The attempt that begins next, where the job waits for it.
    pub next_attempt: Option<NextAttempt>,
    /// The process that runs it; `None`: there is none, or it has not reported yet.
    pub process: Option<u32>,
    /// Attempts at running it, over all processes.
    pub attempts: u32,
    /// The newest failures over all processes, oldest first.
    pub failures: Vec<FailureReport>,
    /// Snapshots over all processes.
    pub checkpoint_totals: CheckpointCounts,
    /// The completed ones over all processes.
    pub checkpoint_summary: CheckpointSummary,
    /// The newest snapshots that have ended, oldest first, over all processes. Before them the newest completed checkpoint,
    /// savepoint and failed one, where they are older.
    pub checkpoints: Vec<CheckpointReport>,
    /// So many snapshots are listed.
    pub checkpoint_history: usize,
}

/// What can be asked for and is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationVerb {
    /// Write a savepoint and go on.
    Savepoint,
    /// Write a savepoint, then end as CANCELED.
    CancelWithSavepoint,
    /// Take a checkpoint now.
    Checkpoint,
    /// Stop with a savepoint.
    Stop,
    /// End the job at once.
    Cancel,
    /// Delete a snapshot.
    Disposal,
}

impl OperationVerb {
    /// The name as it is recorded and printed, for example `cancel-with-savepoint`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Savepoint => "savepoint",
            Self::CancelWithSavepoint => "cancel-with-savepoint",
            Self::Checkpoint => "checkpoint",
            Self::Stop => "stop",
            Self::Cancel => "cancel",
            Self::Disposal => "disposal",
        }
    }
}

/// An operation: it survives the server, and ends exactly once.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationView {
    /// Its id: whoever asks again with the same id gets the same operation.
    pub id: TriggerId,
    /// The job; `None`: a disposal.
    pub job: Option<JobId>,
    /// The verb.
    pub kind: OperationVerb,
    /// When it was asked for.
    pub requested: u64,
    /// When it ended; `None`: it is under way.
    pub ended: Option<u64>,
    /// What came of it. A disposal is completed with the path, and 0 for the number.
    pub result: Option<OperationResult>,
    /// What was asked for, by name.
    pub parameters: serde_json::Value,
}

/// A job package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageView {
    /// `<uuid>_<file name>`; `ingest`: the built-in one.
    pub id: String,
    /// The name of the file that was uploaded.
    pub name: String,
    /// When.
    pub uploaded: u64,
    /// The jobs in it.
    pub entries: Vec<PackageEntry>,
    /// The executable; `None`: built in.
    pub path: Option<PathBuf>,
}

/// A job of a package, as the package describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageEntry {
    /// The entry class.
    pub name: String,
    /// What it does, in a line.
    #[serde(default)]
    pub description: String,
    /// Its parameters.
    #[serde(default)]
    pub parameters: Vec<PackageParameter>,
}

/// A parameter of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageParameter {
    /// Given as `--name value`.
    pub name: String,
    /// What it means.
    #[serde(default)]
    pub meaning: String,
    /// The default as text.
    #[serde(default)]
    pub default: Option<String>,
}

/// What is asked for when a job is submitted or planned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmitRequest {
    /// The id that the job is to have; `None`: a new one.
    pub job: Option<JobId>,
    /// The id of the package.
    pub package: String,
    /// The entry class; `None`: the package has one only.
    pub entry: Option<String>,
    /// The arguments of the job's program.
    pub arguments: Vec<String>,
    /// Options of the job: they win over the server's.
    pub configuration: Configuration,
}

/// The server itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Its version.
    pub version: String,
    /// The commit it was built from.
    pub commit: String,
    /// When it started.
    pub started: u64,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where others find it, for example `http://localhost:8081`.
    pub url: String,
    /// Its data directory.
    pub data_directory: PathBuf,
    /// Whether it speaks TLS.
    pub tls: bool,
}
