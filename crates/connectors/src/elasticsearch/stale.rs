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
pub(super) fn committable(index: &str, version: i64) -> Committable {
    let stale = Stale {
        elasticsearch_stale_index: index.to_owned(),
        below: version,
    };
    Committable {
        name: format!("the removal of versions before {version} from index {index}"),
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
        // What was written last has to be found.
        let refreshed = client.ask_any(Question::json(
            &Method::POST,
            &format!("/{at}/_refresh"),
            b"{}",
        ))?;
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
        let task = answer
            .get("task")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let wait = Stop::default();
        loop {
            let path = format!("/_tasks/{}", address::piece(&task));
            let answer = client.ask_any(Question::get(&path))?;
            let answer = understood(answer.status, &answer.body, index)?;
            if answer.get("completed") == Some(&Value::Bool(true)) {
                let deleted = answer.pointer("/response/deleted").and_then(Value::as_u64);
                let failures = answer
                    .pointer("/response/failures")
                    .and_then(Value::as_array);
                if let Some(first) = failures.and_then(|failures| failures.first()) {
                    return Err(refused(index, &first.to_string()));
                }
                info!(
                    "Removed {} documents from index {index}.",
                    deleted.unwrap_or(0)
                );
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
