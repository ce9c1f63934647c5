//! With `--json` standard output holds one JSON value, whatever the action.

use crate::common::running::run;
use crate::common::server::{Server, first_file};
use crate::common::{Running, command, millstream};
use serde_json::Value;

#[test]
fn by_the_actions_on_a_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let program = [
        "ingest",
        "--job.name=orders",
        "--source.type=csv",
        "--source.path=in",
        "--sink.type=print",
    ];
    let submitted = server.json(&[&["run", "-d"][..], &program].concat());
    let job = submitted["jobid"].as_str().expect("an id");

    let list = server.json(&["list"]);
    assert_eq!(list[0]["jid"], job);
    assert_eq!(list[0]["tasks"]["failed"], 0, "{list}");
    let savepoint = server.json(&["savepoint", job, "sp"]);
    assert_eq!(savepoint["status"], "COMPLETED");
    let path = savepoint["path"].as_str().expect("a path");
    assert_eq!(server.json(&["savepoint", "-d", path])["kind"], "disposal");
    let checkpoint = server.json(&["checkpoint", job]);
    assert!(checkpoint["checkpoint"].is_u64(), "{checkpoint}");
    let detached = server.json(&["savepoint", "-detached", job]);
    assert_eq!(detached["status"], "IN_PROGRESS");
    let stop = server.json(&["stop", job]);
    assert_eq!((&stop["kind"], &stop["job"]), (&"stop".into(), &job.into()));
    let again = server.json(&["restart", job]);
    assert_eq!(again["restartOf"], job);
    let again = again["jobid"].as_str().expect("an id");
    let cancelled = server.json(&["cancel", again]);
    assert_eq!(cancelled["status"], "CANCELED");

    let once = [
        &["run"][..],
        &program,
        &["--source.watch.type=PROCESS_ONCE"],
    ]
    .concat();
    let ended = server.json(&once);
    assert_eq!(ended["status"], "FINISHED");
    assert!(ended["runtime"].is_u64(), "{ended}");
    server.end();
}

#[test]
fn one_a_line_by_what_goes_on() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let mut watch = Running::start(server.command(&["list", "--watch", "--json"]));
    let mut follow = Running::start(server.command(&["logs", "-f", "--json", &job]));
    for line in [watch.await_print(), watch.await_print()] {
        let jobs: Value = serde_json::from_str(&line).expect(&line);
        assert_eq!(jobs[0]["jid"], job.as_str(), "{line}");
    }
    follow.await_printed(|line| {
        let line: Value = serde_json::from_str(line).expect(line);
        let text = line["line"].as_str().expect("a line");
        text.contains("switched from")
    });
    server.succeed(&["cancel", &job]);
    let said = follow.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    watch.signal("INT");
    assert_eq!(watch.end().code, Some(0));
    server.end();
}

#[test]
fn of_what_goes_wrong() {
    for arguments in [
        &["--json"][..],
        &["--json", "bogus"],
        &["bogus", "--json"],
        &["list", "--nonsense", "--json"],
        &["stop", "-json", "--nonsense"],
        &["stop", "--json"],
        &["run", "--json", "--nonsense", "ingest"],
        &["run", "-t", "local", "--json", "ingest"],
    ] {
        let said = millstream(arguments);
        assert_eq!(said.code, Some(1), "{arguments:?}");
        let value: Value = serde_json::from_str(&said.out).expect(&said.out);
        let code = value["error"]["code"].as_str().expect("a code");
        assert!(said.err.starts_with(&format!("{code}: ")), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
    // What stands behind a program is the program's.
    let said = millstream(&["run", "/nowhere/job", "--json"]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
}

#[test]
fn by_a_deprecated_cancellation() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    let said = server.run(&["cancel", "-s", "sp", "--json", &job]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.starts_with("DEPRECATION WARNING: "),
        "{}",
        said.err
    );
    let value: Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(value["status"], "COMPLETED", "{value}");
    server.end();
}

#[test]
fn by_the_others() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let server = Server::started(directory.path(), &[]);
    for arguments in [
        &["server", "status", "-Dmillstream.data-dir=server"][..],
        &["completion", "bash"],
        &["man", "man1"],
    ] {
        let mut command = command(directory.path());
        command.args(arguments).arg("--json");
        let said = run(command);
        assert_eq!(said.code, Some(0), "{arguments:?}: {}", said.err);
        let value: Result<serde_json::Value, _> = serde_json::from_str(&said.out);
        assert!(value.is_ok(), "{arguments:?}: {}", said.out);
    }
    server.end();
}
