//! What came of an operation.

use millstream_core::{JobId, TriggerId};
use millstream_protocol::OperationResult;
use millstream_storage::{Disposed, Location};
use serde::Serialize;
use utoipa::ToSchema;

use super::job::QueueStatus;
use crate::rest::errors::one_line;
use crate::rest::java_throwable::FailureCause;
use crate::views::OperationView;

/// The id of an operation that was begun.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TriggerResponse {
    request_id: String,
}

impl TriggerResponse {
    /// The operation `id`.
    pub(crate) fn new(id: TriggerId) -> Self {
        Self {
            request_id: id.to_string(),
        }
    }
}

/// Whether an operation has ended, and with what; `operation` is null while it goes on.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AsynchronousOperationResult<T> {
    status: QueueStatus,
    operation: Option<T>,
}

/// Where a savepoint is, or why there is none. A disposal that went well says neither.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct SavepointInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_cause: Option<FailureCause>,
}

/// The number of a checkpoint, or why there is none.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CheckpointInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_cause: Option<FailureCause>,
}

impl<T> AsynchronousOperationResult<T> {
    fn of(operation: &OperationView, info: impl FnOnce(&OperationResult) -> T) -> Self {
        match &operation.result {
            None => Self {
                status: QueueStatus::IN_PROGRESS,
                operation: None,
            },
            Some(result) => Self {
                status: QueueStatus::COMPLETED,
                operation: Some(info(result)),
            },
        }
    }
}

impl AsynchronousOperationResult<SavepointInfo> {
    /// What came of a savepoint or a stop.
    pub(crate) fn of_savepoint(operation: &OperationView) -> Self {
        Self::of(operation, |result| SavepointInfo {
            location: path(result).map(str::to_owned),
            failure_cause: failure_cause(result),
        })
    }

    /// What came of a disposal.
    pub(crate) fn of_disposal(operation: &OperationView) -> Self {
        Self::of(operation, |result| SavepointInfo {
            location: None,
            failure_cause: failure_cause(result),
        })
    }
}

impl AsynchronousOperationResult<CheckpointInfo> {
    /// What came of a checkpoint.
    pub(crate) fn of_checkpoint(operation: &OperationView) -> Self {
        Self::of(operation, |result| CheckpointInfo {
            checkpoint_id: checkpoint(result),
            failure_cause: failure_cause(result),
        })
    }
}

fn path(result: &OperationResult) -> Option<&str> {
    match result {
        OperationResult::Completed { path, .. } | OperationResult::Stopped { path, .. } => {
            Some(path)
        }
        OperationResult::Cancelled | OperationResult::Failed { .. } => None,
    }
}

fn checkpoint(result: &OperationResult) -> Option<u64> {
    match result {
        OperationResult::Completed { checkpoint, .. }
        | OperationResult::Stopped { checkpoint, .. } => Some(*checkpoint),
        OperationResult::Cancelled | OperationResult::Failed { .. } => None,
    }
}

fn failure_cause(result: &OperationResult) -> Option<FailureCause> {
    match result {
        OperationResult::Completed { .. } | OperationResult::Stopped { .. } => None,
        OperationResult::Cancelled => Some(FailureCause::new("MS-2007", "the job was cancelled")),
        OperationResult::Failed {
            code,
            reason,
            savepoint,
            ..
        } => Some(FailureCause::new(code, &told(reason, savepoint.as_deref()))),
    }
}

/// Why something failed, with the savepoint that was written nevertheless.
fn told(reason: &str, savepoint: Option<&str>) -> String {
    match savepoint {
        Some(path) => one_line(&format!("{reason}; the savepoint was written to {path}")),
        None => one_line(reason),
    }
}

/// An operation as the server remembers it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OperationInfo {
    id: String,
    /// `null`: it is about no job.
    job: Option<String>,
    /// `savepoint`, `cancel-with-savepoint`, `checkpoint`, `stop`, `cancel` or `disposal`.
    kind: &'static str,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    status: &'static str,
    requested: u64,
    ended: Option<u64>,
    /// The snapshot that was written or deleted.
    path: Option<String>,
    checkpoint: Option<u64>,
    /// The stable error code of what failed.
    code: Option<String>,
    /// Why it failed, in one line.
    message: Option<String>,
}

impl OperationInfo {
    /// What is remembered of `operation`.
    pub(crate) fn of(operation: &OperationView) -> Self {
        let mut info = Self {
            id: operation.id.to_string(),
            job: operation.job.as_ref().map(JobId::to_string),
            kind: operation.kind.name(),
            status: "IN_PROGRESS",
            requested: operation.requested,
            ended: operation.ended,
            path: None,
            checkpoint: None,
            code: None,
            message: None,
        };
        let Some(result) = &operation.result else {
            return info;
        };
        info.status = "COMPLETED";
        info.path = path(result).map(str::to_owned);
        // A disposal has no number of its own.
        info.checkpoint = checkpoint(result).filter(|_| operation.job.is_some());
        if let OperationResult::Failed {
            code,
            reason,
            savepoint,
            ..
        } = result
        {
            info.status = "FAILED";
            info.path = savepoint.clone();
            info.code = Some(code.to_string());
            info.message = Some(one_line(reason));
        }
        info
    }
}

/// Operations, newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct OperationList {
    operations: Vec<OperationInfo>,
}

impl OperationList {
    /// The list of `operations`.
    pub(crate) fn of(operations: &[OperationView]) -> Self {
        let mut operations: Vec<_> = operations.iter().map(OperationInfo::of).collect();
        operations.sort_by_key(|operation| std::cmp::Reverse(operation.requested));
        Self { operations }
    }
}

/// What a disposal would delete.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DisposalPreview {
    /// Where the snapshot lies.
    location: String,
    /// The bytes of all files.
    bytes: u64,
    files: Vec<DisposedFile>,
}

/// A file that would be deleted.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct DisposedFile {
    path: String,
    bytes: u64,
}

impl DisposalPreview {
    /// The snapshot at `location`, of which `disposed` would be deleted.
    pub(crate) fn of(location: &Location, disposed: &Disposed) -> Self {
        let files = disposed.files.iter().map(|(path, bytes)| DisposedFile {
            path: path.display().to_string(),
            bytes: *bytes,
        });
        Self {
            location: location.to_string(),
            bytes: disposed.bytes(),
            files: files.collect(),
        }
    }
}
