//! `millstream infer` looks at a topic from its start, also where it holds messages without a value, whatever has been read of it before,
//! and prints a command that reads it.

use std::path::Path;
use std::time::Duration;

use crate::common::{command, lines, millstream_in, running};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

/// Two objects, and between them one that was deleted.
fn fill(kafka: &Kafka) {
    kafka.create_topic("typed", 1).expect("a topic");
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    let values = [
        Some(r#"{"id":1,"name":"Ann"}"#),
        None,
        Some(r#"{"id":2,"name":"Bob"}"#),
    ];
    for value in values {
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to("typed").key("k");
        record.payload = value;
        let sent = producer.send(record);
        sent.map_err(|(error, _)| error).expect("sent");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

fn infer(directory: &Path, kafka: &Kafka) -> Value {
    let brokers = format!("--source.kafka.brokers={}", kafka.brokers());
    let all = [
        "infer",
        "--json",
        "typed",
        &brokers,
        "--source.kafka.end=latest",
    ];
    let said = millstream_in(directory, &[], &all);
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

/// Runs the command that was printed for a group of its own; the rows that it writes.
fn run(directory: &Path, inferred: &Value) -> Vec<String> {
    let words = inferred["command"].as_array().expect("words").iter();
    let words: Vec<&str> = words.map(|word| word.as_str().expect("text")).collect();
    assert!(words.contains(&"--group.id=GROUP"), "{words:?}");
    let [first, second, third, rest @ ..] = words.as_slice() else {
        unreachable!("{words:?}")
    };
    assert_eq!([*first, *second, *third], ["millstream", "run", "ingest"]);
    let mut job = command(directory);
    job.args(["run", "--target", "local"])
        .args(["-Dmillstream.data-dir=data", "ingest"]);
    job.args(rest.iter().map(|word| match *word {
        "--group.id=GROUP" => "--group.id=own",
        "--sink.path=DIRECTORY" => "--sink.path=out",
        other => other,
    }));
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    lines(&directory.join("out"))
}

#[test]
fn whatever_has_been_read_of_it_before() {
    let kafka = Kafka::start().expect("a broker");
    fill(&kafka);
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let first = infer(directory, &kafka);
    assert_eq!(first["rows"], 3, "{first:#}");
    for (number, name, kind) in [(0_usize, "id", "Int"), (1, "name", "String")] {
        let column = &first["columns"][number];
        assert_eq!(column["name"], name, "{first:#}");
        assert_eq!(column["type"], kind, "{first:#}");
        assert_eq!(column["values"], 2, "{first:#}");
        assert_eq!(column["nulls"], 1, "{first:#}");
    }
    let groups = kafka.tool("consumer.group.ConsumerGroupCommand", &["--list"], "");
    assert_eq!(groups.expect("groups").trim(), "", "nothing is committed");

    let rows = [
        r#"{"id":1,"name":"Ann"}"#,
        r#"{"id":2,"name":"Bob"}"#,
        r#"{"id":null,"name":null}"#,
    ];
    assert_eq!(run(directory, &first), rows);
    let second = infer(directory, &kafka);
    for same in ["rows", "columns", "command"] {
        assert_eq!(second[same], first[same]);
    }
}

#[track_caller]
fn refused(brokers: &str, error: &str) {
    let place = tempfile::tempdir().expect("a directory");
    let brokers = format!("--source.kafka.brokers={brokers}");
    let said = millstream_in(place.path(), &[], &["infer", "none", &brokers]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(said.error().starts_with(error), "{}", said.err);
}

#[test]
fn a_topic_without_a_message_has_none_and_brokers_that_are_away_are_told() {
    refused("127.0.0.1:1", "MS-6012: topic none can't be looked at: ");
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("none", 1).expect("a topic");
    refused(
        &kafka.brokers(),
        "MS-6009: none has nothing to find types by: no row that can be read came within 15 s; ",
    );
}
