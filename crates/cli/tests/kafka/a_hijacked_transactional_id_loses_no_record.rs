//! Another producer takes the transactional ids of a running job, which aborts what the job has written since its last
//! checkpoint. The job notices, begins anew from there, and every record is committed once.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{Running, assert_lines, ingest_named, kafka, millstream, running, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const RECORDS: u64 = 1_000;

fn job(directory: &Path, brokers: &str, more: &[&str], options: &[&str]) -> Command {
    // No checkpoint lies between a transaction and its thief, so that it is certain what is aborted.
    let options = [&["-p", "2"], options].concat();
    let mut command = ingest_named(directory, "hijacked", "4 min", &options);
    command
        .args(kafka::exactly_once(20))
        .arg("--stream.sink.parallelism=2")
        .args(kafka::copy(brokers, "hijacked", ("in", "out")))
        .args(more);
    command
}

/// The transactional ids of the job whose transactions are open.
fn open(brokers: &str) -> Vec<String> {
    let said = millstream(&[
        "transactions",
        "--brokers",
        brokers,
        "list",
        "millstream-",
        "--json",
    ]);
    let listed: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_default();
    let ids = listed.iter().filter_map(|row| row.get("id")?.as_str());
    ids.map(str::to_owned).collect()
}

fn hijack(brokers: &str, id: &str) {
    let thief: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", id)
        .create()
        .expect("a producer");
    thief.init_transactions(PATIENCE).expect("it is taken");
}

fn add(kafka: &Kafka, ids: std::ops::Range<u64>) {
    let records = ids.map(|id| (id.to_string(), topics::record(id)));
    kafka.produce_keyed("in", records).expect("records");
}

#[test]
fn as_it_begins_anew() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 2).expect("a topic");
    }
    add(&kafka, 0..RECORDS);
    let directory = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    let mut first = Running::start(job(directory.path(), &brokers, &[], &[]));
    let mut ids = Vec::new();
    first.await_that("open transactions of both subtasks", || {
        ids = open(&brokers);
        ids.len() >= 2
    });
    ids.iter().for_each(|id| hijack(&brokers, id));
    // It is noticed as records go on to be written.
    let mut written = RECORDS;
    while !first.said().contains("to RESTARTING") {
        assert!(written < 100 * RECORDS, "{}", first.said());
        add(&kafka, written..written + RECORDS);
        written += RECORDS;
    }
    first.await_that("open transactions again", || open(&brokers).len() >= 2);
    first.suspend();

    let end = ["--source.kafka.end=latest"];
    let last = running::run(job(directory.path(), &brokers, &end, &["-slatest"]));
    assert_eq!(last.code, Some(0), "{}", last.err);
    let found = topics::values(&kafka, "out", written as usize);
    assert_lines(&found, (0..written).map(topics::record));
    assert_eq!(open(&brokers), Vec::<String>::new());
}
