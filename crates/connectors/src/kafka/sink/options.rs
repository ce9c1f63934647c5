//! What a sink of Kafka is asked to do.

use std::time::Duration;

use millstream_core::options::FromOptionText;

use crate::kafka::properties::Properties;
use crate::kafka::transaction::Proof;

/// What a sink of Kafka is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSinkOptions {
    /// Addresses of brokers, `host:port`, separated by commas.
    pub brokers: String,
    /// The topic that is written.
    pub topic: String,
    /// What else the producer is told.
    pub properties: Properties,
    /// What the value of a message is.
    pub format: MessageFormat,
    /// The columns that make the key; none: the column `__key`, where there is one.
    pub key: Vec<String>,
    /// How the topic is made where it is missing; `None`: it has to be there.
    pub create: Option<NewTopic>,
    /// By what the outcome of a transaction is proven after a failure, where output is exactly once.
    pub proof: Proof,
    /// By which parameters it is described, for messages.
    pub called: Called,
}

/// By which parameters a sink of Kafka is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    /// The sink of the job: `sink.kafka.topic` and `sink.kafka.*`.
    Sink,
    /// That of dead letters: `error.dead-letter.topic` and `error.dead-letter.kafka.*`.
    DeadLetters,
}

impl Called {
    /// What the names of properties begin with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Sink => "sink.kafka.",
            Self::DeadLetters => "error.dead-letter.kafka.",
        }
    }

    /// The parameter that names the topic.
    pub const fn topic(self) -> &'static str {
        match self {
            Self::Sink => "sink.kafka.topic",
            Self::DeadLetters => "error.dead-letter.topic",
        }
    }
}

/// How long a transaction is open, where output is exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Time between the starts of two checkpoints.
    pub interval: Duration,
    /// How long a checkpoint may take.
    pub timeout: Duration,
    /// Wait between a failure and the restart.
    pub restart: Duration,
}

/// What the value of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageFormat {
    /// A JSON object.
    Json,
    /// One record of CSV, without a header and an end of line.
    Csv,
    /// The one column, which is text. Null is a message without a value.
    Text,
}

impl MessageFormat {
    /// The format as it is given.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Text => "text",
        }
    }
}

/// How a topic is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NewTopic {
    /// How many partitions it gets; `None`: as the brokers like.
    pub partitions: Option<i32>,
    /// On how many brokers each lies; `None`: as the brokers like.
    pub replication: Option<i32>,
}

impl FromOptionText for MessageFormat {
    const TYPE_NAME: &'static str = "one of json, csv, text";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "csv" => Ok(Self::Csv),
            "text" => Ok(Self::Text),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

/// `None`: the topic is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Create(pub Option<NewTopic>);

impl FromOptionText for Create {
    const TYPE_NAME: &'static str = "false, true, or partitions=<number>,replication=<number>";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "false" => return Ok(Self(None)),
            "true" => return Ok(Self(Some(NewTopic::default()))),
            _ => {}
        }
        let wrong = || Self::TYPE_NAME.to_owned();
        let mut topic = NewTopic::default();
        for part in text.split(',') {
            let (name, number) = part.split_once('=').ok_or_else(wrong)?;
            let number: i32 = number.trim().parse().map_err(|_| wrong())?;
            // Replication is 16 bits wide in the protocol.
            if !(1..=i32::from(i16::MAX)).contains(&number) {
                return Err(wrong());
            }
            let place = match name.trim().to_ascii_lowercase().as_str() {
                "partitions" => &mut topic.partitions,
                "replication" => &mut topic.replication,
                _ => return Err(wrong()),
            };
            if place.replace(number).is_some() {
                return Err(wrong());
            }
        }
        Ok(Self(Some(topic)))
    }
}

#[cfg(test)]
mod tests;
