//! Dead letters that go to a topic: by the sink where it has the same brokers and properties, else by a sink of their own, whose
//! brokers and login are the sink's or the source's unless they are given.

use crate::common::load_line;
use millstream_connectors::kafka::{Called, KafkaSinkOptions, NewTopic};
use millstream_ingest::parameters::DeadLetters;

const FROM_FILES: &str = "--source.type csv --source.path /in";
const FROM_KAFKA: &str = "--source.type kafka --source.kafka.brokers from:9092 --source.kafka.topic in --group.id g \
     --source.kafka.security.protocol SASL_PLAINTEXT --source.kafka.sasl.mechanism PLAIN --source.kafka.fetch.min.bytes 7 \
     --source.kafka.sasl.jaas.config 'org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";'";
const TO_KAFKA: &str =
    "--sink.kafka.brokers to:9092 --sink.kafka.topic out --sink.kafka.linger.ms 5";
const TO_FILES: &str = "--sink.type file --sink.path /out";
const TOPIC: &str = "--error.policy dead-letter --error.dead-letter.topic bad";

fn place(parts: &[&str]) -> DeadLetters {
    let line = parts.join(" ");
    let loaded = load_line(&line).expect(&line);
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    let place = loaded.settings.errors.place().cloned();
    place.expect("dead letters")
}

fn own(parts: &[&str]) -> KafkaSinkOptions {
    match place(parts) {
        DeadLetters::Topic(options) => *options,
        other => unreachable!("{other:?}"),
    }
}

fn setting<'a>(options: &'a KafkaSinkOptions, name: &str) -> Option<&'a str> {
    let mut settings = options.properties.settings();
    settings
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

#[test]
fn by_the_sink_where_nothing_else_is_given() {
    for source in [FROM_FILES, FROM_KAFKA] {
        let expected = DeadLetters::WithOutput {
            topic: "bad".to_owned(),
            create: Some(NewTopic::default()),
        };
        let create = "--error.dead-letter.kafka.create true";
        assert_eq!(place(&[source, TO_KAFKA, TOPIC, create]), expected);
    }
}

#[test]
fn by_their_own_with_the_sinks_properties_and_those_that_are_given() {
    let more = "--error.dead-letter.kafka.compression.type zstd";
    let options = own(&[FROM_KAFKA, TO_KAFKA, TOPIC, more]);
    assert_eq!((&*options.brokers, &*options.topic), ("to:9092", "bad"));
    assert_eq!(options.called, Called::DeadLetters);
    assert_eq!(setting(&options, "linger.ms"), Some("5"));
    assert_eq!(setting(&options, "compression.type"), Some("zstd"));
    assert_eq!(setting(&options, "security.protocol"), None);
}

#[test]
fn by_their_own_with_the_sources_login() {
    let options = own(&[FROM_KAFKA, TO_FILES, TOPIC]);
    assert_eq!(options.brokers, "from:9092");
    assert_eq!(setting(&options, "sasl.username"), Some("u"));
    assert_eq!(setting(&options, "fetch.min.bytes"), None);
}

#[test]
fn by_their_own_with_brokers_of_their_own() {
    let more = "--error.dead-letter.kafka.brokers dead:9092";
    let options = own(&[FROM_KAFKA, TO_KAFKA, TOPIC, more]);
    assert_eq!(options.brokers, "dead:9092");
    assert_eq!(options.properties.settings().count(), 0);
}

#[test]
fn topics_that_the_job_reads_or_writes_are_refused() {
    for (topic, told) in [
        (
            "out",
            "error.dead-letter.topic and sink.kafka.topic are both out",
        ),
        (
            "in",
            "MS-8001: error.dead-letter.topic is in, which is in source.kafka.topic",
        ),
    ] {
        let brokers = "--error.dead-letter.kafka.brokers from:9092";
        let brokers = if topic == "in" { brokers } else { "" };
        let aside =
            format!("--error.policy dead-letter --error.dead-letter.topic {topic} {brokers}");
        let error = load_line(&[FROM_KAFKA, TO_KAFKA, &aside].join(" "));
        let error = error.expect_err(topic).to_string();
        assert!(error.contains(told), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn what_is_told_of_a_topic_that_there_is_not_has_no_effect() {
    let line = [
        FROM_FILES,
        TO_FILES,
        "--error.policy dead-letter --error.dead-letter.path /dead --error.dead-letter.kafka.create true",
    ];
    let loaded = load_line(&line.join(" ")).expect("complete");
    let told = "error.dead-letter.kafka.create (only with error.dead-letter.topic)";
    assert!(
        loaded.notes.iter().any(|note| note.contains(told)),
        "{:?}",
        loaded.notes
    );
}
