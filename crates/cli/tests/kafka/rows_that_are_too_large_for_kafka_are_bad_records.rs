//! A row that makes a message which the topic does not take goes where `error.policy` says, and a topic that is missing is
//! refused before the first record.

use std::path::Path;

use crate::common::{ONCE, Said, ingest, lines, put, running};
use millstream_services::kafka::Kafka;

fn job(directory: &Path, kafka: &Kafka, more: &[&str]) -> Said {
    let brokers = kafka.brokers();
    let parameters = [
        &[ONCE, "--source.type=csv", "--source.firstLine.schema=true"][..],
        &["--sink.kafka.brokers", &brokers, "--sink.kafka.topic=out"],
        more,
    ];
    running::run(ingest(directory, &[], &parameters.concat()))
}

#[test]
fn they_are_dead_letters_or_fail_the_job() {
    let kafka = Kafka::start().expect("a broker");
    let directory = tempfile::tempdir().expect("a directory");
    let large = "x".repeat(2_000_000);
    put(
        directory.path(),
        "in/a.csv",
        format!("id,text\n1,a\n2,{large}\n3,c\n"),
    );
    let missing = job(directory.path(), &kafka, &[]);
    assert_eq!(missing.code, Some(1), "{}", missing.err);
    assert!(
        missing.err.contains("MS-7006: topic out is not there"),
        "{}",
        missing.err
    );
    kafka.create_topic("out", 1).expect("a topic");
    let failed = job(directory.path(), &kafka, &[]);
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    assert!(
        failed.err.contains("is too large for topic out"),
        "{}",
        failed.err
    );
    kafka.delete_topic("out").expect("deleted");
    let make = "--sink.kafka.create=partitions=1,replication=1";
    let tolerant = [
        make,
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = job(directory.path(), &kafka, &tolerant);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let dead = lines(&directory.path().join("dead"));
    assert_eq!(dead.len(), 1);
    assert!(
        dead.iter().all(|line| line.contains("is too large")),
        "{}",
        said.err
    );
    let arguments = [
        "--topic",
        "out",
        "--from-beginning",
        "--max-messages",
        "2",
        "--timeout-ms",
        "20000",
    ];
    let told = kafka
        .tool("consumer.ConsoleConsumer", &arguments, "")
        .expect("read");
    let mut values: Vec<&str> = told.lines().filter(|line| line.starts_with('{')).collect();
    values.sort_unstable();
    assert_eq!(
        values,
        [r#"{"id":"1","text":"a"}"#, r#"{"id":"3","text":"c"}"#]
    );
}
