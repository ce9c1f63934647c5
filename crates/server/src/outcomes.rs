//! What the log says of an operation that has ended: the second line of what an audit names when it was asked for.

use millstream_protocol::OperationResult;

use crate::views::{OperationVerb, OperationView};

/// Notes that what was asked for has ended, and how.
pub(crate) fn note_end(operation: &OperationView) {
    let of = operation.job.map_or_else(
        || match operation.parameters.get("path").and_then(|p| p.as_str()) {
            Some(path) => format!(" of snapshot {path}"),
            None => String::new(),
        },
        |job| format!(" of job {job}"),
    );
    let result = operation.result.as_ref();
    let result = result.map_or_else(String::new, |result| how(operation.kind, result));
    let (verb, id) = (operation.kind.name(), operation.id);
    tracing::info!(target: "audit", "Operation {id}, {verb}{of}, has ended: {result}.");
}

fn how(verb: OperationVerb, result: &OperationResult) -> String {
    match result {
        OperationResult::Completed { .. } if verb == OperationVerb::Disposal => {
            "deleted".to_owned()
        }
        OperationResult::Completed { path, .. } => format!("completed, snapshot {path}"),
        OperationResult::Stopped { path, .. } => format!("stopped, snapshot {path}"),
        OperationResult::Cancelled => "cancelled".to_owned(),
        OperationResult::Failed { code, reason, .. } => format!("failed, {code}: {reason}"),
    }
}
