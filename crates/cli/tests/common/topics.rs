//! Records that a test writes into a topic of Kafka at once, and what a consumer of Kafka's own sees of those that are committed.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::ops::Range;
use std::time::Duration;

use millstream_services::kafka::{Cluster, Kafka};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use super::{assert_lines, millstream};

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

/// What runs Kafka's own tools: a broker, or several.
pub(crate) trait Tools {
    /// For how many milliseconds a consumer waits for one record more before it ends.
    const SILENCE_MS: u32;
    /// What a tool prints.
    fn ask(&self, class: &str, arguments: &[&str]) -> String;
}

impl Tools for Kafka {
    const SILENCE_MS: u32 = 10_000;

    fn ask(&self, class: &str, arguments: &[&str]) -> String {
        self.tool(class, arguments, "").expect("an answer")
    }
}

impl Tools for Cluster {
    const SILENCE_MS: u32 = 15_000;

    fn ask(&self, class: &str, arguments: &[&str]) -> String {
        self.tool(class, arguments, "").expect("an answer")
    }
}

/// What Kafka's own consumer prints of the committed records of a topic, with the properties that are to be `shown`. It ends with
/// record number `most`, or when none has come for `silence_ms`.
#[track_caller]
pub(crate) fn read(
    kafka: &impl Tools,
    topic: &str,
    most: usize,
    silence_ms: u32,
    shown: &[&str],
) -> String {
    let (most, silence_ms) = (most.to_string(), silence_ms.to_string());
    let mut arguments = vec!["--topic", topic, "--from-beginning"];
    arguments.extend(["--isolation-level", "read_committed"]);
    arguments.extend(["--timeout-ms", silence_ms.as_str()]);
    arguments.extend(["--max-messages", most.as_str()]);
    arguments.extend(shown.iter().flat_map(|&shown| ["--property", shown]));
    kafka.ask("consumer.ConsoleConsumer", &arguments)
}

/// The committed records of a topic, which are JSON, in order of their text; more than `count` are waited for.
#[track_caller]
pub(crate) fn values<T: Tools>(kafka: &T, topic: &str, count: usize) -> Vec<String> {
    let said = read(kafka, topic, count + 1, T::SILENCE_MS, &[]);
    let records = said.lines().filter(|line| line.starts_with('{'));
    let mut records: Vec<String> = records.map(str::to_owned).collect();
    records.sort();
    records
}

/// Whether there were transactions of jobs, and none is open any more.
#[track_caller]
pub(crate) fn assert_none_open(kafka: &impl Tools) {
    let listed = kafka.ask("TransactionsCommand", &["list"]);
    assert!(listed.contains("millstream-"), "{listed}");
    for state in ["Ongoing", "Prepare"] {
        assert!(!listed.contains(state), "{listed}");
    }
}

/// Whether the topic holds the records of the numbers below `count`, committed, each once; and no transaction is open any more.
#[track_caller]
pub(crate) fn assert_each_once(kafka: &impl Tools, topic: &str, count: u64) {
    let found = values(kafka, topic, count as usize);
    assert_lines(&found, (0..count).map(record));
    assert_none_open(kafka);
}

/// How many transactions are open, as the command lists them.
#[track_caller]
pub(crate) fn open_transactions(kafka: &Kafka) -> usize {
    let brokers = kafka.brokers();
    let said = millstream(&["transactions", "--brokers", &brokers, "--json", "list"]);
    let listed: Vec<Value> = serde_json::from_str(&said.out).expect(&said.err);
    listed.len()
}
