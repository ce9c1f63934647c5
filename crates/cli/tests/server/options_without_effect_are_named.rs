//! Nothing is accepted and ignored in silence: options that have no effect where they are given are named on standard error, and
//! their values are looked at all the same.

use crate::common::server::{Server, first_file};
use crate::common::{CSV_TO_FILES, command, millstream, put, running};

#[track_caller]
fn assert_noted(err: &str, options: &[&str]) {
    for option in options {
        let note = format!("WARNING: {option} has no effect: ");
        assert!(
            err.lines().any(|line| line.starts_with(&note)),
            "{option}: {err}"
        );
    }
}

#[test]
fn by_the_actions_on_a_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let mut run = server.command(&["run", "-d", "-v", "-z", "name", "ingest"]);
    run.args([
        "--job.name=orders",
        "--source.path=in",
        "--source.watch.interval=20",
    ]);
    run.args(CSV_TO_FILES);
    let said = running::run(run);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["-v", "--zookeeperNamespace"]);
    let job = said
        .out
        .trim_end()
        .rsplit(' ')
        .next()
        .expect("an id")
        .to_owned();
    server.await_status(&job, "RUNNING");

    let said = server.run(&["savepoint", "-j", "x.jar", &job]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["--jarfile"]);
    let path = said.savepoint();
    let said = server.run(&["savepoint", "-d", path, "--type", "native", "-detached"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["--type", "--detached"]);
    let said = server.run(&["logs", "--list", "-f", "-n", "3", "--file", "job.out", &job]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["--follow", "--lines", "--file"]);
    let said = server.run(&["cancel", "--type", "native", &job]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["--type"]);
    let mut status = command(directory.path());
    status
        .args(["server", "status", "--insecure", "--log-to=both"])
        .arg(format!("-Dmillstream.data-dir={}", server.data.display()));
    let said = running::run(status);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_noted(&said.err, &["--insecure", "--log-to"]);
    server.end();
}

#[test]
fn by_info() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let mut info = command(directory.path());
    info.args(["info", "-v", "-d", "-sae", "-m", "h:1", "-s", "/sp", "-n"])
        .args(["--claimMode", "claim", "ingest", "--source.path=in"])
        .args(CSV_TO_FILES);
    let said = running::run(info);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let named = [
        "-v",
        "--detached",
        "--shutdownOnAttachedExit",
        "--jobmanager",
        "--fromSavepoint",
        "--allowNonRestoredState",
        "--claimMode",
    ];
    assert_noted(&said.err, &named);
}

#[test]
fn by_what_asks_neither_a_server_nor_a_configuration() {
    let options = ["-m", "nowhere:1", "--config", "/nowhere"];
    let more = ["-Drest.port=1", "-t", "remote"];
    for action in [["explain", "1016"], ["completion", "bash"], ["man", "man1"]] {
        let said = millstream(&[&action[..], &options, &more].concat());
        assert_eq!(said.code, Some(0), "{action:?}: {}", said.err);
        assert!(!said.out.is_empty(), "{action:?}");
        let named = ["--jobmanager", "--config", "-D", "--target"];
        assert_noted(&said.err, &named);
        assert_eq!(said.err.lines().count(), named.len(), "{}", said.err);
        let said = millstream(&[&action[..], &["-Dfoo=bar"]].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{action:?}");
        assert!(said.err.starts_with("MS-1001: "), "{}", said.err);
    }
}

#[test]
fn wrong_values_are_refused() {
    let id = "f8cccb14cd33babade335fd60aefa9e4";
    for arguments in [
        &["savepoint", "-d", "/sp", "--type", "foo"][..],
        &["cancel", "--type", "foo", id],
        &["list", "-Dexecution.checkpointing.interval=soon"],
        &["stop", id, "-Dparallelism.default=many"],
        &["explain", "1016", "-Dparallelism.default=many"],
    ] {
        let said = millstream(arguments);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(1), ""),
            "{arguments:?}"
        );
        assert!(said.err.starts_with("MS-1002: "), "{}", said.err);
    }
}
