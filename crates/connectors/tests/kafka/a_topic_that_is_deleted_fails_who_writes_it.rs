//! A topic that somebody deletes while it is written is not waited for as a broker is that is away: who writes it fails, and says so.

#![cfg(feature = "kafka")]

use crate::kafka_sink_support::{Driven, broker, fresh_topic, numbers, options, properties};
use millstream_connectors::kafka::KafkaSinkOptions;

#[test]
fn with_its_name() {
    let topic = fresh_topic();
    let described = KafkaSinkOptions {
        // What is missing for so long is no topic that has just been made.
        properties: properties(&[("topic.metadata.propagation.max.ms", "1000")]),
        ..options(&broker().brokers(), &topic)
    };
    let mut driven = Driven::open(described).expect("a writer");
    driven.deliver(vec![numbers(&[1])], 1).expect("delivered");
    broker().delete_topic(&topic).expect("deleted");
    // What is taken before the broker has noticed is gone with the topic.
    let failed = (2_i64..1_000).find_map(|round| {
        let written = driven.deliver(vec![numbers(&[round])], round.unsigned_abs());
        written.err()
    });
    let error = failed.expect("it fails");
    assert_eq!(error.code(), "MS-7005", "{error}");
    let told = format!("topic {topic} is not there any more");
    assert!(error.to_string().contains(&told), "{error}");
}
