//! A job that goes on while one of several brokers is away reads the partitions of the others, and that broker's once it is back.

#![cfg(feature = "kafka")]

use std::time::Duration;

use crate::kafka_support::{Writer, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::kafka::{End, KafkaSourceOptions};
use millstream_connectors::rows::Parsed;
use millstream_services::kafka::Cluster;

const TOPIC: &str = "spread";

/// Reads so many records; their numbers.
fn read(attempt: &mut SourceAttempt<Parsed>, wanted: usize) -> Vec<i64> {
    let count = |parsed: &Parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        other => unreachable!("no rows: {other:?}"),
    };
    let found = attempt.read_until(|found| found.iter().map(count).sum::<usize>() >= wanted);
    numbers(found.expect("it is read"))
}

#[test]
fn nothing_is_lost() {
    let mut cluster = Cluster::start().expect("brokers");
    // Partition 0 lies on broker 0 alone, and so on.
    let arguments = ["--create", "--topic", TOPIC, "--replica-assignment"];
    let spread = [&arguments[..], &["0,1,2"]].concat();
    cluster.tool("TopicCommand", &spread, "").expect("a topic");
    let settings = ["--alter", "--entity-type", "topics", "--entity-name", TOPIC];
    let alone = [&settings[..], &["--add-config", "min.insync.replicas=1"]].concat();
    cluster.configure(&alone).expect("one copy is enough");
    let write = |brokers: &str, partitions: std::ops::Range<i32>, from: i64| {
        let writer = Writer::new(brokers);
        for partition in partitions {
            let first = from + i64::from(partition) * 10;
            writer.numbers(TOPIC, partition, first..first + 10);
        }
    };
    write(&cluster.brokers(), 0..3, 0);
    let described = KafkaSourceOptions {
        end: End::None,
        ..options(&cluster.brokers(), TOPIC, TOPIC)
    };
    let job = SourceJob::default();
    let attempt = |taken| job.attempt(source(described.clone()).as_ref(), 1, taken);
    let mut first = attempt(None).expect("readers");
    assert_eq!(read(&mut first, 30), Vec::from_iter(0..30));
    let taken = first.snapshot(&job, false).expect("a snapshot");
    first.ended(taken.checkpoint, true).expect("told");
    drop(first);

    write(&cluster.brokers(), 0..1, 100);
    cluster.kill(0);
    write(&cluster.brokers(), 1..3, 100);
    let mut second = attempt(Some(&taken)).expect("readers");
    assert_eq!(read(&mut second, 20), Vec::from_iter(110..130));
    // Also what comes while it waits for that broker.
    write(&cluster.brokers(), 1..3, 200);
    assert_eq!(read(&mut second, 20), Vec::from_iter(210..230));
    cluster.restart(0).expect("the same broker");
    assert_eq!(read(&mut second, 10), Vec::from_iter(100..110));
    let held_up = |attempt: &SourceAttempt<Parsed>| {
        let reader = attempt.progress.first();
        reader.is_some_and(|progress| progress.held_up.get().is_some())
    };
    let mut turns = 0;
    while held_up(&second) {
        second.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "people are still told that a broker is away");
    }
}
