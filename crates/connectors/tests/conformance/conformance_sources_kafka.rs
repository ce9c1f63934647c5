//! A source of Kafka keeps the promises of a source whose position is state, against a real broker.

#![cfg(feature = "kafka")]

use std::sync::atomic::{AtomicU32, Ordering};

use crate::kafka_support::{Writer, broker, options, records, source};
use millstream_connectors::conformance::SourceSuite;

/// A group that no other source has: what one has committed is where another one would begin.
fn fresh_group() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("group-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn a_topic_with_partitions_of_different_sizes_goes_on_where_it_was() {
    let kafka = broker();
    kafka.create_topic("numbers", 5).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    let mut truth = Vec::new();
    // One partition is empty.
    for (partition, count) in [(0, 2_000), (1, 1), (2, 700), (4, 1_300)] {
        let first = i64::from(partition) * 10_000;
        writer.numbers("numbers", partition, first..first + count);
        truth.extend((0..count).map(|offset| {
            let file = format!("numbers/{partition}");
            (file, offset.unsigned_abs(), first + offset)
        }));
    }
    let source = || source(options(&kafka.brokers(), "numbers", &fresh_group()));
    SourceSuite::new(&source, &records, truth).rounds(12).run();
}

/// Offsets have gaps: marks of transactions, and what was aborted.
#[test]
fn of_transactions_only_what_was_committed_is_read() {
    let kafka = broker();
    kafka.create_topic("transactions", 2).expect("a topic");
    let writer = Writer::in_transactions(&kafka.brokers(), "writer");
    let mut truth = Vec::new();
    for round in 0..20_i64 {
        let numbers = round * 10..round * 10 + 10;
        writer.begin();
        for partition in 0..2 {
            writer.numbers("transactions", partition, numbers.clone());
        }
        // The last one is aborted: the topic ends with records that nobody may read.
        if round % 3 == 1 {
            writer.abort();
            continue;
        }
        writer.commit();
        for partition in 0..2 {
            truth.extend(numbers.clone().zip(0..).map(|(number, place)| {
                let offset = (round * 11 + place).unsigned_abs();
                (format!("transactions/{partition}"), offset, number)
            }));
        }
    }
    let source = || source(options(&kafka.brokers(), "transactions", &fresh_group()));
    SourceSuite::new(&source, &records, truth).rounds(6).run();
}
