//! Jobs whose output goes to a broker that is away wait for it and say so, whether they write at least once or exactly once; once it is
//! back nothing is said any more, and nothing is missing.

use crate::common::server::Server;
use crate::common::{put, topics};
use millstream_services::kafka::Kafka;
use serde_json::Value;

const MODES: [&str; 2] = ["AT_LEAST_ONCE", "EXACTLY_ONCE"];

/// What a topic holds that is committed, sorted.
fn committed(kafka: &Kafka, topic: &str, least: usize) -> Vec<String> {
    let said = topics::read(kafka, topic, least, 60_000, &[]);
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn until_it_is_back() {
    let mut kafka = Kafka::start().expect("a broker");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let server = Server::started(directory, &[]);
    put(directory, "in/1.csv", "id\n1\n");
    let path = directory.join("in").display().to_string();
    let jobs = MODES.map(|mode| {
        kafka.create_topic(mode, 1).expect("a topic");
        let parameters = [
            "--source.type=csv".to_owned(),
            format!("--source.path={path}"),
            "--source.firstLine.schema=true".to_owned(),
            "--source.watch.interval=20".to_owned(),
            "--source.file.settle=0".to_owned(),
            format!("--sink.kafka.topic={mode}"),
            format!("--sink.kafka.brokers={}", kafka.brokers()),
            format!("--stream.checkpoint.mode={mode}"),
        ];
        let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
        let options = ["-Dexecution.checkpointing.interval=100 ms"];
        server.submit_with(mode, &options, &parameters)
    });
    for mode in MODES {
        assert_eq!(committed(&kafka, mode, 1), ["{\"id\":\"1\"}"]);
    }
    kafka.kill();
    put(directory, "in/2.csv", "id\n2\n");
    for (job, mode) in jobs.iter().zip(MODES) {
        let told = format!("topic {mode} can't be written");
        server.await_answer(&format!("/jobs/{job}"), |_, body| {
            let why = body.get("held-up").and_then(Value::as_str)?;
            why.contains(&told).then_some(())
        });
    }
    kafka.restart().expect("the same broker");
    for (job, mode) in jobs.iter().zip(MODES) {
        assert_eq!(
            committed(&kafka, mode, 2),
            ["{\"id\":\"1\"}", "{\"id\":\"2\"}"]
        );
        server.await_answer(&format!("/jobs/{job}"), |_, body| {
            body.get("held-up").is_none_or(Value::is_null).then_some(())
        });
        server.cancel(job);
    }
}
