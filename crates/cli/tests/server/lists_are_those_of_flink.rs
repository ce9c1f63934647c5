//! `list -r` and `list -s` show one section each, in Flink's words.

use crate::common::server::{Server, first_file};

const BEGIN: &str = "------------------ Running/Restarting Jobs -------------------\n";
const END: &str = "--------------------------------------------------------------\n";

#[test]
fn running_or_scheduled_jobs_alone() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let none = "Waiting for response...\nNo running jobs.\n";
    assert_eq!(server.succeed(&["list", "-r"]), none);
    let nothing_scheduled = "Waiting for response...\nNo scheduled jobs.\n";
    assert_eq!(server.succeed(&["list", "-s"]), nothing_scheduled);

    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    assert_eq!(server.succeed(&["list", "-s"]), nothing_scheduled);
    // As in Flink: -v is taken, and repeated options are no mistake.
    for arguments in [&["list", "-r"][..], &["list", "-v", "-r", "-r"]] {
        let out = server.succeed(arguments);
        let line = out
            .strip_prefix("Waiting for response...\n")
            .and_then(|rest| rest.strip_prefix(BEGIN))
            .and_then(|rest| rest.strip_suffix(END))
            .expect(&out);
        assert_eq!(line.lines().count(), 1, "{out}");
        assert!(
            line.ends_with(&format!(" : {job} : orders (RUNNING)\n")),
            "{out}"
        );
    }
    server.end();
}
