//! `restart` of a running job stops it with a savepoint and goes on from that, at another parallelism; with `--from` the job
//! is cancelled first. No record is lost or doubled by it.

use crate::common::server::{Server, first_file};
use crate::common::{lines, put};

/// The id of the job that was submitted.
#[track_caller]
fn submitted(out: &str) -> String {
    let id = out
        .lines()
        .find_map(|line| line.strip_prefix("Job has been submitted with JobID "));
    id.expect(out).to_owned()
}

#[test]
fn it_goes_on_from_its_savepoint_or_from_the_one_that_is_named() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    first_file(path);
    let server = Server::started(path, &[]);
    let first = server.submit("orders", &[]);
    server.await_status(&first, "RUNNING");

    let out = server.succeed(&["restart", "--parallelism", "3", "orders"]);
    assert!(
        out.contains(&format!("Suspending job \"{first}\"")),
        "{out}"
    );
    let second = submitted(&out);
    server.await_status(&first, "FINISHED");
    server.await_status(&second, "RUNNING");
    let is_read = || {
        server.succeed(&["checkpoint", &second]);
        !lines(&path.join("out")).is_empty()
    };
    assert!((0..1_000).any(|_| is_read()), "the first file is not read");
    let after = 1;
    assert_eq!(lines(&path.join("out")).len(), after);

    put(path, "in/second.csv", "id,name\n101,later\n");
    // Each checkpoint commits what was found until then.
    let is_read = || {
        server.succeed(&["checkpoint", &second]);
        lines(&path.join("out")).len() > after
    };
    assert!(
        (0..1_000).any(|_| is_read()),
        "the second file is not found"
    );
    let out = server.succeed(&["stop", &second]);
    let savepoint = out.split("Path: ").nth(1).expect(&out).trim().to_owned();
    assert_eq!(
        lines(&path.join("out")).len(),
        after + 1,
        "nothing is written twice"
    );

    let third = submitted(&server.succeed(&["restart", "--from", &savepoint, &second]));
    server.await_status(&third, "RUNNING");
    let out = server.succeed(&["restart", "--from", &savepoint, &third]);
    assert!(out.contains(&format!("Cancelling job {third}.")), "{out}");
    let fourth = submitted(&out);
    server.await_status(&third, "CANCELED");
    server.await_status(&fourth, "RUNNING");
    server.succeed(&["stop", &fourth]);
    assert_eq!(
        lines(&path.join("out")).len(),
        after + 1,
        "nothing is written twice"
    );
    server.end();
}
