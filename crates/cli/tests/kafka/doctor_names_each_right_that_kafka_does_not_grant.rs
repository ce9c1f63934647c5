//! `doctor ingest` names each right that a user of Kafka lacks, with the command that grants it; and a job that is started all
//! the same says so, too.

use std::process::Command;

use crate::common::{Said, command, running, topics};
use millstream_services::kafka::{Kafka, PASSWORD, USER};
use serde_json::Value;

/// A job that copies a topic, as a user who logs in.
struct Copy {
    directory: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Copy {
    fn new(kafka: &Kafka) -> Self {
        let login = kafka.addresses().expect("it is secured").login;
        let jaas = format!(
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"{USER}\" password=\"{PASSWORD}\";"
        );
        let mut arguments: Vec<String> = [
            "--job.name=copy",
            "--source.type=kafka",
            "--source.kafka.topic=from",
            "--group.id=copy",
            "--auto.offset.reset=earliest",
            "--source.kafka.end=latest",
            "--sink.kafka.topic=to",
            "--stream.checkpoint.mode=EXACTLY_ONCE",
            "--job.retry.maxNumberRestartAttempts=0",
        ]
        .map(str::to_owned)
        .to_vec();
        for end in ["source", "sink"] {
            arguments.push(format!("--{end}.kafka.brokers={login}"));
            arguments.push(format!("--{end}.kafka.security.protocol=SASL_PLAINTEXT"));
            arguments.push(format!("--{end}.kafka.sasl.mechanism=PLAIN"));
            arguments.push(format!("--{end}.kafka.sasl.jaas.config={jaas}"));
        }
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            arguments,
        }
    }

    fn command(&self, before: &[&str], more: &[&str]) -> Command {
        let mut job = command(self.directory.path());
        job.args(before)
            .args(["-Dmillstream.data-dir=data", "ingest"])
            .args(&self.arguments)
            .args(more);
        job
    }

    /// What is wrong, and what is only a warning, as `check: detail; help`.
    fn doctor(&self) -> (Said, Vec<String>, Vec<String>) {
        let said = running::run(self.command(&["doctor", "--json"], &[]));
        let findings: Vec<Value> = serde_json::from_str(&said.out).expect(&said.err);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |status: &str| {
            let found = findings.iter().filter(|found| found["status"] == status);
            found
                .map(|found| {
                    let (check, detail) = (text(&found["check"]), text(&found["detail"]));
                    format!("{check}: {detail}; {}", text(&found["help"]))
                })
                .collect()
        };
        let (wrong, warnings) = (of("failed"), of("warning"));
        (said, wrong, warnings)
    }

    /// The last line of a run, which fails.
    fn fails(&self) -> String {
        let said = running::run(self.command(&["run", "--target", "local"], &[]));
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(!said.err.contains(PASSWORD), "{}", said.err);
        said.err
    }
}

#[track_caller]
fn has(lines: &[String], words: &[&str]) {
    let is_so = |line: &String| words.iter().all(|word| line.contains(word));
    assert!(lines.iter().any(is_so), "{words:?}: {lines:#?}");
}

#[track_caller]
fn tells(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn one_by_one() {
    let kafka = Kafka::start_guarded().expect("a broker");
    kafka.create_topic("from", 2).expect("a topic");
    kafka.create_topic("to", 2).expect("a topic");
    kafka
        .produce("from", ["{\"a\":1}", "{\"a\":2}"])
        .expect("records");
    let copy = Copy::new(&kafka);

    // Who may do nothing does not even see topics.
    let (said, wrong, _) = copy.doctor();
    assert_eq!(said.code, Some(1));
    has(
        &wrong,
        &["source topic", "from", "--operation Describe --topic from"],
    );
    has(
        &wrong,
        &[
            "sink topic",
            "to",
            "User:alice --operation Describe --topic to",
        ],
    );
    has(
        &wrong,
        &[
            "sink rights",
            "--operation Write --transactional-id millstream-",
        ],
    );
    has(
        &wrong,
        &["sink rights", "--operation Read --group millstream-"],
    );
    tells(&copy.fails(), &["MS-7010", "grant", "topic"]);

    let topics = ["--topic", "from", "--topic", "to"];
    kafka.allow(&["Describe"], &topics).expect("allowed");
    let (_, wrong, _) = copy.doctor();
    has(&wrong, &["source rights", "--operation Read --topic from"]);
    has(&wrong, &["source group", "--operation Read --group copy"]);
    has(&wrong, &["sink rights", "no Write on topic to"]);
    has(
        &wrong,
        &[
            "sink rights",
            "no Read on topic to",
            "sink.kafka.proof none",
        ],
    );

    let read = ["--topic", "from", "--group", "copy"];
    kafka.allow(&["Read"], &read).expect("allowed");
    let write = ["--topic", "to"];
    kafka.allow(&["Write"], &write).expect("allowed");
    tells(&copy.fails(), &["MS-7010", "grant", "transactional id"]);

    let ids = ["--transactional-id", "millstream-"];
    let prefixed = ["--resource-pattern-type", "prefixed"];
    let ids = [ids, prefixed].concat();
    kafka.allow(&["Write"], &ids).expect("allowed");
    let (_, wrong, _) = copy.doctor();
    assert_eq!(wrong.len(), 2, "{wrong:#?}");
    tells(&copy.fails(), &["MS-7010", "grant", "Read"]);

    kafka.allow(&["Read"], &write).expect("allowed");
    let groups = [["--group", "millstream-"], prefixed].concat();
    kafka.allow(&["Read"], &groups).expect("allowed");
    let (said, wrong, warnings) = copy.doctor();
    assert_eq!((said.code, wrong.len()), (Some(0), 0), "{wrong:#?}");
    // Nobody has granted to look at settings.
    has(
        &warnings,
        &["sink limits", "--operation DescribeConfigs --topic to"],
    );
    assert!(!said.out.contains(PASSWORD), "{}", said.out);

    let said = running::run(copy.command(&["run", "--target", "local"], &[]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    is_read(&kafka);
}

/// What was written is there.
fn is_read(kafka: &Kafka) {
    let read = topics::read(kafka, "to", 2, 30_000, &[]);
    assert_eq!(read.lines().count(), 2);
}
