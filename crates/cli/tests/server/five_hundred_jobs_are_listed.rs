//! 500 ended jobs are all listed by a server that has just started, the newest first.
//!
//! They are one job that did run, put on record 500 times while no server runs.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::server::{Server, first_file};
use rusqlite::Connection;
use serde_json::Value;

const JOBS: usize = 500;

/// Puts the record of `job` in place for each of the `ids` too.
fn copy(directory: &Path, job: &str, ids: &BTreeSet<String>) {
    let records = Connection::open(directory.join("server/millstream.db")).expect("records");
    let mut columns = records
        .prepare("SELECT name FROM pragma_table_info('jobs') WHERE name <> 'id'")
        .expect("a table");
    let columns: Vec<String> = columns
        .query_map([], |row| row.get(0))
        .expect("columns")
        .collect::<Result<_, _>>()
        .expect("names");
    let columns = columns.join(", ");
    let copy =
        format!("INSERT INTO jobs (id, {columns}) SELECT ?1, {columns} FROM jobs WHERE id = ?2");
    for id in ids.iter().filter(|id| *id != job) {
        records.execute(&copy, [id, job]).expect("a record");
    }
}

#[test]
fn after_a_restart_of_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.succeed(&["stop", &job]);
    server.suspend();

    let mut expected = BTreeSet::from([job.clone()]);
    expected.extend((1..JOBS).map(|number| format!("{number:032x}")));
    copy(directory.path(), &job, &expected);

    server.start();
    let overview = server.get("/jobs/overview");
    let jobs = overview["jobs"].as_array().expect("a list");
    assert_eq!(jobs.len(), JOBS);
    let listed: BTreeSet<String> = jobs
        .iter()
        .map(|job| job["jid"].as_str().expect("an id").to_owned())
        .collect();
    assert_eq!(listed, expected);
    assert!(
        jobs.iter()
            .all(|job| job["state"] == "FINISHED" && job["name"] == "orders")
    );
    let newest: Vec<u64> = jobs
        .iter()
        .filter_map(|job| job["start-time"].as_u64())
        .collect();
    assert!(newest.len() == JOBS && newest.is_sorted_by(|one, next| one >= next));
    let said = server.succeed(&["list", "-a"]);
    assert_eq!(said.matches(" : orders (FINISHED)").count(), JOBS);
    let answer: Value = server.json(&["list", "-a"]);
    assert_eq!(answer.as_array().map(Vec::len), Some(JOBS));
    server.end();
}
