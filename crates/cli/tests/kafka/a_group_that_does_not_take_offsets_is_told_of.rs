//! Brokers refuse the offsets of a job whose group has members. That is warned of once, with what to do, and the job reads on.

use std::time::Duration;

use crate::common::{Running, command, kafka, lines};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

const WARNING: &str = "Group shared does not take the job's offsets";

/// A consumer that is a member of its group, once it has a partition.
fn member(kafka: &Kafka, topic: &str, group: &str) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    consumer.subscribe(&[topic]).expect("subscribed");
    while consumer.assignment().expect("partitions").count() == 0 {
        drop(consumer.poll(Duration::from_millis(100)));
    }
    consumer
}

#[test]
fn and_records_are_read_all_the_same() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("in", 1).expect("a topic");
    kafka.produce("in", ["{\"id\":1}"]).expect("a record");
    let member = member(&kafka, "in", "shared");
    let directory = tempfile::tempdir().expect("a directory");
    let out = directory.path().join("out");
    let mut job = command(directory.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-Dexecution.checkpointing.interval=100 ms", "ingest"])
        .args(["--job.name=shared", "--source.type=kafka"])
        .args(kafka::source(&kafka.brokers(), "in", "shared"))
        .args(["--sink.type=file", "--sink.path=out"]);
    let mut running = Running::start(job);
    let line = running.await_log(WARNING);
    for words in ["WARN", "Unknown member", "Give a group.id"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    kafka.produce("in", ["{\"id\":2}"]).expect("a record");
    running.await_that("both records", || lines(&out).len() == 2);
    // More offsets are refused by now, for the same reason.
    running.await_checkpoint();
    let said = running.suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(said.err.matches(WARNING).count(), 1, "{}", said.err);
    assert_eq!(lines(&out).len(), 2);
    drop(member);
}
