//! `millstream dead-letters` reads a topic as the user of the job, by PLAIN or by a token, and needs no more than Describe and Read
//! on that topic.

use std::path::Path;

use crate::common::{command, millstream_in, running};
use millstream_services::kafka::{Kafka, PASSWORD, USER, Version};

/// A job whose records are all bad, with these properties of the sink.
fn run(directory: &Path, brokers: &str, from: &str, properties: &[String]) {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=orders", "--source.type=kafka"])
        .args(["--source.kafka.topic=in", "--group.id=g"])
        .args(["--auto.offset.reset=earliest", "--source.kafka.end=latest"])
        .arg(format!("--source.kafka.brokers={from}"))
        .args(["--sink.type=kafka", "--sink.kafka.topic=out"])
        .arg(format!("--sink.kafka.brokers={brokers}"))
        .args(["--stream.sql.schema=struct<id:BigInt>"])
        .args([
            "--error.policy=dead-letter",
            "--error.dead-letter.topic=bad",
        ])
        .args(properties);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
}

fn is_listed(directory: &Path) {
    let list = [
        "dead-letters",
        "-Dmillstream.data-dir=data",
        "show",
        "orders",
    ];
    let said = millstream_in(directory, &[], &list);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("    none\n"), "{}{}", said.out, said.err);
}

fn topics(kafka: &Kafka) {
    for topic in ["in", "out", "bad"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    kafka.produce("in", ["none"]).expect("a record");
}

#[test]
fn without_a_right_on_any_group() {
    let kafka = Kafka::start_guarded().expect("a broker");
    topics(&kafka);
    for topic in ["out", "bad"] {
        kafka
            .allow(&["Describe", "Write"], &["--topic", topic])
            .expect("allowed");
    }
    kafka
        .allow(&["Read"], &["--topic", "bad"])
        .expect("allowed");
    let login = kafka.addresses().expect("it is secured").login;
    let jaas = format!(
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
    );
    let place = tempfile::tempdir().expect("a directory");
    let properties = [
        "--sink.kafka.security.protocol=SASL_PLAINTEXT".to_owned(),
        "--sink.kafka.sasl.mechanism=PLAIN".to_owned(),
        format!("--sink.kafka.sasl.jaas.config={jaas}"),
    ];
    run(place.path(), &login, &kafka.brokers(), &properties);
    is_listed(place.path());
}

#[test]
fn by_a_token() {
    let kafka = Kafka::start_as(Version::V4_1, true).expect("a broker");
    topics(&kafka);
    let login = kafka.addresses().expect("it is secured").login;
    let jaas = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"bob\";";
    let place = tempfile::tempdir().expect("a directory");
    let properties = [
        "--sink.kafka.security.protocol=SASL_PLAINTEXT".to_owned(),
        "--sink.kafka.sasl.mechanism=OAUTHBEARER".to_owned(),
        format!("--sink.kafka.sasl.jaas.config={jaas}"),
    ];
    run(place.path(), &login, &kafka.brokers(), &properties);
    is_listed(place.path());
}
