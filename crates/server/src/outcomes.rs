//! What the log says of an operation that has ended: the second line of what an audit names when it was asked for.

use millstream_core::{Error, JobId, Result, counted, without_stop};
use millstream_log::AUDIT;
use millstream_protocol::OperationResult;
use serde_json::Value;

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
    let result = without_stop(&result);
    tracing::info!(target: AUDIT, "Operation {id}, {verb}{of}, has ended: {result}.");
}

/// Notes that a replay of dead letters has ended, of which there is one at a time for a job, and how. `told`: what the command that
/// did it has answered.
pub(crate) fn note_replay(job: JobId, told: &Result<Value>) {
    let how = match told {
        Ok(told) => {
            let count = |name: &str| told.get(name).and_then(Value::as_u64).unwrap_or(0);
            let is_trial = told.get("dry-run").and_then(Value::as_bool) == Some(true);
            let would = if is_trial { "would be " } else { "" };
            let resumed = count("resumed");
            let sent = counted(count("replayed").saturating_add(resumed), "letter");
            let of_another = match resumed {
                0 => String::new(),
                _ => format!(", {resumed} of a replay that was interrupted"),
            };
            format!("completed, {sent} {would}replayed{of_another}")
        }
        Err(error) => format!("failed, {}", why(error)),
    };
    let how = without_stop(&how);
    tracing::info!(target: AUDIT, "The replay of dead letters of job {job} has ended: {how}.");
}

/// Why something was refused or has failed, without what to do: code, what happened and the cause.
pub(crate) fn why(error: &Error) -> String {
    format!("{}: {}", error.code(), with_cause(error))
}

/// What happened and the cause.
pub(crate) fn with_cause(error: &Error) -> String {
    let message = error.message();
    match error.cause_text() {
        // What goes on has no full stop yet.
        Some(cause) => format!("{} ({cause})", without_stop(message)),
        None => message.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use millstream_core::codes;

    use super::*;

    #[test]
    fn why_names_the_cause_and_not_what_to_do() {
        let error = Error::new(&codes::REQUEST, "It broke off.").next("ask again");
        assert_eq!(why(&error), "MS-1014: It broke off.");
        assert_eq!(
            why(&error.cause("a reset")),
            "MS-1014: It broke off (a reset)"
        );
    }
}
