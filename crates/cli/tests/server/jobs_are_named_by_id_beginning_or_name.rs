//! A job is named by its id, the beginning of it, or its name; what may be several is refused with all of them.

use crate::common::server::{Server, first_file};

#[test]
fn every_way_to_name_a_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let orders = server.submit("orders", &[]);
    let clicks = server.submit("clicks", &[]);
    let twin = server.submit("clicks", &[]);

    for name in [&orders, "orders", &orders[..8], &orders[..6].to_uppercase()] {
        let out = server.succeed(&["checkpoint", name]);
        assert!(
            out.starts_with(&format!("Triggering checkpoint for job {orders}.\n")),
            "{name}: {out}"
        );
    }

    let said = server.run(&["stop", "clicks"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    for id in [&clicks, &twin] {
        assert!(said.err.contains(&format!("{id} clicks (")), "{}", said.err);
    }
    // Once one of them has ended, the name means the other.
    server.succeed(&["cancel", &clicks]);
    let out = server.succeed(&["cancel", "clicks"]);
    assert!(out.ends_with(&format!("Cancelled job {twin}.\n")), "{out}");

    let said = server.run(&["savepoint", "zzz"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err
            .starts_with("MS-2008: Cannot parse JobID from \"zzz\", and no job has an id that begins so or that name;"),
        "{}",
        said.err
    );
    let said = server.run(&["savepoint", "00000000000000000000000000000000"]);
    assert_eq!(said.code, Some(1));
    assert_eq!(
        said.out,
        "Triggering savepoint for job 00000000000000000000000000000000.\nWaiting for response...\n"
    );
    assert!(said.err.starts_with("MS-2008: "), "{}", said.err);
    server.end();
}

#[test]
fn the_only_argument_of_stop_is_the_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let out = server.succeed(&["stop", "-p", &job]);
    assert!(
        out.starts_with(&format!(
            "Suspending job \"{job}\" with a CANONICAL savepoint.\n"
        )),
        "{out}"
    );
    let path = out.lines().last().expect("a path");
    assert!(path.contains("/savepoints/savepoint-"), "{path}");
    server.end();
}
