//! `programArgs` is one string with quotes, and not given together with `programArgsList`; uploaded packages lie in
//! `web.upload.dir`; under the name `flink` the command does the same.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::common::server::{Server, endless};
use serde_json::{Value, json};

#[test]
fn program_args_are_split_at_blanks_outside_of_quotes() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let mut arguments = endless(directory.path());
    arguments.retain(|argument| !argument.starts_with("--job.name"));
    let line = format!("--job.name 'two words' {}", arguments.join(" "));
    let body = json!({"entryClass": "ingest", "programArgs": line});
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 200, "{answer}");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    let shown = server.get(&format!("/jobs/{job}"));
    assert_eq!(shown.get("name"), Some(&json!("two words")));
    server.call("PATCH", &format!("/jobs/{job}?mode=cancel"), None);
    server.await_status(job, "CANCELED");

    let both = json!({"entryClass": "ingest", "programArgs": line, "programArgsList": arguments});
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&both));
    assert_eq!(status, 400, "{answer}");
}

#[test]
fn an_uploaded_package_lies_in_the_upload_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let uploads = directory.path().join("uploads");
    let option = format!("-Dweb.upload.dir={}", uploads.display());
    let server = Server::started(directory.path(), &[&option]);
    let id = server.upload(
        "p",
        "#!/bin/sh\necho '[{\"name\":\"a.B\",\"description\":\"\",\"parameters\":[]}]'\n",
    );
    // As in Flink, in a directory of this name below it.
    let package = uploads.join("flink-web-upload").join(&id);
    assert!(package.is_file(), "{}", package.display());
}

#[test]
fn under_the_name_flink_it_is_the_same_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let flink = directory.path().join("flink");
    symlink(env!("CARGO_BIN_EXE_millstream"), &flink).expect("linked");
    let address = format!("127.0.0.1:{}", server.port());
    let said = Command::new(flink)
        .args(["list", "-m", &address])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    assert_eq!(
        said,
        "Waiting for response...\nNo running jobs.\nNo scheduled jobs.\n"
    );
}
