//! Operations: what is asked of jobs, and disposals, which the server does itself.
//!
//! An operation is on record before anything is done about it, and its end before anybody is told of it. The same id
//! is the same operation, whenever and however often it is given.

use std::sync::Arc;

use millstream_core::{CheckpointId, Error, JobId, Result, TriggerId, codes};
use millstream_protocol::link::CheckpointState;
use millstream_protocol::{OperationResult, Request};
use millstream_storage::{Location, dispose as delete};

use crate::clock;
use crate::registry::{Command, JobCell, Registry, blocking, unbroken};
use crate::store::{OperationRecord, end_operation, insert_operation, known_operation};
use crate::views::{JobView, OperationVerb, OperationView};

/// Asks for something of a job.
pub(crate) async fn ask(
    registry: &Registry,
    job: JobId,
    verb: OperationVerb,
    request: Request,
) -> Result<TriggerId> {
    let cell = registry.cell(job)?;
    if let Some(known) = registry.operation(request.id()) {
        return same(&known, Some(job), verb);
    }
    let command = |answer| Command {
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

fn has_ended(cell: &JobCell) -> Error {
    let view = cell.view();
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
    let known = registry.shared.store.durable(entered).await?;
    let shown = known.clone().unwrap_or(view);
    registry.shared.change_operations(|all| {
        all.entry(shown.id).or_insert(shown);
    });
    Ok(known)
}

/// Deletes a snapshot in the background.
pub(crate) async fn dispose(registry: &Registry, id: TriggerId, path: String) -> Result<()> {
    let registry = registry.clone();
    unbroken(async move { begin_disposal(&registry, id, path).await }).await
}

async fn begin_disposal(registry: &Registry, id: TriggerId, path: String) -> Result<()> {
    if let Some(known) = registry.operation(id) {
        return same(&known, None, OperationVerb::Disposal).map(drop);
    }
    let view = OperationView {
        id,
        job: None,
        kind: OperationVerb::Disposal,
        requested: clock::now(),
        ended: None,
        result: None,
        parameters: serde_json::json!({"path": path}),
    };
    let record = OperationRecord {
        view,
        request: None,
    };
    if let Some(known) = enter(registry, record).await? {
        return same(&known, None, OperationVerb::Disposal).map(drop);
    }
    let is_new = true;
    tokio::spawn(carry_out(registry.clone(), id, path, is_new));
    Ok(())
}

/// Goes on with the disposals that the server before this one had begun.
pub(crate) fn resume_disposals(registry: &Registry) {
    let all = registry.operations(None);
    let open = all
        .into_iter()
        .filter(|operation| operation.ended.is_none());
    for operation in open.filter(|operation| operation.kind == OperationVerb::Disposal) {
        let path = operation.parameters.get("path").and_then(|p| p.as_str());
        let path = path.unwrap_or_default().to_owned();
        let is_new = false;
        tokio::spawn(carry_out(registry.clone(), operation.id, path, is_new));
    }
}

async fn carry_out(registry: Registry, id: TriggerId, path: String, is_new: bool) {
    let result = match disposed(&registry, &path, is_new).await {
        Ok(path) => OperationResult::Completed {
            checkpoint: CheckpointId::default(),
            path,
        },
        Err(error) => OperationResult::Failed {
            code: error.code().into(),
            reason: error.message().to_owned(),
            savepoint: None,
            committed: None,
        },
    };
    let at = clock::now();
    let shared = &registry.shared;
    let row = result.clone();
    let written = shared
        .store
        .durable(move |transaction| end_operation(transaction, id, at, &row));
    match written.await {
        Ok(()) => shared.show_end(id, at, result),
        // It stays open; the next server does it again, which does no harm.
        Err(error) => tracing::error!("The end of operation {id} is not on record: {error}"),
    }
}

/// Deletes the snapshot and answers its location. One that was begun before may be gone already.
async fn disposed(registry: &Registry, path: &str, is_new: bool) -> Result<String> {
    let location: Location = path.parse()?;
    if let Some(view) = registry
        .known_jobs()
        .into_iter()
        .find(|view| needs(view, &location))
    {
        return Err(Error::new(
            &codes::JOB_STATE,
            format!(
                "{location} is the newest checkpoint of job {} ({}), which would go back to it",
                view.id, view.name
            ),
        ));
    }
    blocking(move || {
        if is_new && !location.is_complete() {
            return Err(Error::new(
                &codes::SNAPSHOT_MISSING,
                format!("there is no savepoint or checkpoint at {location}"),
            ));
        }
        let freed = delete(&location, false)?.bytes();
        tracing::info!("Disposed of {location}, {freed} bytes are free again.");
        Ok(location.to_string())
    })
    .await
}

/// Whether a job that has not ended would go back to this snapshot.
fn needs(view: &Arc<JobView>, location: &Location) -> bool {
    let Some(report) = view.report.as_ref().filter(|_| view.end_time.is_none()) else {
        return false;
    };
    let is_held = |path: &str| path.parse().is_ok_and(|held: Location| held == *location);
    let own = report
        .checkpoints
        .iter()
        .filter(|c| c.state == CheckpointState::Completed && c.savepoint.is_none() && !c.discarded);
    own.filter_map(|checkpoint| checkpoint.path.as_deref())
        .any(is_held)
}
