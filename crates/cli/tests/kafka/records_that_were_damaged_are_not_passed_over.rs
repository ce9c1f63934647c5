//! A record that was damaged on a broker's disk does not have the checksum that it was written with: the job fails with its place, and does
//! not go on behind it. Without the checksums it is read as it lies there.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::common::{Said, command, kafka, lines, running};
use millstream_services::kafka::Kafka;
use serde_json::Value;

fn job(directory: &Path, kafka: &Kafka, more: &[&str]) -> Said {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=damaged", "--source.type=kafka"])
        .args(kafka::source(&kafka.brokers(), "in", "damaged"))
        .args(["--source.kafka.end=latest", "--sink.type=file"])
        .args(["--sink.path=out"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(more);
    running::run(job)
}

/// Where the broker keeps the records of the topic's only partition.
fn segment(kafka: &Kafka, topic: &str) -> PathBuf {
    let asked = ["--describe", "--topic-list", topic];
    let said = kafka.tool("LogDirsCommand", &asked, "").expect("an answer");
    let told = said.lines().find(|line| line.starts_with('{'));
    let told: Value = serde_json::from_str(told.unwrap_or(&said)).expect("JSON");
    let place = told.pointer("/brokers/0/logDirs/0/logDir");
    let place = Path::new(place.and_then(Value::as_str).expect("a directory"));
    place.join(format!("{topic}-0/00000000000000000000.log"))
}

#[test]
fn but_fail_the_job() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("in", 1).expect("a topic");
    // A batch each, so that the client could go on behind the second.
    for value in ["{\"id\":\"one\"}", "{\"id\":\"two\"}", "{\"id\":\"three\"}"] {
        kafka.produce("in", [value]).expect("a record");
    }
    let segment = segment(&kafka, "in");
    let bytes = fs::read(&segment).expect("records");
    let mut places = bytes.windows(3);
    let place = places.position(|bytes| bytes == b"two").expect("a record");
    // In place: the broker has the file open.
    let file = OpenOptions::new().write(true).open(&segment);
    let damaged = file.and_then(|file| file.write_all_at(b"TWO", place as u64));
    damaged.expect("damaged");
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("out");

    let said = job(directory.path(), &kafka, &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for words in ["MS-6012", "in/0 can't be read from offset 1 on", "checksum"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert_eq!(lines(&out), [""; 0]);

    let said = job(
        directory.path(),
        &kafka,
        &["--source.kafka.check.crcs=false"],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    let read = ["{\"id\":\"TWO\"}", "{\"id\":\"one\"}", "{\"id\":\"three\"}"];
    assert_eq!(lines(&out), read);
}
