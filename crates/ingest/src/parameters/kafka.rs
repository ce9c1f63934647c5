//! What is missing or contradictory where records come from Kafka.

use millstream_connectors::kafka::{End, MessageFormat, Properties};
use millstream_core::{Error, codes};

use super::choices::{KafkaFormat, KafkaVersion, SinkFormat, SinkType, SourceType};
use super::given::Given;
use super::{contradiction, dead_letters, kerberos, resolve, table};

/// What is wrong with the parameters of a source of Kafka, if that is what records come from.
pub(super) fn of(given: &Given) -> Vec<Error> {
    if !given
        .get(&table::SOURCE_TYPE)
        .is_some_and(SourceType::is_kafka)
    {
        return Vec::new();
    }
    let mut problems = missing(given);
    problems.extend(contradictions(given));
    problems.extend(Properties::of_java(&kerberos::properties(given, &table::SOURCE_NATIVE)).err());
    if given.get(&table::SOURCE_VERSION) == Some(KafkaVersion::V09) {
        let message = "source.kafka.version 0.9: brokers before 0.10 can't tell what they can do, and are not read";
        problems.push(
            Error::new(&codes::INGEST_UNSUPPORTED, message)
                .next("leave it out for brokers of 0.10 or newer"),
        );
    }
    problems
}

fn missing(given: &Given) -> Vec<Error> {
    let absent = |name: &str| given.origin(name).is_none();
    let mut problems = Vec::new();
    let mut miss = |message: &str, next: &str| {
        problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
    };
    if absent(table::SOURCE_BROKERS.name()) {
        miss(
            "source.kafka.brokers is not given, with source.type kafka",
            "give the addresses of some brokers: --source.kafka.brokers <host:port>,…",
        );
    }
    if absent(table::SOURCE_TOPIC.name()) && absent(table::SOURCE_TOPIC_PATTERN.name()) {
        miss(
            "source.kafka.topic is not given, with source.type kafka",
            "give the topics that are read: --source.kafka.topic <topic>,…",
        );
    }
    if absent(table::GROUP_ID.name()) {
        miss(
            "group.id is not given, with source.type kafka",
            "give the consumer group: --group.id <group>",
        );
    }
    if let Some(what) = needs_columns(given) {
        miss(
            &format!(
                "there is no schema, with source.type kafka and {what}: it is not known what columns there are"
            ),
            "give --stream.sql.schema.json '{\"column\": \"type\", …}', or --source.kafka.format text",
        );
    }
    problems
}

/// What asks for columns where records go on with the fields that they have.
fn needs_columns(given: &Given) -> Option<String> {
    let has_columns = given.get(&table::SOURCE_FORMAT) == Some(KafkaFormat::Text)
        || resolve::sql_is_on(given)
        || resolve::schema(given).is_some();
    if has_columns {
        return None;
    }
    if given.get(&table::MERGE_ENABLE) == Some(true) {
        return Some(format!("{} true", table::MERGE_ENABLE.name()));
    }
    let to_kafka = given.get(&table::SINK_TYPE) == Some(SinkType::Kafka);
    if to_kafka && given.get(&table::SINK_MESSAGE) == Some(MessageFormat::Csv) {
        return Some(format!("{} csv", table::SINK_MESSAGE.name()));
    }
    let format = given.get(&table::SINK_FORMAT)?;
    let to_file = given.get(&table::SINK_TYPE) == Some(SinkType::File);
    if to_file && given.origin(table::SINK_PARTITION_COLUMNS.name()).is_some() {
        return Some(table::SINK_PARTITION_COLUMNS.name().to_owned());
    }
    (to_file && format != SinkFormat::Json)
        .then(|| format!("{} {}", table::SINK_FORMAT.name(), format.name()))
}

fn contradictions(given: &Given) -> Vec<Error> {
    let is_given = |name: &str| given.origin(name).is_some();
    let mut problems = Vec::new();
    if is_given(table::SOURCE_TOPIC.name()) && is_given(table::SOURCE_TOPIC_PATTERN.name()) {
        problems.push(contradiction(
            "source.kafka.topic and source.kafka.topic.pattern are both given".to_owned(),
            "give one of them only",
        ));
    }
    let interval = given.get(&table::PARTITION_DISCOVERY);
    let interval = interval.and_then(|interval| interval.0);
    let name = table::PARTITION_DISCOVERY.name();
    let ends = given
        .get(&table::SOURCE_END)
        .is_some_and(|end| end != End::None);
    if ends && interval.is_some() {
        let message = format!(
            "source.kafka.end is not none, so that partitions are looked for once, and {name} is given"
        );
        problems.push(contradiction(message, "give one of them only"));
    }
    if !ends && given.get(&table::CHECKPOINT_ENABLE) == Some(false) {
        let file = given.get(&table::SINK_TYPE) == Some(SinkType::File);
        let letters = dead_letters::are_files(given);
        let written = [
            (file, "sink.type file"),
            (letters, "error.policy dead-letter"),
        ];
        if let Some((_, what)) = written.into_iter().find(|(is_so, _)| *is_so) {
            let message = format!(
                "stream.checkpoint.enable is false, source.kafka.end none and {what}: files become visible at \
                 checkpoints, so none ever would"
            );
            let next = "leave checkpoints on, or give --source.kafka.end latest";
            problems.push(contradiction(message, next));
        }
    }
    problems
}
