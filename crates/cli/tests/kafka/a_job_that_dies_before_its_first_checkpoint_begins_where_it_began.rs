//! A job that begins behind the newest record is killed with SIGKILL before its first checkpoint. Started again it reads what was
//! written since its first start, also while nobody ran: the group has noted where that was.

use std::path::Path;
use std::process::Command;

use crate::common::{Running, assert_lines, ingest_named, lines, running, topics};
use millstream_services::kafka::Kafka;

fn job(directory: &Path, kafka: &Kafka) -> Command {
    // No checkpoint lies between the start and the kill.
    let mut command = ingest_named(directory, "dies", "10 min", &[]);
    command
        .args(["--source.type=kafka", "--source.kafka.topic=in"])
        .arg(format!("--source.kafka.brokers={}", kafka.brokers()))
        .args(["--group.id=dies", "--auto.offset.reset=latest"])
        .args(["--sink.type=file", "--sink.path=out"]);
    command
}

#[test]
fn however_much_was_written_meanwhile() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("in", 1).expect("a topic");
    topics::write(&kafka, "in", 0..100);
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let mut first = Running::start(job(directory, &kafka));
    first.await_log("Reads in/0 from offset 100.");
    topics::write(&kafka, "in", 100..200);
    let said = first.kill();
    assert!(!said.err.contains("Completed checkpoint"), "{}", said.err);
    topics::write(&kafka, "in", 200..300);

    let mut second = job(directory, &kafka);
    second.arg("--source.kafka.end=latest");
    let said = running::run(second);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_lines(
        &lines(&directory.join("out")),
        (100..300).map(topics::record),
    );
}
