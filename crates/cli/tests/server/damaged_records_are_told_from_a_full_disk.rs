//! Where pages of the server's database are damaged, while it runs or at its start, the error says so and what helps: a backup, or
//! a start without the records, which takes up what runs. It does not speak of a full disk.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::common::command;
use crate::common::running::run;
use crate::common::server::Server;
use serde_json::json;

const HELP: &str = "the file is damaged: end the server and put a backup in its place";

/// Where the first page of the table or index `name` lies in the database, and how long a page is.
fn page_of(database: &Path, name: &str) -> (u64, usize) {
    let connection = rusqlite::Connection::open(database).expect("opened");
    let number = |question: &str| -> u64 {
        let number = connection.query_row(question, [], |row| row.get::<_, i64>(0));
        number.expect(question).try_into().expect("a number")
    };
    number("PRAGMA wal_checkpoint(TRUNCATE)");
    let root = number(&format!(
        "SELECT rootpage FROM sqlite_master WHERE name = '{name}'"
    ));
    let size = number("PRAGMA page_size");
    ((root - 1) * size, usize::try_from(size).expect("a size"))
}

fn damage(database: &Path, at: u64, length: usize) {
    let file = File::options().write(true).open(database).expect("opened");
    file.write_all_at(&vec![0xa5; length], at).expect("written");
}

#[test]
fn while_it_runs_and_at_its_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    let database = server.data.join("millstream.db");
    let job = server.submit_running(&json!({}));

    // Behind the back of the server, which keeps pages in memory until it sees that somebody else has written.
    let (index, size) = page_of(&database, "operations_of_job");
    let (table, _) = page_of(&database, "jobs");
    damage(&database, index, size);
    let connection = rusqlite::Connection::open(&database).expect("opened");
    connection
        .execute("UPDATE packages SET name = name", [])
        .expect("written");
    drop(connection);
    let path = format!("/jobs/{job}/checkpoints");
    let (status, answer) = server.call("POST", &path, Some(&json!({})));
    let error = answer["errors"][0].as_str().unwrap_or_default();
    assert_eq!(status, 503, "{answer}");
    assert!(
        error.starts_with("MS-1013: ") && error.contains(HELP),
        "{answer}"
    );
    server.suspend();

    for (at, length) in [(index, size), (table, size), (0, 100)] {
        damage(&database, at, length);
        let mut refused = command(directory.path());
        refused.args(["server", "-Drest.port=0"]);
        refused.arg(format!("-Dmillstream.data-dir={}", server.data.display()));
        let said = run(refused);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(
            said.err.contains("MS-1013: ") && said.err.contains(HELP),
            "{}",
            said.err
        );
        assert!(!said.err.contains("full"), "{}", said.err);
    }
    for ending in ["", "-wal", "-shm"] {
        // Beside the first there need not be the others.
        drop(fs::remove_file(
            server.data.join(format!("millstream.db{ending}")),
        ));
    }
    server.start();
    server.await_status(&job, "RUNNING");
    server.end();
}
