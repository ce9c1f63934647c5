//! A broker of the line before 4.0, whose transactions follow the older protocol.

#![cfg(feature = "kafka")]

use crate::kafka_support::{Writer, numbers, options, source};
use millstream_connectors::conformance::SourceJob;
use millstream_services::kafka::{Kafka, Version};

#[test]
fn with_what_was_committed_in_transactions() {
    let kafka = Kafka::start_as(Version::V3_9, false).expect("a broker");
    kafka.create_topic("older", 2).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("older", 0, 0..500);
    let writer = Writer::in_transactions(&kafka.brokers(), "writer");
    writer.begin();
    writer.numbers("older", 1, 500..600);
    writer.commit();
    writer.begin();
    writer.numbers("older", 1, 600..700);
    writer.abort();
    let job = SourceJob::default();
    let described = options(&kafka.brokers(), "older", "older");
    let mut attempt = job
        .attempt(source(described).as_ref(), 2, None)
        .expect("readers");
    let found = attempt.read_until(|_| false).expect("it ends");
    assert_eq!(numbers(found), Vec::from_iter(0..600));
    let taken = attempt.snapshot(&job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    drop(attempt);
    // The mark of the transaction that was aborted lies behind the last record.
    let told = kafka.committed("older", "older").expect("the group");
    assert_eq!(told.first(), Some(&(0, 500)));
}
