//! A broker that makes each topic that somebody asks for, as Kafka does where nothing else is set, makes none for a job: a name that
//! is misspelled is refused, and what a job may make is made as it says.

#![cfg(feature = "kafka")]

use std::sync::{Arc, OnceLock};

use crate::kafka_sink_support::{TIMING, options};
use crate::kafka_support;
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::kafka::{Cluster, KafkaSink, KafkaSinkOptions, NewTopic, Session};
use millstream_core::{JobId, Lineage, Result};
use millstream_engine::connector::{Cancelled, CommitterContext, Sink};
use millstream_services::kafka::Kafka;

/// The broker that the tests share.
fn broker() -> &'static Kafka {
    static BROKER: OnceLock<Kafka> = OnceLock::new();
    BROKER.get_or_init(|| {
        let mut kafka = Kafka::start().expect("a broker of Kafka");
        kafka.restart_making_topics().expect("the same broker");
        kafka
    })
}

/// How many partitions a topic has; 0: there is none. What the broker was asked for before is made by then.
fn partitions(topic: &str) -> usize {
    let kafka = broker();
    let behind = format!("behind-{topic}");
    kafka.create_topic(&behind, 1).expect("a topic");
    let cluster = Cluster::new(&kafka.brokers(), []).expect("a cluster");
    let found = Session::asking(Arc::new(cluster)).topics(&[topic]);
    let found = found.expect("an answer");
    found.first().map_or(0, |found| found.partitions)
}

fn into(topic: &str, create: Option<NewTopic>) -> KafkaSinkOptions {
    KafkaSinkOptions {
        create,
        ..options(&broker().brokers(), topic)
    }
}

/// What comes before anything is written.
fn start(options: KafkaSinkOptions) -> Result<()> {
    let committer = CommitterContext {
        job: JobId::from_bytes([7; 16]),
        uid: "sink".to_owned(),
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        restored: None,
        cancelled: Cancelled::default(),
    };
    let sink = KafkaSink::new(options)?;
    sink.committer(committer)?.recover(&[], &[]).map(drop)
}

#[test]
fn a_sink_of_a_misspelled_topic_is_refused() {
    let said = start(into("misspelled", None)).expect_err("it is refused");
    let said = said.to_string();
    assert!(
        said.starts_with("MS-7006: topic misspelled is not there"),
        "{said}"
    );
    assert_eq!(partitions("misspelled"), 0);
}

#[test]
fn a_topic_has_the_partitions_that_the_job_asks_for() {
    let three = NewTopic {
        partitions: Some(3),
        replication: Some(1),
    };
    start(into("wanted", Some(three))).expect("it is made");
    assert_eq!(partitions("wanted"), 3);
}

#[test]
fn a_look_at_a_sink_changes_nothing() {
    let sink = KafkaSink::new(into("looked-at", None)).expect("a sink");
    let sink = sink.exactly_once(TIMING).expect("a sink");
    let findings = sink.inspect();
    assert!(!findings.is_empty());
    assert_eq!(partitions("looked-at"), 0);
}

#[test]
fn a_source_of_a_misspelled_topic_is_refused() {
    let described = kafka_support::options(&broker().brokers(), "misread", "misread");
    let job = SourceJob::default();
    let attempt = job.attempt(kafka_support::source(described).as_ref(), 1, None);
    let read = attempt.and_then(|mut attempt| attempt.read_until(|_| false).map(drop));
    let said = read.expect_err("it is refused").to_string();
    assert!(
        said.starts_with("MS-6012: topic misread is not there"),
        "{said}"
    );
    assert_eq!(partitions("misread"), 0);
}
