//! What a subtask reads ahead is bounded for all of its partitions together, however many there are.

#![cfg(feature = "kafka")]

use std::time::Duration;

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::rows::Parsed;
use millstream_engine::connector::Limit;

const TOPIC: &str = "many";
const PARTITIONS: u32 = 64;
/// Values of 512 KiB in each partition.
const VALUES: i64 = 4;
/// 16 MiB, and for each partition one piece more than fits in.
const MOST: f64 = ((16 + PARTITIONS) << 20) as f64;

/// What brokers have sent, in bytes.
fn received(attempt: &SourceAttempt<Parsed>) -> f64 {
    let gauges = attempt
        .progress
        .first()
        .map(|progress| progress.gauges.all());
    let mut gauges = gauges.into_iter().flatten();
    let name = "KafkaSourceReader.KafkaConsumer.incoming-byte-total";
    gauges
        .find(|(known, _)| known == name)
        .map_or(0.0, |(_, bytes)| bytes)
}

#[test]
fn whatever_lies_there() {
    let kafka = broker();
    kafka.create_topic(TOPIC, PARTITIONS).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    let filling = "x".repeat(512 << 10);
    for partition in 0..PARTITIONS {
        let partition = i32::try_from(partition).expect("small");
        let values = (0..VALUES).map(|number| {
            let number = i64::from(partition) * VALUES + number;
            format!("{{\"number\":{number},\"filling\":\"{filling}\"}}")
        });
        writer.texts(TOPIC, partition, values);
    }
    let job = SourceJob::default();
    let described = options(&kafka.brokers(), TOPIC, TOPIC);
    let source = source(described);
    let mut attempt = job.attempt(source.as_ref(), 1, None).expect("readers");
    // The job takes one record, and no more for now.
    let mut found = Vec::new();
    while found.is_empty() {
        attempt.announce().expect("brokers answer");
        let (records, _) = attempt.poll(0, Limit::records(1)).expect("it is read");
        found.extend(numbers(records));
        attempt.wait(Some(Duration::from_millis(20)));
    }
    // Up to where nothing more comes by itself.
    let (mut before, mut still) = (-1.0, 0);
    while still < 100 {
        attempt.wait(Some(Duration::from_millis(30)));
        let now = received(&attempt);
        still = if now == before && now > 0.0 {
            still + 1
        } else {
            0
        };
        before = now;
        let all = f64::from(PARTITIONS) * (VALUES << 19) as f64;
        assert!(MOST < all && before < MOST, "{before} bytes of {all}");
    }
    let rest = attempt.read_until(|_| false).expect("it ends");
    found.extend(numbers(rest));
    found.sort_unstable();
    assert_eq!(found, Vec::from_iter(0..i64::from(PARTITIONS) * VALUES));
}
