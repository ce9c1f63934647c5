//! `server status` and `server stop` find the server by its data directory; its jobs go on.

use crate::common::command;
use crate::common::running::run;
use crate::common::server::{Server, first_file};

#[test]
fn status_stop_and_what_remains() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let data = "-Dmillstream.data-dir=server";
    let ask = |verb: &str| {
        let mut command = command(directory.path());
        command.args(["server", verb, data]);
        run(command)
    };
    let none = ask("status");
    assert_eq!((none.code, none.out.as_str()), (Some(1), ""));
    assert!(
        none.err.starts_with("MS-1012: no server uses "),
        "{}",
        none.err
    );

    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let shown = ask("status");
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert!(shown.out.contains(server.address()), "{}", shown.out);
    let mut second = command(directory.path());
    second.args(["server", data, "-Drest.port=0"]);
    let second = run(second);
    assert_eq!(second.code, Some(1));
    assert!(
        second.err.starts_with("MS-1008: another server uses "),
        "{}",
        second.err
    );

    for verb in ["stop", "status"] {
        let mut by_address = command(directory.path());
        by_address.args(["server", verb, "-m", server.address()]);
        let said = run(by_address);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(
            said.err.starts_with("MS-1003: ") && said.err.contains("-D millstream.data-dir="),
            "{}",
            said.err
        );
    }
    let stopped = ask("stop");
    assert_eq!(stopped.code, Some(0), "{}", stopped.err);
    assert!(stopped.out.contains("Its jobs go on."), "{}", stopped.out);
    assert_eq!(ask("stop").code, Some(1));
    assert_eq!(server.ended().code, Some(0));

    server.start();
    server.await_status(&job, "RUNNING");
    server.succeed(&["stop", &job]);
    server.end();
}

#[test]
fn a_job_outlives_a_server_that_crashes() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let mut server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    server.kill();
    server.start();
    server.await_status(&job, "RUNNING");
    let out = server.succeed(&["stop", "orders"]);
    assert!(out.contains("Savepoint completed. Path: file:"), "{out}");
    server.end();
}
