//! A message that is larger than the memory of the producer would never find room there: it is told with its size and with what to raise,
//! and not waited for. Those that fit go their way, however full the memory is.

#![cfg(feature = "kafka")]

use std::sync::Arc;

use crate::kafka_sink_support::{Driven, broker, fresh_topic, options, properties, rows};
use arrow::array::{ArrayRef, StringArray};
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions};
use millstream_connectors::rows::Rows;

fn text(length: usize) -> Rows {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(length)]));
    rows(vec![("t", column)])
}

#[test]
fn with_its_size() {
    let small = KafkaSinkOptions {
        properties: properties(&[("buffer.memory", "65536")]),
        ..options(&broker().brokers(), &fresh_topic())
    };
    let sink = KafkaSink::new(small.clone()).expect("a sink");
    assert_eq!(sink.largest_message(), (65_536, "sink.kafka.buffer.memory"));
    let mut driven = Driven::open(small).expect("a writer");
    let fitting = (0..50).map(|_| text(60_000)).collect();
    driven.deliver(fitting, 1).expect("delivered");
    let refused = driven.deliver(vec![text(70_000)], 2);
    let error = refused.expect_err("there is no room");
    assert_eq!(error.code(), "MS-7007", "{error}");
    for words in ["70008 bytes", "raise sink.kafka.buffer.memory"] {
        assert!(error.to_string().contains(words), "{error}");
    }
}
