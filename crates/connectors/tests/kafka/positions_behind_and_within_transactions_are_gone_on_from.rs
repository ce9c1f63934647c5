//! A position behind the mark of a transaction is no lost record once retention has taken all before it, and one that somebody else has
//! left within a transaction that is open is where the job begins.

#![cfg(feature = "kafka")]

use std::time::Duration;

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::kafka::{End, KafkaSourceOptions};
use millstream_connectors::rows::Parsed;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

fn endless(brokers: &str, topic: &str) -> KafkaSourceOptions {
    KafkaSourceOptions {
        end: End::None,
        ..options(brokers, topic, topic)
    }
}

fn read(attempt: &mut SourceAttempt<Parsed>, wanted: usize) -> Vec<i64> {
    let rows = |parsed: &Parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        _ => 0,
    };
    let found = attempt.read_until(|found| found.iter().map(rows).sum::<usize>() >= wanted);
    numbers(found.expect("it is read"))
}

/// Where the first partition is read on.
fn next(attempt: &SourceAttempt<Parsed>) -> u64 {
    let progress = attempt.progress.first().expect("a reader");
    let splits = progress.splits.all();
    splits.first().map_or(0, |(_, gauge)| gauge.next)
}

#[test]
fn a_mark_that_retention_has_taken_is_no_lost_record() {
    let kafka = broker();
    kafka.create_topic("marked", 1).expect("a topic");
    let writer = Writer::in_transactions(&kafka.brokers(), "marked");
    writer.begin();
    writer.numbers("marked", 0, 0..10);
    writer.commit();
    let job = SourceJob::default();
    let described = || source(endless(&kafka.brokers(), "marked"));
    let mut attempt = job.attempt(described().as_ref(), 1, None).expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(0..10));
    // The mark lies at offset 10.
    let mut turns = 0;
    while next(&attempt) != 11 {
        let found = attempt.read_until({
            let mut looks = 0;
            move |_| {
                looks += 1;
                looks > 2
            }
        });
        assert!(found.expect("it is read").is_empty());
        turns += 1;
        assert!(turns < 600, "the mark is not passed");
    }
    let taken = attempt.snapshot(&job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    drop(attempt);
    assert_eq!(
        kafka.committed("marked", "marked").ok(),
        Some(vec![(0, 11)])
    );
    kafka.delete_records("marked", 0, 11).expect("all are gone");
    let mut attempt = job
        .attempt(described().as_ref(), 1, Some(&taken))
        .expect("readers");
    while !attempt.announce().expect("nothing is lost") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    writer.begin();
    writer.numbers("marked", 0, 10..20);
    writer.commit();
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
    // A new job finds it out by the group.
    drop(attempt);
    let mut attempt = SourceJob::default()
        .attempt(described().as_ref(), 1, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
}

#[test]
fn a_group_that_was_left_within_a_transaction_is_where_it_begins() {
    let kafka = broker();
    let brokers = kafka.brokers();
    kafka.create_topic("within", 1).expect("a topic");
    Writer::new(&brokers).numbers("within", 0, 0..10);
    let writer = Writer::in_transactions(&brokers, "within");
    writer.begin();
    writer.numbers("within", 0, 10..15);
    // Somebody who reads what is not committed has read two of them.
    let other: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", "within")
        .create()
        .expect("a consumer");
    let mut left = TopicPartitionList::new();
    left.add_partition_offset("within", 0, Offset::Offset(12))
        .expect("an offset");
    other.commit(&left, CommitMode::Sync).expect("committed");
    drop(other);
    let job = SourceJob::default();
    let described = || source(endless(&brokers, "within"));
    let mut attempt = job.attempt(described().as_ref(), 1, None).expect("readers");
    while !attempt.announce().expect("it begins") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    let none = attempt.read_until({
        let mut looks = 0;
        move |_| {
            looks += 1;
            looks > 20
        }
    });
    assert!(none.expect("it waits").is_empty());
    // A snapshot of it is gone on from as well.
    let taken = attempt.snapshot(&job, false).expect("a snapshot");
    drop(attempt);
    let mut attempt = job
        .attempt(described().as_ref(), 1, Some(&taken))
        .expect("readers");
    while !attempt.announce().expect("it begins") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    writer.commit();
    assert_eq!(read(&mut attempt, 3), Vec::from_iter(12..15));
    Writer::new(&brokers).numbers("within", 0, 15..20);
    assert_eq!(read(&mut attempt, 5), Vec::from_iter(15..20));
}
