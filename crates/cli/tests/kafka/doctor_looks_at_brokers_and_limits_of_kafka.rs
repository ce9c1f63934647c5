//! `doctor ingest` looks at brokers, topics, offsets and limits of Kafka before a job is started, and changes nothing of
//! them.

use std::net::TcpListener;
use std::path::Path;

use crate::common::{command, running};
use millstream_services::kafka::{Kafka, Version};
use serde_json::Value;

/// The exit code and the findings.
fn doctor(directory: &Path, parameters: &[String]) -> (Option<i32>, Vec<Value>) {
    doctor_with(directory, &[], parameters)
}

/// The same with options of the engine.
fn doctor_with(
    directory: &Path,
    options: &[&str],
    parameters: &[String],
) -> (Option<i32>, Vec<Value>) {
    let mut doctor = command(directory);
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data"])
        .args(options)
        .arg("ingest")
        .args(["--job.name=copy", "--source.type=kafka", "--group.id=copy"])
        .args(parameters);
    let said = running::run(doctor);
    let findings = serde_json::from_str(&said.out).expect(&said.err);
    (said.code, findings)
}

fn of(brokers: &str, more: &[&str]) -> Vec<String> {
    let mut parameters = vec![
        format!("--source.kafka.brokers={brokers}"),
        format!("--sink.kafka.brokers={brokers}"),
    ];
    parameters.extend(more.iter().map(|more| (*more).to_owned()));
    parameters
}

#[track_caller]
fn expect(findings: &[Value], check: &str, status: &str, text: &str) {
    let is_so = |finding: &Value| {
        let detail = finding["detail"].as_str().unwrap_or_default();
        finding["check"] == check && finding["status"] == status && detail.contains(text)
    };
    assert!(findings.iter().any(is_so), "{check} {text}: {findings:#?}");
}

#[test]
fn of_a_broker_of_today() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("from", 2).expect("a topic");
    kafka.produce("from", ["1", "2", "3"]).expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let exactly = "--stream.checkpoint.mode=EXACTLY_ONCE";
    let begins = "--auto.offset.reset=earliest";

    let topics = [
        "--source.kafka.topic=from",
        "--sink.kafka.topic=to",
        exactly,
    ];
    let made = ["--sink.kafka.create=partitions=3", begins];
    let parameters = of(&kafka.brokers(), &[&topics[..], &made[..]].concat());
    let (code, findings) = doctor(directory.path(), &parameters);
    assert_eq!(code, Some(0), "{findings:#?}");
    expect(&findings, "source topic", "ok", "from, 2 partitions");
    expect(&findings, "source offsets", "ok", "3 records to be read");
    expect(&findings, "sink topic", "ok", "would be made: partitions 3");
    expect(
        &findings,
        "sink transactions",
        "ok",
        "transaction.version 2",
    );
    expect(&findings, "sink transactions", "ok", "900000 ms");
    // What a restart waits is what the strategy says that counts.
    let slow = [
        "-Drestart-strategy.type=failure-rate",
        "-Drestart-strategy.failure-rate.delay=20 min",
    ];
    let (code, findings) = doctor_with(directory.path(), &slow, &parameters);
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(&findings, "sink transactions", "failed", "1200000 ms");
    let listed = kafka.tool("TopicCommand", &["--list"], "").expect("topics");
    assert_eq!(listed.trim(), "from", "nothing was made");

    // Where nothing says where to begin, and what lacks or is too large.
    kafka.create_topic("small", 1).expect("a topic");
    small_messages(&kafka);
    let more = [
        "--source.kafka.topic=from,gone",
        "--sink.kafka.topic=small",
        "--sink.kafka.max.request.size=5000",
        "--sink.kafka.transaction.timeout.ms=9000000",
        exactly,
    ];
    let (code, findings) = doctor(directory.path(), &of(&kafka.brokers(), &more));
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(
        &findings,
        "source topic",
        "failed",
        "topic gone is not there",
    );
    expect(
        &findings,
        "sink limits",
        "warning",
        "5000 and max.message.bytes of the topic 2000",
    );
    expect(&findings, "sink transactions", "failed", "9000000");

    let more = [
        "--source.kafka.topic=from",
        "--sink.kafka.topic=no",
        "--auto.offset.reset=none",
    ];
    let (code, findings) = doctor(directory.path(), &of(&kafka.brokers(), &more));
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(
        &findings,
        "source offsets",
        "failed",
        "group copy has no offset",
    );
    expect(&findings, "sink topic", "failed", "topic no is not there");
    nobody_answers(directory.path());
}

fn small_messages(kafka: &Kafka) {
    let arguments = [
        "--alter",
        "--entity-type",
        "topics",
        "--entity-name",
        "small",
        "--add-config",
        "max.message.bytes=2000",
    ];
    kafka.configure(&arguments).expect("altered");
}

/// Where nothing listens, and where something else does.
fn nobody_answers(directory: &Path) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let topics = ["--source.kafka.topic=from", "--sink.kafka.topic=to"];
    let parameters = of(&format!("127.0.0.1:{port}"), &topics);
    let (code, findings) = doctor(directory, &parameters);
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(&findings, "source brokers", "failed", &port.to_string());
    expect(&findings, "sink brokers", "failed", "refused");
}

#[test]
fn of_an_older_one_and_who_may_not_log_in() {
    let kafka = Kafka::start_as(Version::V3_9, true).expect("a broker");
    for topic in ["from", "to"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let topics = [
        "--source.kafka.topic=from",
        "--sink.kafka.topic=to",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
    ];
    let (code, findings) = doctor(directory.path(), &of(&kafka.brokers(), &topics));
    assert_eq!(code, Some(0), "{findings:#?}");
    expect(&findings, "sink transactions", "warning", "KIP-890");

    let addresses = kafka.addresses().expect("it is secured");
    let mut login = topics.map(str::to_owned).to_vec();
    for end in ["source", "sink"] {
        login.push(format!("--{end}.kafka.security.protocol=SASL_PLAINTEXT"));
        login.push(format!("--{end}.kafka.sasl.mechanism=PLAIN"));
        login.push(format!(
            "--{end}.kafka.sasl.jaas.config=x.PlainLoginModule required username=\"alice\" password=\"guessed\";"
        ));
    }
    let login: Vec<&str> = login.iter().map(String::as_str).collect();
    let (code, findings) = doctor(directory.path(), &of(&addresses.login, &login));
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(
        &findings,
        "source brokers",
        "failed",
        "Authentication failed",
    );

    // A certificate that nobody trusts, and a listener that expects a login.
    let tls = ["source", "sink"].map(|end| format!("--{end}.kafka.security.protocol=SSL"));
    let tls: Vec<&str> = tls.iter().map(String::as_str).chain(topics).collect();
    let (_, findings) = doctor(directory.path(), &of(&addresses.tls, &tls));
    expect(&findings, "sink brokers", "failed", "not trusted");
    let (code, findings) = doctor(directory.path(), &of(&addresses.login, &topics));
    assert_eq!(code, Some(1), "{findings:#?}");
    expect(&findings, "source brokers", "failed", &addresses.login);
}
