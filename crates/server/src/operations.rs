//! Operations: what is asked of jobs. Disposals, which the server does itself, are operations too.
//!
//! An operation is on record before anything is done about it, and its end before anybody is told of it. The same id
//! is the same operation, whenever and however often it is given.

use millstream_core::{Error, JobId, Result, TriggerId, codes};
use millstream_protocol::{Request, SavepointFormat};

use crate::registry::{Command, JobCell, Registry};
use crate::store::{OperationRecord, insert_operation, known_operation};
use crate::views::{JobView, OperationVerb, OperationView};

impl Registry {
    /// Asks for something of a job. It is on record when this answers, and ends even if the server or the job's
    /// process dies on the way. The same id again is the same operation.
    ///
    /// # Errors
    /// There is no such job, it has ended, or the id is that of another operation.
    pub async fn operate(&self, job: JobId, request: Request) -> Result<TriggerId> {
        let verb = match &request {
            Request::Savepoint { .. } => OperationVerb::Savepoint,
            Request::Checkpoint { .. } => OperationVerb::Checkpoint,
            Request::Stop { .. } => OperationVerb::Stop,
            Request::Cancel { .. } => OperationVerb::Cancel,
        };
        ask(self, job, verb, request).await
    }

    /// Asks for a savepoint with which the job ends as CANCELED. No output is written behind the savepoint, and what is
    /// written before it is committed, as with a stop.
    ///
    /// # Errors
    /// Those of [`Self::operate`].
    pub async fn cancel_with_savepoint(
        &self,
        job: JobId,
        id: TriggerId,
        directory: Option<String>,
        format: SavepointFormat,
    ) -> Result<TriggerId> {
        let request = Request::Stop {
            id,
            drain: false,
            directory,
            format,
        };
        ask(self, job, OperationVerb::CancelWithSavepoint, request).await
    }
}

/// Asks for something of a job.
async fn ask(
    registry: &Registry,
    job: JobId,
    verb: OperationVerb,
    request: Request,
) -> Result<TriggerId> {
    let cell = registry.cell(job)?;
    if let Some(known) = registry.operation(request.id()) {
        return same(&known, Some(job), verb);
    }
    let command = |answer| Command::Operate {
        verb,
        request,
        answer,
    };
    let answered = registry.shared.command(&cell, command).await;
    answered.unwrap_or_else(|| Err(has_ended(&cell)))
}

/// The answer to an id that is known: the operation, if it is the same one.
pub(crate) fn same(
    known: &OperationView,
    job: Option<JobId>,
    verb: OperationVerb,
) -> Result<TriggerId> {
    if known.job == job && known.kind == verb {
        return Ok(known.id);
    }
    let of = known
        .job
        .map_or_else(String::new, |job| format!(" of job {job}"));
    Err(Error::new(
        &codes::JOB_STATE,
        format!(
            "operation {} is a {}{of} already",
            known.id,
            known.kind.name()
        ),
    )
    .next("leave the trigger id out, or choose a new one"))
}

pub(crate) fn has_ended(cell: &JobCell) -> Error {
    ended(&cell.view())
}

/// The answer to whatever is asked of a job that has ended.
pub(crate) fn ended(view: &JobView) -> Error {
    Error::new(
        &codes::JOB_STATE,
        format!("job {} is {} already", view.id, view.status),
    )
    .next("submit it again to have it run")
}

/// What was asked for, by name.
pub(crate) fn parameters(request: &Request) -> serde_json::Value {
    match request {
        Request::Savepoint {
            directory, format, ..
        } => serde_json::json!({"directory": directory, "format": format}),
        Request::Stop {
            drain,
            directory,
            format,
            ..
        } => serde_json::json!({"directory": directory, "format": format, "drain": drain}),
        Request::Checkpoint { .. } | Request::Cancel { .. } => serde_json::json!({}),
    }
}

/// Takes a new operation on record and shows it. Answers the one that has its id already: two may ask at once.
pub(crate) async fn enter(
    registry: &Registry,
    record: OperationRecord,
) -> Result<Option<OperationView>> {
    let view = record.view.clone();
    let entered = move |transaction: &rusqlite::Transaction<'_>| {
        let known = known_operation(transaction, record.view.id)?;
        if known.is_none() {
            insert_operation(transaction, &record)?;
        }
        Ok(known)
    };
    let store = &registry.shared.store;
    let known = match view.kind {
        OperationVerb::Cancel | OperationVerb::Stop | OperationVerb::CancelWithSavepoint => {
            store.durable_if_full(entered).await?
        }
        _ => store.durable(entered).await?,
    };
    let shown = known.clone().unwrap_or(view);
    registry.shared.change_operations(|all| {
        all.entry(shown.id).or_insert(shown);
    });
    Ok(known)
}
