//! The bodies by which users of the CSP operator start jobs that need no service, through `POST /jars/:id/run` as they stand: only
//! paths are others, and what the examples leave out is added behind them.

use crate::common;

use std::path::Path;

use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

const LIST: &str = r#"{
  "entryClass": "com._4paradigm.csp.operator.Main",
  "programArgsList": ["--job.name", "test", "--sink.type", "orc", "--stream.sql", "select * from t1"]
}"#;

const LINE: &str = r#"{
  "entryClass": "com._4paradigm.csp.operator.Main",
  "programArgs": "--job.name test --sink.type orc --stream.sql 'select * from t1'"
}"#;

/// What the examples leave out, in the form of one element for each.
fn left_out(directory: &Path) -> Vec<String> {
    let below = |name: &str| directory.join(name).display().to_string();
    vec![
        "--source.type csv".to_owned(),
        format!("--source.path {}", below("in")),
        "--source.watch.type PROCESS_ONCE".to_owned(),
        "--source.firstLine.schema true".to_owned(),
        "--stream.sql.enable true".to_owned(),
        "--stream.sql.schema struct<id:String,name:String>".to_owned(),
        format!("--sink.path {}", below("out")),
    ]
}

/// The rows of the files of ORC that were written, read by a job of our own.
fn rows_of_orc(directory: &Path) -> Vec<String> {
    let read = common::ingest(
        directory,
        &[],
        &[
            common::ONCE,
            "--source.type=orc",
            "--source.path=out",
            "--sink.type=file",
            "--sink.path=shown",
        ],
    );
    let said = common::running::run(read);
    assert_eq!(said.code, Some(0), "{}", said.err);
    common::lines(&directory.join("shown"))
}

fn place() -> (tempfile::TempDir, Server) {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/a.csv", "id,name\n1,n1\n2,n2\n");
    let server = Server::started(directory.path(), &[]);
    (directory, server)
}

#[test]
fn the_example_of_program_args_list_writes_orc() {
    let (directory, server) = place();
    let mut body: Value = serde_json::from_str(LIST).expect("JSON");
    let list = body["programArgsList"].as_array_mut().expect("a list");
    list.extend(left_out(directory.path()).into_iter().map(Value::from));
    let id = server.run_job("ingest", &body);
    server.await_status(&id, "FINISHED");
    assert_eq!(server.get(&format!("/jobs/{id}"))["name"], "test");
    let expected = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
    assert_eq!(rows_of_orc(directory.path()), expected);
    server.end();
}

#[test]
fn the_example_of_program_args_writes_orc() {
    let (directory, server) = place();
    let mut body: Value = serde_json::from_str(LINE).expect("JSON");
    let line = body["programArgs"].as_str().expect("a line").to_owned();
    let more = left_out(directory.path()).join(" ");
    body["programArgs"] = json!(format!("{line} {more}"));
    let id = server.run_job("ingest", &body);
    server.await_status(&id, "FINISHED");
    let expected = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
    assert_eq!(rows_of_orc(directory.path()), expected);
    server.end();
}

#[test]
fn what_the_examples_leave_out_is_named_and_nothing_else() {
    let (_directory, server) = place();
    for body in [LIST, LINE] {
        let body: Value = serde_json::from_str(body).expect("JSON");
        let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
        assert_eq!(status, 400, "{answer}");
        let errors = answer["errors"].to_string();
        for missing in [
            "source.type is not given",
            "source.path is not given",
            "sink.path is not given",
        ] {
            assert!(errors.contains(missing), "{answer}");
        }
        assert!(!errors.contains("sink.type is"), "{answer}");
    }
    server.end();
}

#[test]
fn a_format_beside_another_one_is_refused() {
    let (directory, server) = place();
    let mut list = vec![
        "--sink.type".to_owned(),
        "orc".to_owned(),
        "--sink.format=json".to_owned(),
    ];
    list.extend(left_out(directory.path()));
    let body = json!({ "programArgsList": list });
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 400, "{answer}");
    assert!(
        answer["errors"]
            .to_string()
            .contains("sink.type is orc, and sink.format is json"),
        "{answer}"
    );
    server.end();
}
