//! Documents of older versions, which a full sync that has come to its end has left behind.

use std::time::Duration;

use millstream_core::{Error, Result, address, codes};
use millstream_engine::connector::{Cancelled, Committable};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::info;
use ureq::http::Method;

use super::client::{Client, Question};
use super::reply::ServerError;
use super::stop::Stop;

/// Between two looks how far a removal is.
const LOOK: Duration = Duration::from_millis(500);

/// What is to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stale {
    /// From this index.
    elasticsearch_stale_index: String,
    /// Of versions below this one.
    below: i64,
}

/// The removal, which is done once the snapshot is complete that holds all output.
pub(super) fn committable(index: &str, below: i64) -> Committable {
    let stale = Stale {
        elasticsearch_stale_index: index.to_owned(),
        below,
    };
    Committable {
        name: format!("the removal of versions before {below} from index {index}"),
        value: serde_json::to_value(stale).unwrap_or_default(),
    }
}

/// The removal that a prepared output is; `None`: it is something else.
pub(super) fn of(committable: &Committable) -> Option<Stale> {
    serde_json::from_value(committable.value.clone()).ok()
}

fn query(version_column: &str, below: i64) -> Value {
    json!({"query": {"range": {version_column: {"lt": below}}}})
}

impl Stale {
    /// How many documents it is about.
    ///
    /// # Errors
    /// No server can be asked.
    pub(super) fn count(&self, client: &mut Client, version_column: &str) -> Result<u64> {
        count(
            client,
            &self.elasticsearch_stale_index,
            version_column,
            self.below,
        )
    }

    /// Removes them.
    ///
    /// # Errors
    /// No server can be asked, or it refuses; or the job is being cancelled.
    pub(super) fn remove(
        &self,
        client: &mut Client,
        version_column: &str,
        cancelled: &Cancelled,
    ) -> Result<()> {
        let Self {
            elasticsearch_stale_index: index,
            below,
        } = self;
        let at = address::piece(index).into_owned();
        // What was written last has to be found. Elasticsearch from 7.11 refuses a body here, even an empty object.
        let refreshed = client.ask_any(Question::get(&format!("/{at}/_refresh")))?;
        understood(refreshed.status, &refreshed.body, index)?;
        let count = self.count(client, version_column)?;
        info!("Removing {count} documents of versions before {below} from index {index}.");
        if count == 0 {
            return Ok(());
        }
        let path = format!(
            "/{at}/_delete_by_query?conflicts=proceed&refresh=true&wait_for_completion=false"
        );
        let body = query(version_column, *below).to_string();
        let answer = client.ask_any(Question::json(&Method::POST, &path, body.as_bytes()))?;
        let answer = understood(answer.status, &answer.body, index)?;
        let task = answer.get("task").and_then(Value::as_str);
        let task = task.ok_or_else(|| refused(index, "the server names no task that does it"))?;
        let task = task.to_owned();
        let wait = Stop::default();
        loop {
            let path = format!("/_tasks/{}", address::piece(&task));
            let answer = client.ask_any(Question::get(&path))?;
            let answer = understood(answer.status, &answer.body, index)?;
            if answer.get("completed") == Some(&Value::Bool(true)) {
                let removed = removed(&answer).map_err(|why| refused(index, &why))?;
                info!("Removed {removed} documents from index {index}.");
                return Ok(());
            }
            if cancelled.is_set() {
                let message = format!(
                    "documents of older versions are still being removed from index {index}"
                );
                return Err(Error::new(&codes::SINK_ELASTICSEARCH, message));
            }
            wait.wait(LOOK);
        }
    }
}

/// How many documents of an index are of versions below this one. An index that is not there has none.
///
/// # Errors
/// No server can be asked.
pub(super) fn count(
    client: &mut Client,
    index: &str,
    version_column: &str,
    below: i64,
) -> Result<u64> {
    let path = format!("/{}/_count", address::piece(index));
    let body = query(version_column, below).to_string();
    let answer = client.ask_any(Question::json(&Method::POST, &path, body.as_bytes()))?;
    if answer.status == 404 {
        return Ok(0);
    }
    let answer = understood(answer.status, &answer.body, index)?;
    Ok(answer.get("count").and_then(Value::as_u64).unwrap_or(0))
}

/// How many documents a task that is completed has removed.
///
/// # Errors
/// It has not come to its end, in words.
fn removed(task: &Value) -> Result<u64, String> {
    let given = |place: &str| task.pointer(place).filter(|value| !value.is_null());
    if let Some(error) = given("/error") {
        return Err(ServerError::of(error).words());
    }
    if let Some(by) = given("/response/canceled") {
        return Err(format!("its task was cancelled: {by}"));
    }
    let failures = given("/response/failures").and_then(Value::as_array);
    if let Some(first) = failures.and_then(|failures| failures.first()) {
        return Err(first.to_string());
    }
    let removed = given("/response/deleted").and_then(Value::as_u64);
    removed.ok_or_else(|| "its task does not say what it has done".to_owned())
}

fn understood(status: u16, body: &[u8], index: &str) -> Result<Value> {
    match status {
        200..300 => Ok(serde_json::from_slice(body).unwrap_or_default()),
        status => {
            let why = ServerError::of_request(body).words();
            Err(refused(index, &format!("status {status}: {why}")))
        }
    }
}

fn refused(index: &str, why: &str) -> Error {
    let message = format!("documents of older versions can't be removed from index {index}: {why}");
    Error::new(&codes::SINK_ELASTICSEARCH, message)
        .next("grant the right to delete documents, or leave sink.es.delete.stale out")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::removed;

    #[test]
    fn a_task_that_has_not_come_to_its_end_has_failed() {
        let done = json!({"completed": true, "response": {"deleted": 7, "failures": []}});
        assert_eq!(removed(&done), Ok(7));
        let error =
            json!({"type": "search_phase_execution_exception", "reason": "all shards failed"});
        for (task, why) in [
            (
                json!({"completed": true, "error": error}),
                "all shards failed",
            ),
            (
                json!({"response": {"deleted": 3, "failures": [], "canceled": "by user request"}}),
                "cancelled",
            ),
            (
                json!({"response": {"deleted": 3, "failures": [{"cause": "x"}]}}),
                "cause",
            ),
            (json!({"completed": true}), "does not say"),
        ] {
            let told = removed(&task).expect_err(why);
            assert!(told.contains(why), "{told}");
        }
    }
}
