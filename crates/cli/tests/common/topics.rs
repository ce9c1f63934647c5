//! Records that a test writes into a topic of Kafka at once, and what a consumer of Kafka's own sees of those that are committed.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::ops::Range;
use std::time::Duration;

use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The record of a number.
pub(crate) fn record(id: u64) -> String {
    format!("{{\"id\":{id}}}")
}

/// Writes the records of numbers, with the numbers as keys, and waits until the broker has them.
pub(crate) fn write(kafka: &Kafka, topic: &str, ids: Range<u64>) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    for id in ids {
        let (key, value) = (id.to_string(), record(id));
        let sent = producer.send(BaseRecord::to(topic).key(&key).payload(&value));
        sent.map_err(|(error, _)| error).expect("sent");
    }
    producer.flush(PATIENCE).expect("written");
}

/// Whether the topic holds the records of the numbers below `count`, committed, each once; and no transaction is open any more.
#[track_caller]
pub(crate) fn assert_each_once(kafka: &Kafka, topic: &str, count: u64) {
    let most = (count + 1).to_string();
    let arguments = ["--topic", topic, "--from-beginning", "--isolation-level"];
    let until = ["read_committed", "--timeout-ms", "10000", "--max-messages"];
    let arguments = [&arguments[..], &until, &[most.as_str()]].concat();
    let said = kafka.tool("consumer.ConsoleConsumer", &arguments, "");
    let said = said.expect("read");
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let mut found: Vec<&str> = lines.collect();
    found.sort_unstable();
    let mut truth: Vec<String> = (0..count).map(record).collect();
    truth.sort();
    let differs = truth
        .iter()
        .zip(&found)
        .find(|(right, found)| right != *found);
    assert_eq!((found.len(), differs), (truth.len(), None));
    let listed = kafka.tool("TransactionsCommand", &["list"], "");
    let listed = listed.expect("listed");
    assert!(listed.contains("millstream-"), "{listed}");
    for state in ["Ongoing", "Prepare"] {
        assert!(!listed.contains(state), "{listed}");
    }
}
