//! What is the same is told by the timestamps that records have in Kafka, whenever they are read, and across a restart;
//! by the clock only where that is asked for.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::common::{Running, ingest_named, kafka, lines, running};
use millstream_services::kafka::Kafka;
use serde_json::Value;

/// Some time of the past, in milliseconds.
const THEN: u64 = 1_767_225_600_000;
const MINUTE: u64 = 60_000;

fn job(directory: &Path, brokers: &str, name: &str, more: &[&str]) -> Command {
    let mut command = ingest_named(directory, name, "30 ms", more);
    command
        .arg("--source.type=kafka_deduplication")
        .args(kafka::source(brokers, "numbers", name))
        .args(["--source.kafka.format=text", "--unique.keys=value"])
        .args(["--unique.data.ttl.in.minute=60"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .arg("--sink.type=file")
        .arg(format!("--sink.path=out-{name}"));
    command
}

/// Writes numbers from 0, each with a timestamp of about `minutes` after then (the tool adds up to some more), by a tool of
/// Kafka's own.
fn write(kafka: &Kafka, numbers: u64, minutes: u64) {
    let (numbers, time) = (numbers.to_string(), (THEN + minutes * MINUTE).to_string());
    let arguments = [
        "--topic",
        "numbers",
        "--max-messages",
        &numbers,
        "--message-create-time",
        &time,
    ];
    kafka
        .tool("VerifiableProducer", &arguments, "")
        .expect("records");
}

/// How often each number was written.
fn written(directory: &Path, name: &str) -> BTreeMap<u64, usize> {
    let mut counts = BTreeMap::new();
    for line in lines(&directory.join(format!("out-{name}"))) {
        let value: Value = serde_json::from_str(&line).expect("JSON");
        let number = value.get("value").and_then(Value::as_str).expect("a text");
        *counts.entry(number.parse().expect("a number")).or_default() += 1;
    }
    counts
}

fn times(numbers: std::ops::Range<u64>, times: usize) -> impl Iterator<Item = (u64, usize)> {
    numbers.map(move |number| (number, times))
}

#[test]
fn whenever_they_are_read() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("numbers", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    write(&kafka, 100, 0);
    write(&kafka, 150, 40);
    let mut first = Running::start(job(directory, &kafka.brokers(), "record", &[]));
    let once: BTreeMap<u64, usize> = times(0..150, 1).collect();
    first.await_that("all numbers", || written(directory, "record") == once);
    first.suspend();

    write(&kafka, 160, 85);
    for (name, more, again) in [
        ("record", &["-s", "latest", "-p", "3"][..], 100),
        ("clock", &[], 0),
    ] {
        let mut all = job(directory, &kafka.brokers(), name, more);
        all.arg("--source.kafka.end=latest");
        if name == "clock" {
            all.arg("--unique.time=clock");
        }
        let all = running::run(all);
        assert_eq!(all.code, Some(0), "{}", all.err);
        let expected = times(0..again, 2).chain(times(again..160, 1));
        assert_eq!(written(directory, name), expected.collect(), "{name}");
        let count = 160 + again;
        let equation = format!("410 read = {count} written + {} deduplicated", 410 - count);
        assert!(all.err.contains(&equation), "{equation}: {}", all.err);
    }
}
