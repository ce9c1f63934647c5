//! Jobs that write to Elasticsearch or OpenSearch, and what is there, read by plain requests.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use millstream_services::elasticsearch::Elasticsearch;
use serde_json::Value;

use super::{ONCE, ingest};

/// The command that writes the CSV in `in` into an index and ends. What servers can't take is sent again soon.
pub(crate) fn load(
    directory: &Path,
    address: &str,
    index: &str,
    sync: &str,
    parameters: &[&str],
) -> Command {
    load_with(directory, &[], address, index, sync, parameters)
}

/// The same with options of `millstream run`.
pub(crate) fn load_with(
    directory: &Path,
    options: &[&str],
    address: &str,
    index: &str,
    sync: &str,
    parameters: &[&str],
) -> Command {
    let mut command = ingest(directory, options, &[ONCE]);
    command
        .args(["--source.type=csv", "--source.firstLine.schema=true"])
        .args(["--sink.type=es", "--sink.es.unique.column=id"])
        .arg(format!("--sink.es.server={address}"))
        .arg(format!("--sink.es.index={index}"))
        .arg(format!("--sink.es.sync.type={sync}"))
        .arg("--sink.es.bulk.flush.backoff.delay=100")
        .args(parameters);
    command
}

/// Every document of an index by its id.
pub(crate) fn documents(server: &Elasticsearch, index: &str) -> BTreeMap<String, Value> {
    let ask = |path: &str, body: &str| {
        let answer = server.ask("POST", path, body).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str::<Value>(&answer.body).expect("JSON")
    };
    ask(&format!("/{index}/_refresh"), "{}");
    let mut found = BTreeMap::new();
    let mut page = ask(
        &format!("/{index}/_search?scroll=1m&size=5000"),
        r#"{"sort":["_doc"]}"#,
    );
    loop {
        let hits = page.pointer("/hits/hits").and_then(Value::as_array);
        let hits = hits.expect("hits").clone();
        if hits.is_empty() {
            return found;
        }
        for hit in hits {
            let id = hit.get("_id").and_then(Value::as_str).expect("an id");
            let source = hit.get("_source").expect("a document");
            assert!(found.insert(id.to_owned(), source.clone()).is_none());
        }
        let scroll = page.get("_scroll_id").and_then(Value::as_str);
        let scroll = scroll.expect("an id").to_owned();
        let body = serde_json::json!({"scroll": "1m", "scroll_id": scroll});
        page = ask("/_search/scroll", &body.to_string());
    }
}

/// Puts a document there, and waits until it is.
#[track_caller]
pub(crate) fn put_document(server: &Elasticsearch, path: &str, document: &Value) {
    let answer = server.ask("PUT", path, &document.to_string());
    let answer = answer.expect("an answer");
    assert!(answer.status < 300, "{path}: {}", answer.body);
}
