//! The CSP operator's own job for deduplication, with another sink: without a schema records go on as they are, each key
//! once, whatever else they hold and wherever in them the key lies.

use crate::common::{command, lines, running};
use millstream_services::kafka::Kafka;

const RECORDS: [&str; 10] = [
    r#"{"id":1,"name":"a","x":[1, 2.50]}"#,
    r#"{"name":"a","id":"1","x":"the same, in another order"}"#,
    r#"{"id":1,"name":"b"}"#,
    r#"{"id":2,"name":"a","more":{"deep":{"key":7}}}"#,
    r#"{"id":3,"name":"a","more":{"deep":{"key":7}}}"#,
    r#"{"id":2,"name":"a"}"#,
    r#"{"id":5}"#,
    r#"{"id":5}"#,
    r#"{"id":5,"name":null}"#,
    r#"{"name":"a","id":3}"#,
];

fn written(kafka: &Kafka, keys: &str, more: &[&str]) -> Vec<String> {
    let place = tempfile::tempdir().expect("a directory");
    let mut command = command(place.path());
    command
        .args([
            "run",
            "--target",
            "local",
            "-Dmillstream.data-dir=data",
            "ingest",
        ])
        .args(["--source.type", "kafka_deduplication"])
        .args(["--source.kafka.brokers", &kafka.brokers()])
        .args([
            "--source.kafka.topic",
            "lyh-key2",
            "--auto.offset.reset",
            "earliest",
        ])
        // What another job of the group has read would not come again.
        .args(["--group.id", &format!("{keys} {}", more.len())])
        .args(["--unique.keys", keys])
        .args([
            "--source.kafka.end",
            "latest",
            "--sink.type",
            "file",
            "--sink.path",
            "out",
        ])
        .args(more);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines = lines(&place.path().join("out"));
    let left_out = RECORDS.len() - lines.len();
    let equation = format!(
        "10 read = {} written + {left_out} deduplicated",
        lines.len()
    );
    assert!(said.err.contains(&equation), "{equation}: {}", said.err);
    lines
}

/// The records with these numbers.
fn records(numbers: &[usize]) -> Vec<String> {
    let records = numbers.iter().filter_map(|number| RECORDS.get(*number));
    let mut records: Vec<String> = records.map(|record| (*record).to_owned()).collect();
    records.sort();
    records
}

#[test]
fn records_go_on_as_they_are() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("lyh-key2", 1).expect("a topic");
    kafka.produce("lyh-key2", RECORDS).expect("records");
    let without = written(&kafka, "id,name", &[]);
    assert_eq!(
        without,
        records(&[0, 2, 3, 4, 6, 7, 8]),
        "records without a key go on"
    );
    let value = written(&kafka, "id,name", &["--unique.null", "value"]);
    assert_eq!(value, records(&[0, 2, 3, 4, 6]), "null is a value");
    let deep = written(&kafka, "more.deep.key", &["--unique.null", "value"]);
    assert_eq!(deep, records(&[0, 3]), "a key within a record");
}
