//! However many read and however many write: messages of one key are written in the order in which they were read. Where as many write as
//! read nothing is exchanged for that.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::common::{command, kafka, put, running, topics};
use millstream_services::kafka::Kafka;
use serde_json::Value;

const RECORDS: u64 = 30_000;
const KEYS: u64 = 7;

/// Copies all that there is, as so many subtasks.
fn job(directory: &Path, kafka: &Kafka, (readers, writers): (u32, u32)) -> Command {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-p", &readers.to_string(), "ingest", "--job.name=order"])
        .args(kafka::copy(&kafka.brokers(), "order", ("in", "out")))
        .arg(format!("--stream.sink.parallelism={writers}"))
        // Many batches, so that each writer gets some of each partition.
        .args(["--source.kafka.max.poll.records=200"])
        .args(["--source.kafka.end=latest"]);
    job
}

#[test]
fn as_kafkas_own_consumer_sees_them() {
    let kafka = Kafka::start().expect("a broker");
    for (topic, partitions) in [("in", 2), ("out", 3)] {
        kafka.create_topic(topic, partitions).expect("a topic");
    }
    let records = (0..RECORDS).map(|id| ((id % KEYS).to_string(), topics::record(id)));
    kafka.produce_keyed("in", records).expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let said = running::run(job(directory.path(), &kafka, (2, 3)));
    assert_eq!(said.code, Some(0), "{}", said.err);

    let most = RECORDS as usize + 1;
    let read = topics::read(&kafka, "out", most, 10_000, &["print.key=true"]);
    let mut found: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in read.lines() {
        let Some((key, value)) = line.split_once('\t') else {
            continue;
        };
        let value: Value = serde_json::from_str(value).expect("JSON");
        let id = value.get("id").and_then(Value::as_u64).expect("a number");
        let key = key.parse().expect("a number");
        found.entry(key).or_default().push(id);
    }
    for key in 0..KEYS {
        let ids = found.remove(&key).unwrap_or_default();
        let truth: Vec<u64> = (key..RECORDS).step_by(KEYS as usize).collect();
        let differs = truth.iter().zip(&ids).position(|(one, other)| one != other);
        assert_eq!((ids.len(), differs), (truth.len(), None), "key {key}");
    }
}

/// How records get from one operator to the next in a job that writes files of text into Kafka by key.
fn ways(directory: &Path, readers: &str, writers: u32) -> Vec<String> {
    let mut info = command(directory);
    info.args(["info", "-p", readers, "--json", "ingest"])
        .args(["--job.name=order", "--source.type=csv", "--source.path=in"])
        .arg("--source.firstLine.schema=true")
        .args(kafka::sink("127.0.0.1:9", "out"))
        .args(["--sink.kafka.key=id"])
        .arg(format!("--stream.sink.parallelism={writers}"));
    let said = running::run(info);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let plan: Value = serde_json::from_str(&said.out).expect(&said.out);
    let nodes = plan.get("nodes").and_then(Value::as_array);
    let inputs = nodes.into_iter().flatten().filter_map(|node| {
        let inputs = node.get("predecessors")?.as_array()?;
        Some(inputs.iter())
    });
    let ways = inputs.flatten().filter_map(|input| {
        let way = input.get("ship_strategy")?.as_str()?;
        Some(way.to_owned())
    });
    ways.filter(|way| way != "FORWARD").collect()
}

#[test]
fn and_are_exchanged_by_key_only_where_they_are_exchanged_anyway() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    put(directory, "in/1.csv", "id,name\n1,Ann\n");
    for (readers, writers, expected) in [
        ("1", 1, ""),
        ("2", 2, ""),
        ("2", 1, "REBALANCE"),
        ("1", 2, "HASH"),
        ("3", 2, "HASH"),
    ] {
        let ways = ways(directory, readers, writers).join(", ");
        assert_eq!(ways, expected, "from {readers} to {writers}");
    }
}
