//! A transaction may hold dead letters alone, and one of them is the proof of what became of it then: that their topic can't be read is
//! told at the start, as it is of the topic of the output.

use std::path::Path;

use crate::common::{ONCE, Said, ingest, put, running};
use millstream_services::kafka::{Kafka, PASSWORD, USER};

fn job(directory: &Path, login: &str) -> Said {
    let jaas = format!(
        "--sink.kafka.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
    );
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.kafka.brokers",
        login,
        "--sink.kafka.topic=to",
        "--sink.kafka.security.protocol=SASL_PLAINTEXT",
        "--sink.kafka.sasl.mechanism=PLAIN",
        &jaas,
        "--sink.kafka.proof=record",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
        "--error.policy=dead-letter",
        "--error.dead-letter.topic=bad",
    ];
    running::run(ingest(directory, &[], &parameters))
}

#[test]
fn as_the_topic_of_the_output_does() {
    let kafka = Kafka::start_guarded().expect("a broker");
    for topic in ["to", "bad"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n1\n2,too many\n");
    let topics = ["--topic", "to", "--topic", "bad"];
    kafka
        .allow(&["Describe", "Write"], &topics)
        .expect("allowed");
    kafka.allow(&["Read"], &["--topic", "to"]).expect("allowed");
    let ids = ["--transactional-id", "millstream-"];
    let ids = [&ids[..], &["--resource-pattern-type", "prefixed"]].concat();
    kafka.allow(&["Write"], &ids).expect("allowed");
    let login = kafka.addresses().expect("it is secured").login;

    let said = job(place.path(), &login);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for words in ["MS-7010", "no Read on topic bad"] {
        assert!(said.err.contains(words), "{words}: {}", said.err);
    }
    assert!(!said.err.contains("no Read on topic to"), "{}", said.err);

    kafka
        .allow(&["Read"], &["--topic", "bad"])
        .expect("allowed");
    let said = job(place.path(), &login);
    assert_eq!(said.code, Some(0), "{}", said.err);
}
