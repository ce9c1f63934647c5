//! Passwords and tokens of jobs and of the server are in no answer, log or command line, and in no file that others can read.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use crate::common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::common::rest;
use crate::common::server::{Server, first_file};
use serde_json::{Value, json};

const TOKEN: &str = "server-token-4f1d";
const PASSWORD: &str = "database-password-77aa";
const JAAS: &str =
    "org.example.Login required username=\\\"u\\\" password=\\\"jaas-password-93bc\\\";";
const SECRETS: [&str; 3] = [TOKEN, PASSWORD, "jaas-password-93bc"];

/// Starts a server that has a token.
fn start(directory: &Path) -> Server {
    fs::write(
        directory.join("config.yaml"),
        format!("rest.auth.token: {TOKEN}\n"),
    )
    .expect("written");
    let options = ["--config", "config.yaml"];
    let mut server = Server::new(directory);
    server.options.extend(options.map(str::to_owned));
    server.asking = options.map(str::to_owned).into();
    server.token = Some(TOKEN.to_owned());
    server.start();
    server
}

fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, String) {
    let token = format!("Bearer {TOKEN}");
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    rest::send(
        server.port(),
        method,
        path,
        &[("authorization", &token)],
        body.as_bytes(),
    )
}

/// Each path of the document that can be asked for, with the ids of `job` in it.
fn paths(server: &Server, job: &str) -> Vec<String> {
    let json = |path: &str| -> Value {
        let (status, body) = ask(server, "GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    };
    let vertex = json(&format!("/jobs/{job}"))["vertices"][0]["id"].clone();
    let process = json("/taskmanagers")["taskmanagers"][0]["id"].clone();
    let document = json("/openapi.json");
    let paths = document["paths"].as_object().expect("paths").iter();
    let readable = paths.filter(|(_, methods)| methods.get("get").is_some());
    let filled = readable.map(|(path, _)| {
        path.replace("{jobid}", job)
            .replace("{vertexid}", vertex.as_str().expect("an id"))
            .replace("{taskmanagerid}", process.as_str().expect("an id"))
            .replace("{jarid}", "ingest")
            .replace("{subtaskindex}", "0")
            .replace("{attempt}", "0")
            .replace("{checkpointid}", "1")
    });
    let logs = ["job.log", "job.out"].map(|name| format!("/jobs/{job}/logs/{name}"));
    filled
        .filter(|path| !path.contains('{'))
        .chain(logs)
        .chain(["/jobmanager/logs/server.log".to_owned()])
        .collect()
}

#[track_caller]
fn holds_no_secret(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

#[test]
fn neither_in_answers_nor_in_logs_nor_in_lists_of_processes() {
    let directory = tempfile::tempdir().expect("a directory");
    first_file(directory.path());
    let server = start(directory.path());
    let arguments = json!([
        "--job.name=orders",
        "--source.type=csv",
        "--source.firstLine.schema=true",
        format!("--source.path={}", directory.path().join("in").display()),
        "--sink.type=file",
        format!("--sink.path={}", directory.path().join("out").display()),
        format!("--source.db.password={PASSWORD}"),
    ]);
    let body = json!({ "programArgsList": arguments });
    let (status, answer) = ask(&server, "POST", "/jars/ingest/plan", &body);
    holds_no_secret("the plan", &answer);
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = ask(&server, "POST", "/jars/ingest/run", &body);
    holds_no_secret("the submission", &answer);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let job = answer["jobid"].as_str().expect("an id").to_owned();
    server.await_status(&job, "RUNNING");
    // What is refused tells no secret either.
    for refused in [
        json!({ "programArgsList": ["--source.type=none", format!("--source.db.pasword={PASSWORD}")] }),
        json!({ "programArgsList": arguments, "flinkConfiguration": { "properties.sasl.jaas.config": JAAS } }),
    ] {
        let (status, answer) = ask(&server, "POST", "/jars/ingest/run", &refused);
        holds_no_secret("the refusal", &answer);
        assert_eq!(status, 400, "{answer}");
    }

    let paths = paths(&server, &job);
    assert!(paths.len() > 40, "{paths:?}");
    for path in &paths {
        let (_, body) = ask(&server, "GET", path, &Value::Null);
        holds_no_secret(path, &body);
    }
    let (_, settings) = ask(&server, "GET", &format!("/jobs/{job}/config"), &Value::Null);
    assert!(settings.contains("******"), "{settings}");

    let jobs = common::processes::processes_of(directory.path());
    for process in jobs.iter().copied().chain([server.pid()]) {
        let read = |name: &str| {
            let found = fs::read(format!("/proc/{process}/{name}")).unwrap_or_default();
            String::from_utf8_lossy(&found).into_owned()
        };
        holds_no_secret("a command line", &read("cmdline"));
        holds_no_secret("an environment", &read("environ"));
    }
    assert_eq!(jobs.len(), 1);

    let data = directory.path().join("server");
    let savepoints = directory.path().join("savepoints");
    let (status, answer) = ask(
        &server,
        "POST",
        &format!("/jobs/{job}/savepoints"),
        &json!({}),
    );
    assert_eq!(status, 202, "{answer}");
    server.await_that("a savepoint", || {
        !files_below(&savepoints, "_metadata").is_empty()
    });
    let process = data.join("jobs").join(&job);
    let logs = ["job.log", "job.out"].map(|name| process.join(name));
    let records = ["server.log", "millstream.db", "millstream.db-wal"].map(|name| data.join(name));
    let snapshots = files_below(&savepoints, "");
    for file in [&logs[..], &records[..], &snapshots[..]].concat() {
        let kept = fs::read(&file).unwrap_or_default();
        holds_no_secret(&file.display().to_string(), &String::from_utf8_lossy(&kept));
    }
    let mode = |path: &Path| {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("jobs").join(&job)), 0o700);
    assert_eq!(mode(&data.join("jobs").join(&job).join("job.json")), 0o600);
    // The test does look at the right file.
    let kept = fs::read_to_string(data.join("jobs").join(&job).join("job.json")).expect("text");
    assert!(kept.contains(PASSWORD));
    server.end();
    let outcome = fs::read_to_string(process.join("outcome.json")).expect("the job has ended");
    holds_no_secret("the outcome", &outcome);
}

/// The files below a directory whose names begin so.
fn files_below(directory: &Path, beginning: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let (directories, files): (Vec<PathBuf>, Vec<PathBuf>) = entries
        .map(|entry| entry.path())
        .partition(|path| path.is_dir());
    let is_wanted = |path: &PathBuf| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        name.is_some_and(|name| name.starts_with(beginning))
    };
    let below = directories
        .iter()
        .flat_map(|directory| files_below(directory, beginning));
    files.into_iter().filter(is_wanted).chain(below).collect()
}
