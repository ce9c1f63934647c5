//! A job's name has a thousand bytes at most, however it is given: it stands in lists, in labels of metrics and in the log.

use crate::common::server::{Server, endless};
use serde_json::{Value, json};

#[test]
fn over_rest_and_by_the_command() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let mut arguments = endless(path);
    arguments.retain(|argument| !argument.starts_with("--job.name="));
    let named = |name: &str| {
        let mut arguments = arguments.clone();
        arguments.push(format!("--job.name={name}"));
        arguments
    };
    let long = "n".repeat(1_001);
    let why = "MS-1002: the name of the job has 1001 bytes, which is more than 1000";

    let body = json!({"entryClass": "ingest", "programArgsList": named(&long)});
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 400, "{answer}");
    let line = answer.pointer("/errors/0").and_then(Value::as_str);
    assert!(line.is_some_and(|line| line.starts_with(why)), "{answer}");

    let mut words = vec!["run".to_owned(), "-d".to_owned(), "ingest".to_owned()];
    words.extend(named(&long));
    let said = server.run(&words);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains(why), "{}", said.err);
    assert_eq!(server.get("/jobs"), json!({"jobs": []}));

    let name = "n".repeat(1_000);
    let body = json!({"entryClass": "ingest", "programArgsList": named(&name)});
    let job = server.run_job("ingest", &body);
    assert_eq!(server.get(&format!("/jobs/{job}"))["name"], name.as_str());
    server.end();
}
