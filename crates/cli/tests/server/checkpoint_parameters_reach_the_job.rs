//! `stream.checkpoint.*`: what is given is what the job runs with, as it tells over REST.

use crate::common::server::{Server, endless};
use serde_json::{Value, json};

#[test]
fn as_it_tells_over_rest() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::new(directory.path());
    // What the server says of checkpoints would win.
    server.options.clear();
    server.start();
    let mut arguments = endless(directory.path());
    arguments.extend(
        [
            "--stream.checkpoint.interval=7000",
            "--stream.checkpoint.timeout=70000",
            "--stream.checkpoint.min.pause=700",
            "--stream.checkpoint.mode=exactly_once",
            "--stream.checkpoint.tolerable.failure.num=7",
            "--stream.checkpoint.type=fs",
        ]
        .map(str::to_owned),
    );
    let body = json!({"entryClass": "ingest", "programArgsList": arguments});
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&body));
    assert_eq!(status, 200, "{answer}");
    let job = answer.get("jobid").and_then(Value::as_str).expect("an id");
    let config = server.get(&format!("/jobs/{job}/checkpoints/config"));
    for (field, expected) in [
        ("mode", json!("exactly_once")),
        ("interval", json!(7_000)),
        ("timeout", json!(70_000)),
        ("min_pause", json!(700)),
        ("tolerable_failed_checkpoints", json!(7)),
    ] {
        assert_eq!(config.get(field), Some(&expected), "{field}: {config}");
    }
}
