//! `MILLSTREAM_TOKEN` in the environment of the server is its token, and is not handed on to the processes of jobs.

mod common;

use std::fs;

use common::rest_server::{Server, endless, processes_of};
use serde_json::{Value, json};

const TOKEN: &str = "token-of-the-environment-51c7";

#[test]
fn it_is_asked_for_and_jobs_do_not_see_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut server = Server::new(directory);
    server.environment = vec![("MILLSTREAM_TOKEN".to_owned(), TOKEN.to_owned())];
    server.start();
    let (status, answer) = server.call("GET", "/overview", None);
    assert_eq!(status, 401, "{answer}");

    let body = json!({"entryClass": "ingest", "programArgsList": endless(directory)});
    let bearer = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let (status, answer) = common::rest::send(
        server.port,
        "POST",
        "/jars/ingest/run",
        &headers,
        body.to_string().as_bytes(),
    );
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    for process in processes_of(&server.data) {
        for file in ["environ", "cmdline"] {
            let shown = fs::read(format!("/proc/{process}/{file}")).expect("it runs");
            assert!(!holds_token(&shown), "{file} of the job's process");
        }
    }
    for file in ["server.log", "millstream.db", "millstream.db-wal"] {
        let kept = fs::read(server.data.join(file)).unwrap_or_default();
        assert!(!holds_token(&kept), "{file}");
    }
    let kept = fs::read(server.data.join(format!("jobs/{job}/job.json"))).expect("it is there");
    assert!(!holds_token(&kept), "the job's settings");
}

fn holds_token(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).contains(TOKEN)
}
