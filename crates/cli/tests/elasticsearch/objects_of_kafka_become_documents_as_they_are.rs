//! Kafka into Elasticsearch without a schema: each object is the document as it is, with a version; its id is a field of it. What
//! has no id, or a field of the version's name, is a bad record, and changes of one document are merged in their order.

use std::path::Path;

use crate::common::documents::documents;
use crate::common::running::{self, Said};
use crate::common::{command, lines};
use millstream_services::elasticsearch::{Elasticsearch, Server};
use millstream_services::kafka::Kafka;
use serde_json::json;

fn run(
    directory: &Path,
    kafka: &Kafka,
    elastic: &Elasticsearch,
    topic: &str,
    more: &[&str],
) -> Said {
    let mut job = command(directory);
    job.args([
        "run",
        "--target",
        "local",
        "-Dmillstream.data-dir=data",
        "ingest",
    ])
    .args([
        "--job.name=job",
        "--source.type=kafka",
        "--source.kafka.end=latest",
    ])
    .arg(format!("--source.kafka.brokers={}", kafka.brokers()))
    .arg(format!("--source.kafka.topic={topic}"))
    // What another job of the group has read would not come again.
    .arg(format!("--group.id={topic} {}", more.len()))
    .args([
        "--auto.offset.reset=earliest",
        "--sink.type=es",
        "--sink.es.unique.column=id",
    ])
    .arg(format!("--sink.es.server={}", elastic.address()))
    .args(more);
    running::run(job)
}

#[test]
fn with_their_versions_and_what_is_wrong_with_others() {
    let kafka = Kafka::start().expect("a broker");
    let elastic = Elasticsearch::start(Server::Elasticsearch7).expect("a server");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();

    kafka.create_topic("orders", 1).expect("a topic");
    let records = [
        r#"{"id":1,"name":"n1","nested":{"a":[1.5,2.50],"id":7}} "#,
        r#"{"name":"n2","id":2}"#,
        r#"{"name":"no id"}"#,
        r#"{"id":null}"#,
        r#"{"id":[3]}"#,
        r#"{"id":4,"version":9}"#,
        r#"{ "id" : 5 }"#,
        r#"{"id":1,"name":"again"}"#,
    ];
    kafka.produce("orders", records).expect("records");
    let letters = [
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
        "--sink.es.version=3",
    ];
    // There is nobody who says that a field is a date.
    let dates = ["--sink.es.sync.type=full", "--sink.es.index=o-{id|yyyy}"];
    let refused = run(directory, &kafka, &elastic, "orders", &dates);
    assert!(
        refused
            .error()
            .contains("records without a schema have no dates"),
        "{}",
        refused.err
    );
    let full = ["--sink.es.sync.type=full", "--sink.es.index=orders"];
    let said = run(
        directory,
        &kafka,
        &elastic,
        "orders",
        &[&full[..], &letters].concat(),
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = documents(&elastic, "orders");
    let expected = [
        ("1", json!({"id": 1, "name": "again", "version": 3})),
        ("5", json!({"id": 5, "version": 3})),
        ("2", json!({"id": 2, "name": "n2", "version": 3})),
    ];
    let expected = expected.map(|(id, document)| (id.to_owned(), document));
    assert_eq!(found, expected.into_iter().collect(), "{}", said.err);
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), 4, "{dead:?}");
    for why in [
        "it is null, and makes the id",
        "it is an object or an array",
        "the version of the document",
    ] {
        assert!(
            dead.iter().any(|letter| letter.contains(why)),
            "{why}: {dead:?}"
        );
    }

    // Changes of one document that have other fields each: all of them are there, in their order.
    kafka.create_topic("changes", 1).expect("a topic");
    let changes = [
        r#"{"id":1,"a":1}"#,
        r#"{"id":1,"b":2}"#,
        r#"{"id":1,"a":3,"c":4}"#,
        r#"{"id":2,"a":5}"#,
    ];
    kafka.produce("changes", changes).expect("records");
    let merged = ["--sink.es.sync.type=incremental", "--sink.es.index=changes"];
    let said = run(directory, &kafka, &elastic, "changes", &merged);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = documents(&elastic, "changes");
    assert_eq!(
        found.get("1"),
        Some(&json!({"id": 1, "a": 3, "b": 2, "c": 4}))
    );
    assert_eq!(found.get("2"), Some(&json!({"id": 2, "a": 5})));
}
