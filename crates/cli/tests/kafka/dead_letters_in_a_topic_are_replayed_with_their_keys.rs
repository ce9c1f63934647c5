//! Dead letters in a topic are listed, shown and replayed like those in files: a message goes once more through the job with its
//! key, in transactions, and what was replayed is marked by its offset.

use std::path::Path;

use crate::common::letters::committed;
use crate::common::{Said, command, millstream_in, running};
use millstream_services::kafka::Kafka;

fn run(directory: &Path, brokers: &str, topic: &str, schema: &str) {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-Dexecution.checkpointing.interval=100 ms", "ingest"])
        .args(["--job.name=orders", "--stream.checkpoint.mode=EXACTLY_ONCE"])
        .args(["--source.type=kafka", "--group.id=g"])
        .arg(format!("--source.kafka.topic={topic}"))
        .arg("--auto.offset.reset=earliest")
        .arg(format!("--source.kafka.brokers={brokers}"))
        .arg(format!("--sink.kafka.brokers={brokers}"))
        .args(["--sink.kafka.topic=out", "--source.kafka.end=latest"])
        .arg("--sink.kafka.create=partitions=2,replication=1")
        .arg(format!("--stream.sql.schema={schema}"))
        .args([
            "--error.policy=dead-letter",
            "--error.dead-letter.topic=bad",
        ])
        .arg("--error.dead-letter.kafka.create=partitions=2,replication=1");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn once() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["in", "none"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let records = [
        ("a", r#"{"id":1}"#),
        ("b", "none"),
        ("c", r#"{"id":"three"}"#),
    ];
    let records = records.map(|(key, value)| (key.to_owned(), value.to_owned()));
    kafka.produce_keyed("in", records).expect("records");
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    run(place.path(), &brokers, "in", "struct<id:BigInt>");
    // The job is mended.
    run(place.path(), &brokers, "none", "struct<id:String>");
    let ask = |arguments: &[&str]| -> Said {
        let all = [&["dead-letters", "-Dmillstream.data-dir=data"], arguments].concat();
        millstream_in(place.path(), &[], &all)
    };
    let listed = ask(&["list", "orders"]);
    assert_eq!(listed.code, Some(0), "{}", listed.err);
    assert!(
        listed
            .out
            .starts_with("Dead letters of orders in topic bad:\n"),
        "{}",
        listed.out
    );
    let shown = ask(&["show", "orders", "--code=value"]);
    let text =
        "in/0, offset 2: column `id`: `three` is not a BigInt\n    key c, {\"id\":\"three\"}\n";
    assert!(shown.out.ends_with(text), "{}", shown.out);
    let replayed = ask(&["replay", "orders"]);
    assert_eq!(
        (replayed.code, replayed.out.as_str()),
        (
            Some(0),
            "2 letters replayed: 1 went through, 1 failed again.\n"
        ),
        "{}",
        replayed.err
    );
    assert!(
        replayed.err.contains("2 read = 1 written + 1 bad"),
        "{}",
        replayed.err
    );
    let out = committed(&kafka, "out", 2);
    let found: Vec<(&str, &str)> = out
        .iter()
        .map(|message| (message.key.as_str(), message.value.as_str()))
        .collect();
    assert_eq!(found, [("c", r#"{"id":"three"}"#), ("a", r#"{"id":1}"#)]);
    // The one that is still bad was set aside again, with its place.
    let letters = committed(&kafka, "bad", 3);
    let still: Vec<_> = letters
        .iter()
        .filter(|letter| letter.value == "none")
        .collect();
    assert_eq!((letters.len(), still.len()), (3, 2), "{letters:#?}");
    for letter in still {
        assert_eq!(letter.key, "b");
        assert_eq!(letter.header("millstream.offset"), Some("1"));
        assert_eq!(letter.header("millstream.topic"), Some("in"));
    }
    let left = ask(&["replay", "orders", "--dry-run"]);
    assert_eq!(left.out, "1 letter would be replayed.\n");
    let left = ask(&["replay", "orders", "--dry-run", "--code=value"]);
    assert_eq!(left.out, "Nothing to replay.\n");
}
