//! Dead letters in a topic, read by people's commands: all that is committed, once.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use millstream_core::{Error, Result, codes};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::client::{Client, Ears};
use super::headers::{readable, write_headers};
use super::sink::KafkaSinkOptions;
use super::wire::{Cluster, Session};
use crate::rows::letters::{Line, header};

/// How long one question waits.
const SLICE: Duration = Duration::from_millis(500);
/// As many slices nothing may come before it is given up.
const PATIENCE: u32 = 60;

/// Reads the dead letters of a topic from its first to its last that is committed. `visit` is given where each lies
/// (the partition, with the topic's id, and the offset) and what it is; it answers whether to go on.
///
/// # Errors
/// There is no such topic, no broker answers, or the user may not read it; and those of `visit`.
pub fn read_letters(
    options: &KafkaSinkOptions,
    visit: &mut dyn FnMut(&str, u64, Line) -> Result<bool>,
) -> Result<()> {
    let topic = options.topic.as_str();
    let cluster = Cluster::new(&options.brokers, options.properties.settings())?;
    let mut session = Session::asking(cluster.into());
    let found = session.topics(&[topic])?;
    let found = found.first().ok_or_else(|| {
        Error::new(&codes::SINK_TOPIC, format!("topic {topic} is not there")).next(
            "check error.dead-letter.topic of the job, and whether somebody has deleted the topic",
        )
    })?;
    // Another topic that is made later under the same name has other letters at the same offsets.
    let id = URL_SAFE_NO_PAD.encode(found.id);
    let consumer = consumer(options, found.partitions)?;
    let mut left: BTreeSet<i32> = (0..found.partitions)
        .filter_map(|n| n.try_into().ok())
        .collect();
    let mut vain = 0;
    while !left.is_empty() {
        match consumer.poll(SLICE) {
            Some(Ok(message)) => {
                vain = 0;
                let place = format!("kafka:{topic}@{id}/{}", message.partition());
                let offset = message.offset().unsigned_abs();
                if !visit(&place, offset, line_of(&message))? {
                    return Ok(());
                }
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => {
                vain = 0;
                left.remove(&partition);
            }
            Some(Err(error)) if is_final(&error) => return Err(unread(topic, &error.to_string())),
            Some(Err(error)) => {
                vain += 1;
                if vain > PATIENCE {
                    return Err(unread(topic, &error.to_string()));
                }
            }
            None => {
                vain += 1;
                if vain > PATIENCE {
                    let heard = consumer.context().trouble();
                    let heard = heard.map_or_else(String::new, |heard| format!(" ({heard})"));
                    return Err(unread(topic, &format!("nothing came for 30 s{heard}")));
                }
            }
        }
    }
    Ok(())
}

fn consumer(options: &KafkaSinkOptions, partitions: usize) -> Result<Client> {
    let mut config = ClientConfig::new();
    for (name, value) in options.properties.settings() {
        config.set(name, value);
    }
    config
        .set("bootstrap.servers", &options.brokers)
        .set("client.id", "millstream")
        // librdkafka wants one. Nothing is asked of it or committed to it, so no right on it is needed.
        .set("group.id", "millstream-dead-letters")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest")
        .set("check.crcs", "true")
        .set("isolation.level", "read_committed");
    // Who gets tokens where those are asked for.
    let made: std::result::Result<Client, KafkaError> = config.create_with_context(Ears::default());
    let consumer = made.map_err(|error| unread(&options.topic, &error.to_string()))?;
    let mut list = TopicPartitionList::new();
    for partition in (0..partitions).filter_map(|n| i32::try_from(n).ok()) {
        list.add_partition_offset(&options.topic, partition, Offset::Beginning)
            .map_err(|error| unread(&options.topic, &error.to_string()))?;
    }
    consumer
        .assign(&list)
        .map_err(|error| unread(&options.topic, &error.to_string()))?;
    Ok(consumer)
}

fn is_final(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::TopicAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Authentication
                | Code::UnknownTopicOrPartition
                | Code::UnknownTopic
                // Reading would go on behind what is damaged.
                | Code::BadMessage
                | Code::BadCompression
        )
    )
}

fn unread(topic: &str, why: &str) -> Error {
    Error::new(
        &codes::SOURCE_KAFKA,
        format!("dead letters can't be read from topic {topic}: {why}"),
    )
    .next("check the brokers, and that the user may read the topic")
}

fn line_of(message: &BorrowedMessage<'_>) -> Line {
    let mut line = Line::default();
    let mut others: Vec<(&str, Option<&[u8]>)> = Vec::new();
    let mut place = (None, None);
    // The names that are looked for are all text; others may have written to the topic, too.
    for (name, value) in message.headers().into_iter().flat_map(readable) {
        let text = value.map(|value| String::from_utf8_lossy(value).into_owned());
        let number = || text.as_deref().and_then(|text| text.parse::<u64>().ok());
        let time = || text.as_deref().and_then(|text| text.parse::<i64>().ok());
        match name {
            header::ERROR => line.error = text.unwrap_or_default(),
            header::CODE => line.code = text,
            header::COLUMN => line.column = text,
            header::JOB => line.job = text,
            header::TIME => line.time = time(),
            header::FILE => line.file = text.unwrap_or_default(),
            header::LINE => line.line = number(),
            header::OFFSET => line.offset = number().unwrap_or(0),
            header::TOPIC => place.0 = text,
            header::PARTITION => place.1 = text,
            header::TIMESTAMP => line.timestamp = time(),
            header::CUT => line.cut = number(),
            other if other.starts_with(header::BEGIN) => {}
            other => others.push((other, value)),
        }
    }
    line.set_raw(message.payload());
    if let (Some(topic), Some(partition)) = place {
        line.file = format!("{topic}/{partition}");
        line.message = true;
        line.set_key(message.key());
        let mut json = Vec::new();
        write_headers(others.into_iter(), &mut json);
        line.set_headers(&String::from_utf8_lossy(&json));
    }
    line
}
