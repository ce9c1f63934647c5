//! What a server and the process of a job say to each other, and the files that outlive either.
//!
//! A job has a directory of its own, made by the server. Whoever dies, the files there tell the other side, or its
//! successor, how far things are:
//!
//! | file | written by | holds |
//! |---|---|---|
//! | [`SUBMISSION_FILE`] | server, once, and when a setting is changed while the job runs | [`Submission`]: what runs, and how (it may hold secrets: mode 0600) |
//! | [`LAUNCH_FILE`] | server, before each start of a process | [`Launch`]: what is known of the job's past |
//! | [`LOCK_FILE`] | job process | nothing; locked for as long as the process lives |
//! | [`SOCKET_FILE`] | job process | the socket that the server connects to |
//! | [`RESTORED_FILE`] | job process, when it first runs the job | where the snapshot lies that it was started from |
//! | [`LEFT_OUT_FILE`] | job process, when it first runs the job | up to where output had been committed behind that, if any had |
//! | [`STARTED_FILE`] | job process, before it first runs the job | the number of the process |
//! | [`STOP_FILE`] | job process, before the savepoint of a stop begins and once it is written | [`StopBegun`] |
//! | [`ENDING_FILE`] | job process, when the job's end begins | the [`JobReport`] that is the outcome should the process die from here on |
//! | [`OUTCOME_FILE`] | job process, when the job has ended; server, where it decides that the job has, and no process runs | the last [`JobReport`] |
//! | [`LOG_FILE`], [`OUTPUT_FILE`] | job process | log lines; standard output and error |
//!
//! Over the socket go lines of JSON: [`JobReport`]s to the server, each complete in itself, so that a server
//! that has just started knows a job from its first line; [`ToJob`] to the process.

mod report;
mod summary;

use millstream_core::{CheckpointId, Configuration, JobId, TriggerId};
use serde::{Deserialize, Serialize};

use crate::event::Request;
pub use report::{
    CheckpointCounts, CheckpointReport, CheckpointState, ClosedNumbers, CountedFrom, EdgeReport,
    EndedOperation, FailureReport, JobReport, NextAttempt, SplitReport, SubtaskReport,
    TaskCheckpoint, TaskNumbers, VertexReport,
};
pub use summary::{CheckpointSummary, Spread};

/// The [`Submission`] as JSON.
pub const SUBMISSION_FILE: &str = "job.json";
/// The [`Launch`] as JSON.
pub const LAUNCH_FILE: &str = "launch.json";
/// Locked (`flock`) by the job process for as long as it lives.
pub const LOCK_FILE: &str = "lock";
/// The Unix socket that the job process listens on.
pub const SOCKET_FILE: &str = "job.sock";
/// The [`StopBegun`] as JSON.
pub const STOP_FILE: &str = "stop.json";
/// Where the snapshot lies that the job was started from, as JSON.
pub const RESTORED_FILE: &str = "restored.json";
/// Up to where output had been committed behind that snapshot when the job was started, as JSON; it is there if any had.
pub const LEFT_OUT_FILE: &str = "left-out.json";
/// There from the moment on from which the job may have written output.
pub const STARTED_FILE: &str = "started";
/// The [`JobReport`] that [counts](crate::supervision::is_outcome) as the outcome where the process dies before it has
/// written that.
pub const ENDING_FILE: &str = "ending.json";
/// The last [`JobReport`] as JSON.
pub const OUTCOME_FILE: &str = "outcome.json";
/// The log of the job process; older parts are `job.log.1`, `job.log.2`, ….
pub const LOG_FILE: &str = "job.log";
/// Standard output and error of the job process; older parts are `job.out.1`, ….
pub const OUTPUT_FILE: &str = "job.out";
/// How a job process is started: `PROGRAM --millstream-job DIRECTORY`.
pub const JOB_ARGUMENT: &str = "--millstream-job";

/// What runs, and how: fixed when the job is submitted, but for settings that are changed while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The job.
    pub job: JobId,
    /// The entry point; `None`: the package has one only.
    pub entry: Option<String>,
    /// The arguments of the job's program.
    pub arguments: Vec<String>,
    /// The options of the job: those of the server's configuration that concern jobs, then those of the call. What the job
    /// is restored from is among them (`execution.state-recovery.…`).
    pub configuration: Configuration,
}

/// What is known of a job's past when a process is started for it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Launch {
    /// How many processes ran the job before.
    pub earlier: u32,
    /// The newest snapshot that records say was completed; `None`: no record.
    pub completed_up_to: Option<CheckpointId>,
    /// The lowest number that no snapshot of the job has used; 0 if not known.
    pub next_checkpoint: CheckpointId,
}

/// A stop that has triggered its savepoint. Where that turns out complete after a crash, the stop is finished
/// from it: its output may be committed already, so the job must not go back behind it. Once it is noted as written it is
/// never forgotten: where it is not there, it is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopBegun {
    /// The operation.
    pub id: TriggerId,
    /// The savepoint's number.
    pub checkpoint: CheckpointId,
    /// The savepoint's directory.
    pub path: String,
    /// Whether the savepoint is complete: noted before any output up to it is committed.
    #[serde(default)]
    pub written: bool,
    /// Whether the operation has ended: it did not come about, and the job goes on; from the savepoint, if that is written.
    #[serde(default)]
    pub ended: bool,
    /// The savepoint of the stop before that was written: where that failed, the job went on from it, and may have nothing
    /// newer.
    #[serde(default)]
    pub earlier: Option<WrittenSavepoint>,
}

/// The savepoint of a stop, noted as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenSavepoint {
    /// Its number.
    pub checkpoint: CheckpointId,
    /// Its directory.
    pub path: String,
}

impl StopBegun {
    /// This stop, which has just begun, as the one after `before`.
    #[must_use]
    pub fn after(self, before: Option<Self>) -> Self {
        let earlier = before.and_then(|before| {
            let Self {
                checkpoint, path, ..
            } = before;
            match before.written {
                true => Some(WrittenSavepoint { checkpoint, path }),
                false => before.earlier,
            }
        });
        Self { earlier, ..self }
    }

    /// The savepoints of failed stops that the job may have to go on from: they belong to what is
    /// [offered](crate::Facts::offered).
    pub fn gone_on_from(&self) -> impl Iterator<Item = WrittenSavepoint> {
        let own = (self.ended && self.written).then(|| WrittenSavepoint {
            checkpoint: self.checkpoint,
            path: self.path.clone(),
        });
        own.into_iter().chain(self.earlier.clone())
    }
}

/// What a server tells the process of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToJob {
    /// Does something. Sent again with the same id it is the same operation.
    Request(Request),
    /// The ends of these operations are on record: reports need not tell them any more.
    Recorded(Vec<TriggerId>),
    /// These settings, which can be changed while a job runs, are so from now on; others stay as they are.
    Settings(Configuration),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stop(checkpoint: CheckpointId, written: bool, ended: bool) -> StopBegun {
        StopBegun {
            id: TriggerId::from_bytes([1; 16]),
            checkpoint,
            path: format!("/s/{checkpoint}"),
            written,
            ended,
            earlier: None,
        }
    }

    #[test]
    fn a_stop_keeps_the_savepoint_that_the_job_went_on_from() {
        let numbers = |stop: &StopBegun| {
            let found = stop.gone_on_from();
            found
                .map(|savepoint| savepoint.checkpoint)
                .collect::<Vec<_>>()
        };
        let failed = stop(4, true, true);
        assert_eq!(numbers(&failed), [4]);
        let second = stop(5, false, false).after(Some(failed));
        assert_eq!(numbers(&second), [4]);
        let third = stop(6, true, true).after(Some(second));
        assert_eq!(numbers(&third), [6, 4], "the second was never written");
        let fourth = stop(7, false, false).after(Some(third));
        assert_eq!(numbers(&fourth), [6]);
    }
}
