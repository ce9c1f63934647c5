//! Kafka as a sink: what was given, and what is missing or contradictory.

use std::collections::BTreeMap;

use millstream_connectors::kafka::{Called, End, KafkaSinkOptions, Properties};
use millstream_core::{Error, codes};

use super::choices::{KafkaVersion, SinkType};
use super::given::Given;
use super::{contradiction, kerberos, table, topics};

/// What is wrong with the parameters of a sink of Kafka, if that is where records go.
pub(super) fn of(given: &Given) -> Vec<Error> {
    if given.get(&table::SINK_TYPE) != Some(SinkType::Kafka) {
        return Vec::new();
    }
    let absent = |name: &str| given.origin(name).is_none();
    let mut problems = Vec::new();
    for (name, next) in [
        (
            table::SINK_BROKERS.name(),
            "give the addresses of some brokers: --sink.kafka.brokers <host:port>,…",
        ),
        (
            table::SINK_TOPIC.name(),
            "give the topic that is written: --sink.kafka.topic <topic>",
        ),
    ] {
        if absent(name) {
            let chosen = match absent(table::SINK_TYPE.name()) {
                true => "sink.type kafka, which is the default",
                false => "sink.type kafka",
            };
            let message = format!("{name} is not given, with {chosen}");
            problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
        }
    }
    problems.extend(topics::wrong(given, &table::SINK_TOPIC));
    problems.extend(properties(given).err());
    problems.extend(circle(given));
    if given.get(&table::SINK_VERSION) == Some(KafkaVersion::V09) {
        let message = "sink.kafka.version 0.9: brokers before 0.11 can't tell records that come twice, and are not written";
        problems.push(
            Error::new(&codes::INGEST_UNSUPPORTED, message)
                .next("leave it out for brokers of 0.11 or newer"),
        );
    }
    problems
}

/// A job that reads on what it writes, for ever.
fn circle(given: &Given) -> Option<Error> {
    let (topic, brokers) = (
        given.get(&table::SINK_TOPIC)?,
        given.get(&table::SINK_BROKERS)?,
    );
    let read_by = topics::read_by(given, &topic, &brokers)?;
    if given.get(&table::SOURCE_END)? != End::None {
        return None;
    }
    let message = format!(
        "sink.kafka.topic is {topic}, which is in {read_by}: the job would read what it writes, for ever"
    );
    let next = "write another topic, or read up to a place with --source.kafka.end";
    Some(contradiction(message, next))
}

/// What a sink of Kafka is asked to do; `None` where a value is missing or wrong.
pub(super) fn options(given: &Given) -> Option<KafkaSinkOptions> {
    Some(KafkaSinkOptions {
        brokers: given.get(&table::SINK_BROKERS)?,
        topic: given.get(&table::SINK_TOPIC)?,
        properties: properties(given).ok()?,
        format: given.get(&table::SINK_MESSAGE)?,
        key: given
            .get(&table::SINK_KEY)
            .map_or_else(Vec::new, |names| names.0),
        create: given.get(&table::SINK_CREATE)?.0,
        proof: given.get(&table::SINK_PROOF)?,
        called: Called::Sink,
    })
}

/// The producer's properties. Those that are parameters of their own have their defaults in the sink.
fn properties(given: &Given) -> millstream_core::Result<Properties> {
    Properties::of_java_producer(&all_properties(given))
}

/// The producer's properties by their names in Java.
pub(super) fn all_properties(given: &Given) -> BTreeMap<String, String> {
    let mut all = kerberos::properties(given, &table::SINK_NATIVE);
    let prefix = table::SINK_NATIVE.name().trim_end_matches('*');
    let mut add = |name: &str, value: Option<String>| {
        let is_given = given.origin(name).is_some();
        if let Some(value) = value.filter(|_| is_given) {
            all.insert(name.trim_start_matches(prefix).to_owned(), value);
        }
    };
    let timeout = given.get(&table::SINK_REQUEST_TIMEOUT);
    let timeout = timeout.map(|timeout| timeout.as_millis().to_string());
    add(table::SINK_REQUEST_TIMEOUT.name(), timeout);
    add(
        table::SINK_COMPRESSION.name(),
        given.get(&table::SINK_COMPRESSION),
    );
    all
}
