//! Elasticsearch from 7.11 refuses a body where none is expected, as where an index is refreshed: `sink.es.delete.stale` sends none there.

use crate::common::documents::load;
use crate::common::{put, running};
use crate::fake::{self, Asked};

/// A server with one document of an older version.
fn answer(asked: &Asked) -> (u16, String) {
    let is = |method: &str, path: &str| asked.line.starts_with(&format!("{method} {path}"));
    let answer = if is("GET", "/orders ") {
        r#"{"orders":{"aliases":{},"mappings":{"properties":{"version":{"type":"long"}}},"settings":{}}}"#
    } else if asked.line.contains("/orders/_refresh") && asked.body.is_empty() {
        r#"{"_shards":{"total":1,"successful":1,"failed":0}}"#
    } else if is("POST", "/orders/_count") {
        r#"{"count":1}"#
    } else if is("POST", "/orders/_delete_by_query") {
        r#"{"task":"node:7"}"#
    } else if is("GET", "/_tasks/") {
        r#"{"completed":true,"response":{"deleted":1,"failures":[]}}"#
    } else {
        return fake::elasticsearch_8(asked);
    };
    (200, answer.to_owned())
}

#[test]
fn and_the_sync_ends_well() {
    let port = fake::listen(None, |asked| Some(answer(&asked)));
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id,name\n1,a\n");
    let more = ["--sink.es.version=2", "--sink.es.delete.stale=true"];
    let address = format!("127.0.0.1:{port}");
    let said = running::run(load(place.path(), &address, "orders", "full", &more));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "Removed 1 documents from index orders";
    assert!(said.err.contains(told), "{}", said.err);
}
