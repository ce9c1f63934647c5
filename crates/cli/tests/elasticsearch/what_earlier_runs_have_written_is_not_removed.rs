//! `sink.es.delete.stale` removes what no run of the job has written: a job that is killed halfway and goes on from its newest checkpoint
//! with a new `sink.es.version` does not read again what it had read, and leaves those documents there under the version of the first run.

use std::process::Command;

use crate::common::documents::{documents, load_with, put_document};
use crate::common::{Running, put, running};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use serde_json::json;

const ROWS: usize = 20_000;
/// As many are there before the first run is killed: it takes 4,000 bulks for all of them.
const ENOUGH: u64 = 200;

fn count(server: &Elasticsearch) -> u64 {
    server
        .ask("POST", "/synced/_refresh", "")
        .expect("refreshed");
    let answer = server
        .ask("POST", "/synced/_count", "{}")
        .expect("an answer");
    let answer: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    answer
        .get("count")
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default()
}

fn where_the_version_is_a_new_one(server: Server) {
    let server = Elasticsearch::start(server).expect("a server");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    // An older sync had one more.
    put_document(
        &server,
        "/synced/_doc/gone",
        &json!({"id": "gone", "version": 1}),
    );
    let rows: String = (0..ROWS).map(|id| format!("{id},n{id}\n")).collect();
    put(directory, "in/a.csv", format!("id,name\n{rows}"));
    let job = |options: &[&str], version: u64, actions: u64| -> Command {
        let version = format!("--sink.es.version={version}");
        let actions = format!("--sink.es.bulk.flush.max.actions={actions}");
        let own = [
            version.as_str(),
            actions.as_str(),
            "--sink.es.delete.stale=true",
            "--sink.es.bulk.flush.concurrent=1",
        ];
        load_with(
            directory,
            options,
            &server.address(),
            "synced",
            "full",
            &own,
        )
    };
    let mut first = Running::start(job(&[], 5, 5));
    first.await_that("documents", || count(&server) > ENOUGH);
    first.await_checkpoint();
    assert!(!first.has_ended(), "it has more to write");
    first.kill();
    let said = running::run(job(&["-s", "latest"], 9, 1_000));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "Removing 1 documents of versions before 5 from index synced";
    assert!(said.err.contains(told), "{}", said.err);

    let found = documents(&server, "synced");
    assert_eq!((found.len(), found.contains_key("gone")), (ROWS, false));
    let of = |version: u64| {
        let all = found.values();
        all.filter(|document| document["version"] == version)
            .count()
    };
    let (by_the_first, by_the_second) = (of(5), of(9));
    assert!(by_the_first > 0, "the first run's are not written again");
    assert_eq!(by_the_first + by_the_second, ROWS);
}

#[test]
fn where_the_version_is_a_new_one_in_opensearch() {
    where_the_version_is_a_new_one(Server::OpenSearch2);
}

#[test]
fn where_the_version_is_a_new_one_in_elasticsearch_6() {
    where_the_version_is_a_new_one(Server::Elasticsearch6);
}

#[test]
fn where_the_version_is_a_new_one_in_elasticsearch_7() {
    where_the_version_is_a_new_one(Server::Elasticsearch7);
}
