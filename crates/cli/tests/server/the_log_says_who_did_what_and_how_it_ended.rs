//! For everything that changes something, and for nothing else, there is a line in the log that names what it was about (the new package,
//! the snapshot that is deleted, the settings, the file, the operation), and for each operation and replay one more when it has ended,
//! which says how.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;

use crate::common::server::{Server, endless};
use crate::common::{lines, put};
use serde_json::json;

/// Whether the server has not yet closed its end of a connection that comes from `port`.
fn has_open(server: &Server, port: u16) -> bool {
    let ends = [server.port(), port].map(|port| format!(":{port:04X}"));
    let table = fs::read_to_string("/proc/net/tcp").expect("the connections of the machine");
    table.lines().any(|line| {
        let columns = line.split_ascii_whitespace().skip(1);
        let mut pairs = columns.zip(&ends);
        pairs.all(|(column, end)| column.ends_with(end.as_str()))
    })
}

#[test]
fn whoever_hangs_up_before_the_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let server = Server::started(directory, &[]);
    let (begun, go) = (directory.join("begun"), directory.join("go"));
    let made = Command::new("mkfifo").arg(&go).status();
    assert!(made.expect("mkfifo").success());
    // A process of its jobs waits for somebody who writes into `go`.
    let script = format!(
        "#!/bin/sh\n[ \"$1\" = --millstream-job ] && {{ : > {}; : < {}; }}\nexec {} \"$@\"\n",
        begun.display(),
        go.display(),
        env!("CARGO_BIN_EXE_millstream")
    );
    let package = server.upload("waiting", &script);
    let job = "0123456789abcdef".repeat(2);
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": endless(directory),
        "jobId": job,
    });
    let body = body.to_string();
    let request = format!(
        "POST /jars/{package}/run HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).expect("it listens");
    let port = client.local_addr().expect("an address").port();
    client.write_all(request.as_bytes()).expect("it is taken");
    server.await_that("the process of the job", || begun.exists());
    assert!(has_open(&server, port), "nothing is answered yet");
    drop(client);
    server.await_that("the server to see that", || !has_open(&server, port));
    fs::write(&go, "").expect("it is waited for");
    server.await_status(&job, "RUNNING");
    let line = format!(" asked for POST /jars/{package}/run: 200, job {job}.");
    server.await_that(&line, || {
        let log = fs::read_to_string(server.data.join("server.log"));
        log.is_ok_and(|log| log.contains(&line))
    });
    server.end();
}

#[test]
fn packages_snapshots_and_the_ends_of_operations() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let program = env!("CARGO_BIN_EXE_millstream");
    let package = server.upload("words", &format!("#!/bin/sh\nexec {program} \"$@\"\n"));
    let job = server.submit_running(&json!({}));
    let ask = |path: &str, body| {
        let answer = server.post(path, &body);
        let id = answer["request-id"].as_str().expect("an operation");
        id.to_owned()
    };
    let place = |said: &str| {
        let path = said.split_once("savepoint-").expect(said).1;
        let end = path.find(char::is_whitespace).unwrap_or(path.len());
        path.get(..end)
            .expect("a name")
            .trim_end_matches('.')
            .to_owned()
    };
    let kept = place(&server.succeed(&["savepoint", &job]));
    let at = fs::canonicalize(
        directory
            .path()
            .join(format!("savepoints/savepoint-{kept}")),
    );
    let at = at.expect("a savepoint").display().to_string();
    let away = ask(
        "/savepoint-disposal",
        json!({ "savepoint-path": "/nowhere/sp" }),
    );
    let deleted = ask("/savepoint-disposal", json!({ "savepoint-path": at }));
    let taken = ask(&format!("/jobs/{job}/checkpoints"), json!({}));
    let stop = json!({ "targetDirectory": directory.path().join("last").display().to_string() });
    let stopped = ask(&format!("/jobs/{job}/stop"), stop);
    server.await_status(&job, "FINISHED");
    let other = server.submit_running(&json!({}));
    server.cancel(&other);
    for parts in [
        vec!["POST /jars/upload: 200, package ", &package],
        vec![" has ended: completed, snapshot ", &at, &job],
        vec![
            "POST /savepoint-disposal: 200, ",
            &away,
            "snapshot /nowhere/sp.",
        ],
        vec![
            "Operation ",
            &away,
            "disposal of snapshot /nowhere/sp, has ended: failed, MS-3001: ",
        ],
        vec!["POST /savepoint-disposal: 200, ", &deleted, &at],
        vec!["Operation ", &deleted, &at, "has ended: deleted."],
        vec!["/checkpoints: 202, operation ", &taken],
        vec![
            "Operation ",
            &taken,
            "checkpoint of job ",
            &job,
            "has ended: completed, ",
        ],
        vec!["/stop: 202, operation ", &stopped],
        vec![
            "Operation ",
            &stopped,
            "stop of job ",
            &job,
            "has ended: stopped, snapshot ",
            "/last/",
        ],
        vec![
            "Operation ",
            "cancel of job ",
            &other,
            "has ended: cancelled.",
        ],
    ] {
        await_line(&server, &parts);
    }
    server.end();
}

#[test]
fn also_where_nothing_else_is_logged() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &["-Dmillstream.log.level=off"]);
    let program = env!("CARGO_BIN_EXE_millstream");
    let package = server.upload("words", &format!("#!/bin/sh\nexec {program} \"$@\"\n"));
    await_line(&server, &["POST /jars/upload: 200, package ", &package]);
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    assert!(log.lines().all(|line| line.contains(" audit ")), "{log}");
    server.end();
}

/// What the log says of who did what.
fn audit(server: &Server) -> Vec<String> {
    let log = fs::read_to_string(server.data.join("server.log")).unwrap_or_default();
    let lines = log.lines().filter(|line| line.contains(" audit "));
    lines.map(str::to_owned).collect()
}

#[track_caller]
fn await_line(server: &Server, parts: &[&str]) {
    server.await_that(&format!("a line with {parts:?}"), || {
        let has_all = |line: &String| parts.iter().all(|part| line.contains(part));
        audit(server).iter().any(has_all)
    });
}

#[test]
fn settings_files_and_dead_letters() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let server = Server::started(directory, &[]);
    put(directory, "in/a.csv", "id,price\n1,10\n2,two\n");
    let parameters = [
        "--source.type=csv",
        "--source.path=in",
        "--source.firstLine.schema=true",
        "--source.watch.interval=20",
        "--source.file.settle=0",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int,price:Int>",
        "--stream.sql=select id, price from t1",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let options = ["-Dexecution.checkpointing.interval=50 ms"];
    let job = server.submit_with("orders", &options, &parameters);
    let dead = directory.join("dead");
    server.await_that("a dead letter", || lines(&dead).len() == 1);
    let letters = format!("/jobs/{job}/dead-letters");
    server.get(&letters);
    server.get(&format!("{letters}/letters"));
    server.succeed(&["dead-letters", "replay", "orders", "--code=value"]);
    server.get(&format!("{letters}/replay"));
    server.post(
        &format!("{letters}/discard"),
        &json!({"code": "value", "limit": 1}),
    );
    server.succeed(&["set", "orders", "rate.limit.records=5000"]);
    server.await_that("the file can be read again", || {
        server.run(&["files", "orders", "reset", "a.csv"]).code == Some(0)
    });
    let (status, answer) = server.call("POST", "/jobs/zz/files/reset", Some(&json!({"name": "b"})));
    assert_eq!(status, 400, "{answer}");
    for last in [
        "/dead-letters/replay: 202, dead letters --code=value.",
        "The replay of dead letters of job ID has ended: completed, 1 letter replayed.",
        "/dead-letters/discard: 200, dead letters --code=value --limit=1.",
        "/settings: 200, rate.limit.records=5000.",
        "/files/reset: 202, file a.csv.",
    ] {
        await_line(&server, &[&job, &last.replace("ID", &job)]);
    }
    // What a message ends with is not said twice.
    await_line(
        &server,
        &["/jobs/zz/files/reset: 400, MS-", "from value \"zz\"."],
    );
    for line in audit(&server) {
        assert!(!line.ends_with(".."), "{line}");
        assert!(!line.contains(" asked for GET "), "it only looked: {line}");
    }
    server.cancel(&job);
    server.end();
}
