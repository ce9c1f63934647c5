//! `list --watch` shows the list again and again, with what is new, until Ctrl-C.

use crate::common::Running;
use crate::common::server::{Server, first_file};

#[test]
fn jobs_that_come_and_go_are_seen() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut watch = Running::start(server.command(&["list", "--watch", "-a"]));
    watch.await_printed(|line| line == "No running jobs.");
    let job = server.submit("orders", &[]);
    let running = format!("{job} : orders (RUNNING)");
    watch.await_printed(|line| line.contains(&running));
    server.succeed(&["cancel", &job]);
    let cancelled = format!("{job} : orders (CANCELED)");
    watch.await_printed(|line| line.contains(&cancelled));
    watch.signal("INT");
    let said = watch.end();
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    // No terminal, no control characters.
    assert!(!said.out.contains('\x1b'), "{}", said.out);
    server.end();
}
