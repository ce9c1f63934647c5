//! `--claimMode`: a savepoint that is given to the job is deleted when a newer checkpoint is complete; else it stays.

use std::path::Path;

use crate::common::server::{Server, first_file};

#[test]
fn only_where_the_job_was_given_it() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut job = server.submit("orders", &[]);
    for (option, mode, stays) in [
        ("--claimMode", "NO_CLAIM", true),
        ("-restoreMode", "LEGACY", true),
        ("-claimMode", "CLAIM", false),
    ] {
        server.await_status(&job, "RUNNING");
        let out = server.succeed(&["stop", &job]);
        let savepoint = out.split("Path: ").nth(1).expect(&out).trim().to_owned();
        let path = savepoint.strip_prefix("file:").expect(&savepoint);
        job = server.submit("orders", &["-s", &savepoint, option, mode]);
        server.await_status(&job, "RUNNING");
        // What is replaced is deleted behind the checkpoint that replaces it, before the next one completes.
        for _ in 0..2 {
            server.succeed(&["checkpoint", &job]);
        }
        assert_eq!(Path::new(path).join("_metadata").exists(), stays, "{mode}");
    }
    server.end();
}
