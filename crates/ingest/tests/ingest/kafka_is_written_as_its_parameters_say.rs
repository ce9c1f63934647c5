//! Parameters of Kafka as a sink: what they come to, and what is wrong with them.

use std::collections::BTreeMap;

use crate::common::load_line;
use millstream_connectors::kafka::{
    Called, KafkaSinkOptions, MessageFormat, NewTopic, Proof, Properties,
};
use millstream_ingest::parameters::{IngestSettings, SinkSettings};

const LEAST: &str =
    "--source.type csv --source.path /in --sink.kafka.brokers k:9092 --sink.kafka.topic out";

fn settings(line: &str) -> IngestSettings {
    load_line(line).expect("complete").settings
}

fn kafka(line: &str) -> KafkaSinkOptions {
    let kafka = match settings(line).sink {
        SinkSettings::Kafka(kafka) => Some(*kafka),
        SinkSettings::File(_) | SinkSettings::Elasticsearch(_) | SinkSettings::Print => None,
    };
    kafka.expect("a sink of Kafka")
}

fn properties(pairs: &[(&str, &str)]) -> Properties {
    let pairs = pairs.iter();
    let pairs: BTreeMap<String, String> = pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Properties::of_java_producer(&pairs).expect("they can be had")
}

#[test]
fn the_least_has_the_defaults_and_is_the_default_itself() {
    let expected = KafkaSinkOptions {
        brokers: "k:9092".to_owned(),
        topic: "out".to_owned(),
        properties: properties(&[]),
        format: MessageFormat::Json,
        key: Vec::new(),
        create: None,
        proof: Proof::Marker,
        called: Called::Sink,
    };
    assert_eq!(kafka(LEAST), expected);
    assert_eq!(kafka(&format!("{LEAST} --sink.type kafka")), expected);
    assert_eq!(settings(LEAST).sink_parallelism(4), 1);
}

#[test]
fn everything_given_is_taken() {
    let line = format!(
        "{LEAST} --sink.kafka.format csv --sink.kafka.key id,name --sink.kafka.create partitions=6,replication=3 \
         --sink.kafka.proof record --sink.kafka.request.timeout.ms 60000 --sink.kafka.compression.type zstd \
         --sink.kafka.batch.size 65536 --sink.kafka.send.buffer.bytes 262144 --sink.kafka.buffer.memory 67108864 \
         --stream.sink.parallelism 5"
    );
    let given = kafka(&line);
    assert_eq!(given.format, MessageFormat::Csv);
    assert_eq!(given.key, ["id", "name"]);
    let topic = NewTopic {
        partitions: Some(6),
        replication: Some(3),
    };
    assert_eq!((given.create, given.proof), (Some(topic), Proof::Record));
    let expected = properties(&[
        ("request.timeout.ms", "60000"),
        ("compression.type", "zstd"),
        ("batch.size", "65536"),
        ("send.buffer.bytes", "262144"),
        ("buffer.memory", "67108864"),
    ]);
    assert_eq!(given.properties, expected);
    assert_eq!(settings(&line).sink_parallelism(2), 5);
}

#[test]
fn what_is_wrong_is_told() {
    for (more, words) in [
        ("--sink.kafka.acks 1", "sink.kafka.acks can't be had"),
        ("--sink.kafka.version 0.9", "are not written"),
        ("--sink.kafka.create 6", "sink.kafka.create is `6`"),
        ("--sink.kafka.group.id x", "a property of consumers"),
    ] {
        let error = load_line(&format!("{LEAST} {more}"))
            .expect_err(more)
            .to_string();
        assert!(error.contains(words), "{error}");
    }
    let loaded = load_line(&format!("{LEAST} --sink.kafka.max.block.ms 5")).expect("complete");
    assert_eq!(
        loaded.notes,
        [
            "sink.kafka.max.block.ms has no effect: where the buffer is full the job reads more slowly"
        ]
    );
}

#[test]
fn what_no_topic_can_be_called_is_refused() {
    let line =
        "--source.type csv --source.path /in --sink.kafka.brokers k:9092 --sink.kafka.topic a/b";
    let said = load_line(line).expect_err("no broker has it").to_string();
    let expected = "sink.kafka.topic is `a/b`, which is no name of a topic";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_job_that_would_read_on_what_it_writes_is_refused() {
    let line = "--source.type kafka --group.id g --source.kafka.format text --source.kafka.brokers a:1,k:9092 \
                --sink.kafka.brokers k:9092 --sink.kafka.topic orders-clean";
    for read in [
        "--source.kafka.topic orders,orders-clean",
        "--source.kafka.topic.pattern orders.*",
    ] {
        let told = load_line(&format!("{line} {read}")).expect_err(read);
        let told = told.to_string();
        let expected = "the job would read what it writes, for ever";
        assert!(told.contains(expected), "{told}");
        load_line(&format!("{line} {read} --source.kafka.end latest")).expect("it ends");
    }
    let other = format!("{line} --source.kafka.topic.pattern orders");
    load_line(&other).expect("the pattern is of the whole name");
    let letters =
        format!("{other}.raw --error.policy dead-letter --error.dead-letter.topic orders-raw");
    let told = load_line(&letters).expect_err("the dot is any sign");
    let told = told.to_string();
    assert!(
        told.contains("source.kafka.topic.pattern: the job would read what it sets aside"),
        "{told}"
    );
}
