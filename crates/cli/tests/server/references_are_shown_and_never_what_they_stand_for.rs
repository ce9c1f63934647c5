//! A secret that is given by a reference is used by the job and by the server, and is in no file, answer, log or
//! command line: there is the reference.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::processes_of;
use crate::common::server::{Server, endless};
use crate::common::{command, ingest, running};
use serde_json::{Value, json};

const IN_VARIABLE: &str = "in-a-variable-5b1c";
const IN_FILE: &str = "in-a-file-90ee-4c";
const SECRETS: [&str; 2] = [IN_VARIABLE, IN_FILE];

#[track_caller]
fn holds_no_secret(what: &str, text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} shows {secret}: {text}");
    }
}

/// Looks through every file below `directory`.
fn files_hold_no_secret(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_hold_no_secret(&path);
        } else {
            let kept = fs::read(&path).unwrap_or_default();
            holds_no_secret(&path.display().to_string(), &String::from_utf8_lossy(&kept));
        }
    }
}

/// What every path of the document answers that can be asked for with the id of `job` alone.
fn answers_hold_no_secret(server: &Server, job: &str) {
    let document = server.get("/openapi.json");
    let paths = document["paths"].as_object().expect("paths").iter();
    let paths = paths
        .filter(|(_, methods)| methods.get("get").is_some())
        .map(|(path, _)| path.replace("{jobid}", job).replace("{jarid}", "ingest"))
        .filter(|path| !path.contains('{'));
    let mut asked = 0;
    for path in paths {
        let (_, answer) = server.call("GET", &path, None);
        holds_no_secret(&path, &answer.to_string());
        asked += 1;
    }
    assert!(asked > 30, "{asked}");
}

fn started(directory: &Path) -> (Server, String) {
    let file = directory.join("password");
    fs::write(&file, format!("{IN_FILE}\n")).expect("written");
    let reference = format!("${{file:{}}}", file.display());
    let mut server = Server::new(directory);
    let variables = [
        ("DB_PASSWORD", IN_VARIABLE),
        ("TOLERATED", "7"),
        ("WHERE", "out"),
    ];
    server.environment = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    server.start();
    server.environment.clear();
    (server, reference)
}

#[test]
fn on_a_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (server, in_file) = started(path);
    let mut arguments = endless(path);
    arguments.retain(|argument| !argument.starts_with("--sink.path"));
    arguments.extend([
        "--source.db.password=${env:DB_PASSWORD}".to_owned(),
        format!("--source.db.username={in_file}"),
        format!("--sink.path={}/${{env:WHERE}}", path.display()),
    ]);
    let body = json!({
        "programArgsList": arguments,
        "flinkConfiguration": {
            "execution.checkpointing.interval": "50 ms",
            "execution.checkpointing.tolerable-failed-checkpoints": "${env:TOLERATED}",
        },
    });
    let job = server.run_job("ingest", &body);
    // What the reference in the path stands for is where the output is.
    server.await_that("output", || !common::lines(&path.join("out")).is_empty());
    answers_hold_no_secret(&server, &job);
    for process in processes_of(&server.data) {
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        holds_no_secret("a command line", &String::from_utf8_lossy(&line));
    }
    let shown =
        server.get(&format!("/jobs/{job}/config"))["execution-config"]["user-config"].clone();
    assert_eq!(shown["source.db.password"], "${env:DB_PASSWORD}");
    assert_eq!(shown["source.db.username"], Value::from(in_file));
    let settings = server.get(&format!("/jobs/{job}/jobmanager/config"));
    let mut settings = settings.as_array().expect("settings").iter();
    let tolerated =
        settings.find(|s| s["key"] == "execution.checkpointing.tolerable-failed-checkpoints");
    assert_eq!(tolerated.expect("it is set")["value"], "${env:TOLERATED}");
    files_hold_no_secret(&server.data);
    let kept = server.data.join("jobs").join(&job).join("job.json");
    let kept = fs::read_to_string(kept).expect("text");
    assert!(kept.contains("${env:DB_PASSWORD}"), "{kept}");
}

#[test]
fn what_is_not_there_refuses_the_submission_in_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let (server, _) = started(directory.path());
    let mut arguments = endless(directory.path());
    arguments.push("--source.db.password=x${env:NOBODY_SET_IT}".to_owned());
    let body = json!({ "programArgsList": arguments });
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 400, "{answer}");
    let told = answer.to_string();
    for part in [
        "MS-1022",
        "source.db.password is given by ${env:NOBODY_SET_IT}",
    ] {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn the_token_of_the_server_is_looked_up_on_both_sides() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let token = path.join("token");
    fs::write(&token, format!("{IN_FILE}\n")).expect("written");
    let option = format!("-Drest.auth.token=${{file:{}}}", token.display());
    let mut server = Server::new(path);
    server.options.push(option.clone());
    server.asking = vec![option];
    server.start();
    assert_eq!(server.json(&["list"]), json!([]));
    let (status, _) = server.call("GET", "/jobs", None);
    assert_eq!(status, 401);
    files_hold_no_secret(&path.join("server"));
    server.end();
}

#[test]
fn in_the_process_that_was_started() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    common::put(path, "in/1.csv", "id,name\n1,Ann\n");
    let parameters = [
        &common::CSV_TO_FILES[..3],
        &["--sink.path=${env:WHERE}", common::ONCE, "--job.name=$${x}"],
    ]
    .concat();
    let options = ["-D", "parallelism.default=${env:WIDTH}"];
    let mut job = ingest(path, &options, &parameters);
    job.env("WHERE", "elsewhere").env("WIDTH", "2");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(common::lines(&path.join("elsewhere")).len(), 1);
    assert!(
        said.err.contains("Job \"${x}\" is FINISHED"),
        "{}",
        said.err
    );
    let mut job = ingest(path, &options, &parameters);
    job.env("WHERE", "elsewhere").env("WIDTH", IN_VARIABLE);
    let said = running::run(job);
    assert_eq!(said.code, Some(1), "{}", said.err);
    holds_no_secret("the error", &said.err);
    assert!(
        said.error()
            .starts_with("MS-1002: parallelism.default is `${env:WIDTH}`"),
        "{}",
        said.err
    );
    let mut wrong = command(path);
    wrong.args(["list", "-D", "client.timeout=${Env:X}"]);
    let said = running::run(wrong);
    assert!(
        said.error()
            .starts_with("MS-1022: client.timeout has `${Env:X}`"),
        "{}",
        said.err
    );
}
