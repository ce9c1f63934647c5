//! Where dead letters go: what was given, and what is missing or contradictory.

use std::collections::BTreeMap;

use millstream_connectors::kafka::{Called, KafkaSinkOptions, MessageFormat, Properties};
use millstream_core::{Error, codes};

use super::choices::{ErrorPolicy, SinkType, SourceType};
use super::given::Given;
use super::settings::DeadLetters;
use super::{contradiction, kafka_sink, kerberos, table, topics};

/// Properties of a consumer that say as whom it logs in, and are those of a producer, too.
const SECURITY: [&str; 3] = ["security.", "sasl.", "ssl."];

/// What is wrong with where dead letters go, if there are any.
pub(super) fn of(given: &Given) -> Vec<Error> {
    if !are_wanted(given) {
        return Vec::new();
    }
    let path = given.origin(table::DEAD_LETTER_PATH.name()).is_some();
    let topic = given.origin(table::DEAD_LETTER_TOPIC.name()).is_some();
    let mut problems = Vec::new();
    let mut miss = |message: &str, next: &str| {
        problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
    };
    match (path, topic) {
        (true, false) => {}
        (false, false) => miss(
            "error.dead-letter.path is not given, with error.policy dead-letter",
            "give the directory for bad records: --error.dead-letter.path <directory>, or a topic: --error.dead-letter.topic <topic>",
        ),
        (true, true) => problems.push(contradiction(
            "error.dead-letter.path and error.dead-letter.topic are both given".to_owned(),
            "give one of them only",
        )),
        (false, true) if whose(given).is_none() => miss(
            "error.dead-letter.topic is given without brokers, as neither the source nor the sink is Kafka",
            "give the addresses of some brokers: --error.dead-letter.kafka.brokers <host:port>,…",
        ),
        (false, true) => {
            problems.extend(topics::wrong(given, &table::DEAD_LETTER_TOPIC));
            problems.extend(properties(given).err());
            problems.extend(same_topic(given));
        }
    }
    problems
}

/// Whether bad records are written to files.
pub(super) fn are_files(given: &Given) -> bool {
    are_wanted(given) && given.origin(table::DEAD_LETTER_TOPIC.name()).is_none()
}

fn are_wanted(given: &Given) -> bool {
    given.get(&table::ERROR_POLICY) == Some(ErrorPolicy::DeadLetter)
}

/// Whose brokers have the topic.
enum Whose {
    Own,
    Sink,
    Source,
}

fn whose(given: &Given) -> Option<Whose> {
    let is_given = |name: &str| given.origin(name).is_some();
    let to_kafka = given.get(&table::SINK_TYPE) == Some(SinkType::Kafka);
    let from_kafka = given
        .get(&table::SOURCE_TYPE)
        .is_some_and(SourceType::is_kafka);
    if is_given(table::DEAD_LETTER_BROKERS.name()) {
        Some(Whose::Own)
    } else if to_kafka && is_given(table::SINK_BROKERS.name()) {
        Some(Whose::Sink)
    } else if from_kafka && is_given(table::SOURCE_BROKERS.name()) {
        Some(Whose::Source)
    } else {
        None
    }
}

/// The topic of dead letters must be no other topic of the job.
fn same_topic(given: &Given) -> Option<Error> {
    let topic = given.get(&table::DEAD_LETTER_TOPIC)?;
    let brokers = brokers(given)?;
    let to_kafka = given.get(&table::SINK_TYPE) == Some(SinkType::Kafka);
    let of_the_sink = given.get(&table::SINK_BROKERS);
    if to_kafka
        && given.get(&table::SINK_TOPIC).as_ref() == Some(&topic)
        && of_the_sink.is_some_and(|sink| topics::same_brokers(&sink, &brokers))
    {
        let message = format!("error.dead-letter.topic and sink.kafka.topic are both {topic}");
        return Some(contradiction(message, "give a topic of its own"));
    }
    let read_by = topics::read_by(given, &topic, &brokers)?;
    let message = format!(
        "error.dead-letter.topic is {topic}, which is in {read_by}: the job would read what it sets aside"
    );
    Some(contradiction(message, "give a topic of its own"))
}

fn brokers(given: &Given) -> Option<String> {
    match whose(given)? {
        Whose::Own => given.get(&table::DEAD_LETTER_BROKERS),
        Whose::Sink => given.get(&table::SINK_BROKERS),
        Whose::Source => given.get(&table::SOURCE_BROKERS),
    }
}

/// Where dead letters go that go to a topic; `None` where a value is missing or wrong.
pub(super) fn topic(given: &Given, topic: String) -> Option<DeadLetters> {
    let create = given.get(&table::DEAD_LETTER_CREATE)?.0;
    let own = given.under(&table::DEAD_LETTER_NATIVE);
    if matches!(whose(given)?, Whose::Sink) && own.is_empty() {
        return Some(DeadLetters::WithOutput { topic, create });
    }
    Some(DeadLetters::Topic(Box::new(KafkaSinkOptions {
        brokers: brokers(given)?,
        topic,
        properties: properties(given).ok()?,
        format: MessageFormat::Text,
        key: Vec::new(),
        create,
        proof: given.get(&table::SINK_PROOF)?,
        called: Called::DeadLetters,
    })))
}

/// The producer's properties: those that were given for dead letters, and what holds besides.
fn properties(given: &Given) -> millstream_core::Result<Properties> {
    let mut all: BTreeMap<String, String> = match whose(given) {
        Some(Whose::Sink) => kafka_sink::all_properties(given),
        Some(Whose::Source) => {
            let all = kerberos::properties(given, &table::SOURCE_NATIVE).into_iter();
            all.filter(|(name, _)| SECURITY.iter().any(|begin| name.starts_with(begin)))
                .collect()
        }
        Some(Whose::Own) | None => kerberos::properties(given, &table::DEAD_LETTER_NATIVE),
    };
    all.extend(given.under(&table::DEAD_LETTER_NATIVE));
    Properties::of_dead_letters(&all)
}
