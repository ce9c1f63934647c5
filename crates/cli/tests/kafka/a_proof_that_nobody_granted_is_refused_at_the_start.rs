//! What the proof of a transaction needs is looked at before the first is begun: a right that lacks is told in the words of `doctor`, with
//! what is lost without it, and not behind a failure.

use std::path::Path;

use crate::common::{ONCE, Said, ingest, put, running};
use millstream_services::kafka::{Kafka, PASSWORD, USER};

fn job(directory: &Path, kafka: &Kafka, proof: &str) -> Said {
    let login = kafka.addresses().expect("it is secured").login;
    let jaas = format!(
        "--sink.kafka.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
    );
    let proof = format!("--sink.kafka.proof={proof}");
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.kafka.brokers",
        &login,
        "--sink.kafka.topic=to",
        "--sink.kafka.security.protocol=SASL_PLAINTEXT",
        "--sink.kafka.sasl.mechanism=PLAIN",
        &jaas,
        &proof,
        "--stream.checkpoint.mode=EXACTLY_ONCE",
    ];
    running::run(ingest(directory, &[], &parameters))
}

#[track_caller]
fn is_refused(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    assert!(!said.err.contains(PASSWORD), "{}", said.err);
}

#[track_caller]
fn is_done(said: &Said) {
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn and_one_that_needs_less_is_not() {
    let kafka = Kafka::start_guarded().expect("a broker");
    kafka.create_topic("to", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n1\n2\n");
    let topic = ["--topic", "to"];
    let prefixed = ["--resource-pattern-type", "prefixed"];
    let ids = [["--transactional-id", "millstream-"], prefixed].concat();
    kafka
        .allow(&["Describe", "Write"], &topic)
        .expect("allowed");
    kafka.allow(&["Write"], &ids).expect("allowed");

    let lost = "then more outcomes stay unknown after a failure";
    let words = [
        "MS-7010",
        "no Read on topic to",
        "sink.kafka.proof none",
        lost,
    ];
    is_refused(&job(place.path(), &kafka, "record"), &words);
    let said = job(place.path(), &kafka, "none");
    is_done(&said);
    let warning = "with sink.kafka.proof none it is known";
    assert!(said.err.contains(warning), "{}", said.err);

    kafka.allow(&["Read"], &topic).expect("allowed");
    let groups = "no Read on the groups that begin with millstream-";
    let words = ["MS-7010", groups, "sink.kafka.proof record", lost];
    is_refused(&job(place.path(), &kafka, "marker"), &words);
    is_done(&job(place.path(), &kafka, "record"));
}
