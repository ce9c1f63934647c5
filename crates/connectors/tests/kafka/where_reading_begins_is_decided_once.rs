//! Where a partition begins is decided once, also for a job that fails before its first checkpoint: the group notes what nobody would
//! find again. And what the group knows counts for nothing where a snapshot says that a partition is new.

#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::time::Duration;

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob, TakenSnapshot};
use millstream_connectors::kafka::{End, KafkaSource, KafkaSourceOptions, Properties, Reset};
use millstream_connectors::rows::Parsed;
use millstream_engine::connector::Source;
use millstream_services::kafka::{Kafka, PASSWORD, USER};

/// What reads a topic for a group of its name, without end, and looks for partitions all the time.
fn endless(brokers: &str, topic: &str, reset: Reset) -> KafkaSourceOptions {
    KafkaSourceOptions {
        reset,
        end: End::None,
        discovery: Some(Duration::from_millis(100)),
        ..options(brokers, topic, topic)
    }
}

/// An attempt without a snapshot, once readers are told where to begin.
fn begun(source: &dyn Source<Parsed>) -> SourceAttempt<Parsed> {
    let job = SourceJob::default();
    let mut attempt = job.attempt(source, 1, None).expect("readers");
    while !attempt.announce().expect("brokers answer") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    attempt
}

fn rows(found: &[Parsed]) -> usize {
    let rows = found.iter().map(|parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        _ => 0,
    });
    rows.sum()
}

fn read(attempt: &mut SourceAttempt<Parsed>, wanted: usize) -> Vec<i64> {
    let found = attempt.read_until(|found| rows(found) >= wanted);
    numbers(found.expect("it is read"))
}

/// Takes a snapshot that completes.
fn checkpoint(attempt: &mut SourceAttempt<Parsed>, job: &SourceJob) -> TakenSnapshot {
    let taken = attempt.snapshot(job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    taken
}

/// What the group of a topic's name knows of it.
fn known(kafka: &Kafka, topic: &str) -> Vec<(u32, u64)> {
    // A group that has committed nothing is none.
    kafka.committed(topic, topic).unwrap_or_default()
}

#[test]
fn a_job_that_fails_before_its_first_checkpoint_begins_where_it_began() {
    let kafka = broker();
    kafka.create_topic("failed", 2).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("failed", 0, 0..10);
    let described = endless(&kafka.brokers(), "failed", Reset::Latest);
    let mut first = begun(source(described.clone()).as_ref());
    assert_eq!(known(kafka, "failed"), [(0, 10), (1, 0)]);
    writer.numbers("failed", 0, 10..20);
    assert_eq!(read(&mut first, 10), Vec::from_iter(10..20));
    drop(first);
    writer.numbers("failed", 1, 20..30);
    let mut second = begun(source(described).as_ref());
    assert_eq!(read(&mut second, 20), Vec::from_iter(10..30));
}

#[test]
fn a_partition_that_came_before_the_first_checkpoint_is_read_from_its_start_again() {
    let kafka = broker();
    kafka.create_topic("grown", 1).expect("a topic");
    let described = endless(&kafka.brokers(), "grown", Reset::Latest);
    let mut first = begun(source(described.clone()).as_ref());
    kafka.add_partitions("grown", 2).expect("a partition");
    Writer::new(&kafka.brokers()).numbers("grown", 1, 0..10);
    assert_eq!(read(&mut first, 10), Vec::from_iter(0..10));
    drop(first);
    let mut second = begun(source(described).as_ref());
    assert_eq!(read(&mut second, 10), Vec::from_iter(0..10));
}

#[test]
fn a_partition_that_is_new_to_a_snapshot_is_read_from_its_start_whatever_the_group_knows() {
    let kafka = broker();
    kafka.create_topic("gone-back", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("gone-back", 0, 0..10);
    let described = endless(&kafka.brokers(), "gone-back", Reset::Earliest);
    let job = SourceJob::default();
    let mut attempt = job
        .attempt(source(described.clone()).as_ref(), 1, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(0..10));
    let older = checkpoint(&mut attempt, &job);
    kafka.add_partitions("gone-back", 2).expect("a partition");
    Writer::new(&kafka.brokers()).numbers("gone-back", 1, 10..20);
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
    checkpoint(&mut attempt, &job);
    // Its end tells the group once more, and waits for that.
    drop(attempt);
    assert_eq!(known(kafka, "gone-back"), [(0, 10), (1, 10)]);
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, Some(&older))
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
}

#[test]
fn a_job_that_begins_with_the_oldest_record_tells_the_group_behind_a_checkpoint() {
    let kafka = broker();
    kafka.create_topic("oldest", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("oldest", 0, 0..10);
    let described = endless(&kafka.brokers(), "oldest", Reset::Earliest);
    drop(begun(source(described).as_ref()));
    assert_eq!(known(kafka, "oldest"), []);
}

#[test]
fn a_look_tells_the_group_nothing() {
    let kafka = broker();
    kafka.create_topic("looked-at", 1).expect("a topic");
    let described = endless(&kafka.brokers(), "looked-at", Reset::Latest);
    let source = KafkaSource::new(described).expect("a source");
    drop(begun(&source.without_commits()));
    assert_eq!(known(kafka, "looked-at"), []);
}

#[test]
fn who_may_not_write_the_group_reads_all_the_same() {
    let kafka = Kafka::start_guarded().expect("a broker of its own");
    kafka.create_topic("guarded", 1).expect("a topic");
    let topic = ["--topic", "guarded"];
    kafka.allow(&["Describe", "Read"], &topic).expect("allowed");
    let group = ["--group", "guarded"];
    kafka.allow(&["Describe"], &group).expect("allowed");
    let login = kafka.addresses().expect("it is secured").login;
    let jaas = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
    );
    let given = [
        ("security.protocol", "SASL_PLAINTEXT".to_owned()),
        ("sasl.mechanism", "PLAIN".to_owned()),
        ("sasl.jaas.config", jaas),
    ];
    let given: BTreeMap<String, String> = given
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let described = KafkaSourceOptions {
        properties: Properties::of_java(&given).expect("properties"),
        ..endless(&login, "guarded", Reset::Latest)
    };
    let mut attempt = begun(source(described).as_ref());
    Writer::new(&kafka.brokers()).numbers("guarded", 0, 0..10);
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(0..10));
    assert_eq!(known(&kafka, "guarded"), []);
}
