//! Who takes away what lies beside the records of a server that runs, SQLite's log (`-wal`) and its index (`-shm`), takes no record: what
//! was submitted before and after is on record when the next server starts. It is said once.

use std::fs;

use crate::common::server::Server;
use rusqlite::Connection;
use serde_json::json;

#[test]
fn and_every_job_is_on_record_afterwards() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let submit = |server: &Server| {
        let job = server.submit_running(&json!({}));
        server.cancel(&job);
        job
    };
    let mut jobs = vec![submit(&server)];
    for ending in ["wal", "shm"] {
        let file = format!("millstream.db-{ending}");
        fs::remove_file(server.data.join(&file)).expect("it was there");
        jobs.push(submit(&server));
        let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
        let told = log
            .lines()
            .filter(|line| line.contains(" ERROR ") && line.contains(&file));
        let told: Vec<&str> = told.collect();
        assert_eq!(told.len(), 1, "{log}");
        assert!(told.iter().all(|line| line.contains("MS-1013")), "{log}");
        assert_eq!(server.get("/readyz")["status"], "ok");
    }
    server.kill();
    // What the next server lists it may have from the directories of jobs as well.
    let records = Connection::open(server.data.join("millstream.db")).expect("records");
    let mut select = records.prepare("SELECT id FROM jobs").expect("a table");
    let ids = select.query_map([], |row| row.get(0)).expect("rows");
    let mut on_record: Vec<String> = ids.map(|id| id.expect("an id")).collect();
    drop(select);
    drop(records);
    on_record.sort();
    let mut expected = jobs.clone();
    expected.sort();
    assert_eq!(on_record, expected);

    server.start();
    for job in &jobs {
        server.await_status(job, "CANCELED");
    }
    server.end();
}
