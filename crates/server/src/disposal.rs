//! Disposal: snapshots that nobody would go back to are deleted, by the server itself.

mod needed;

use millstream_core::{CheckpointId, Error, Result, TriggerId, codes, counted};
use millstream_protocol::OperationResult;
use millstream_storage::{Disposed, Location, dispose as delete};

use crate::background::{blocking, unbroken};
use crate::clock;
use crate::operations::{enter, same};
use crate::outcomes::with_cause;
use crate::registry::Registry;
use crate::store::{OperationRecord, end_operation};
use crate::views::{OperationVerb, OperationView};
use needed::Needed;

impl Registry {
    /// Deletes a snapshot, in the background. The same id again is the same operation.
    ///
    /// # Errors
    /// The id is that of another operation, or it can't be put on record.
    pub async fn dispose(&self, id: TriggerId, path: String) -> Result<()> {
        dispose(self, id, path).await
    }

    /// What [`Self::dispose`] would delete.
    ///
    /// # Errors
    /// There is no snapshot, or it would not be deleted.
    pub(crate) async fn preview_disposal(&self, path: String) -> Result<(Location, Disposed)> {
        preview(self, path).await
    }
}

/// Deletes a snapshot in the background.
async fn dispose(registry: &Registry, id: TriggerId, path: String) -> Result<()> {
    let registry = registry.clone();
    unbroken(async move { begin(&registry, id, path).await }).await
}

/// What would be deleted, and how much that is.
///
/// # Errors
/// There is no snapshot, or it would not be deleted.
async fn preview(registry: &Registry, path: String) -> Result<(Location, Disposed)> {
    let needed = Needed::of(registry);
    blocking(move || {
        let location: Location = path.parse()?;
        needed.check(&location)?;
        check_complete(&location)?;
        let disposed = delete(&location, true)?;
        Ok((location, disposed))
    })
    .await
}

async fn begin(registry: &Registry, id: TriggerId, path: String) -> Result<()> {
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
pub(crate) fn resume(registry: &Registry) {
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
            reason: with_cause(&error),
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
    let needed = Needed::of(registry);
    blocking(move || {
        needed.check(&location)?;
        if is_new {
            check_complete(&location)?;
        }
        let disposed = delete(&location, false)?;
        tracing::info!(
            "Disposed of {location}, which frees {}.",
            counted(disposed.bytes(), "byte")
        );
        if let Some(left) = left_prepared(&disposed.uncommitted) {
            tracing::warn!("{location} {left}");
        }
        Ok(location.to_string())
    })
    .await
}

/// What is said of output that a snapshot held without a note that it is committed. None of it is given up: nobody can tell that
/// there is no copy of the snapshot.
fn left_prepared(names: &[String]) -> Option<String> {
    const SHOWN: usize = 3;
    let shown = names.get(..SHOWN).unwrap_or(names).join(", ");
    let others = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    (!names.is_empty()).then(|| {
        format!(
            "held {} without a note of the commit: {shown}{others}. What is not committed stays prepared where the sink has \
             written: another snapshot of that moment, or a copy, may hold it as well. Uploads to an object store are paid for \
             until they are aborted, by hand or by a rule of the bucket.",
            counted(names.len(), "output")
        )
    })
}

fn check_complete(location: &Location) -> Result<()> {
    if location.is_complete()? {
        return Ok(());
    }
    Err(Error::new(
        &codes::SNAPSHOT_MISSING,
        format!("there is no savepoint or checkpoint at {location}"),
    )
    .next("check the path"))
}

#[cfg(test)]
mod tests {
    use super::left_prepared;

    #[test]
    fn what_a_disposal_leaves_prepared_is_told_by_its_first_names() {
        let left = |count: usize| {
            let names: Vec<String> = (0..count)
                .map(|number| format!("s3://b/{number}"))
                .collect();
            left_prepared(&names)
        };
        assert_eq!(left(0), None);
        let told = left(1).expect("something is left");
        assert!(told.starts_with("held 1 output without a note"), "{told}");
        let told = left(5).expect("something is left");
        assert!(
            told.contains(": s3://b/0, s3://b/1, s3://b/2 and 2 more. "),
            "{told}"
        );
    }
}
