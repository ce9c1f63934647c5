//! What a source of Kafka is asked to do.

use std::collections::BTreeMap;
use std::time::Duration;

use arrow::datatypes::SchemaRef;
use millstream_core::options::FromOptionText;

use super::properties::Properties;
use crate::files_source::Format;

/// What a source of Kafka is asked to do.
#[derive(Debug, Clone)]
pub struct KafkaSourceOptions {
    /// Addresses of brokers, `host:port`, separated by commas.
    pub brokers: String,
    /// Which topics are read.
    pub topics: Topics,
    /// The consumer group whose offsets say where to begin, and to which offsets are committed behind checkpoints.
    pub group: String,
    /// Where a partition begins of which the group knows no offset.
    pub reset: Reset,
    /// Where reading ends.
    pub end: End,
    /// What happens when records are gone that were to be read.
    pub lost: Lost,
    /// Time between two looks for new partitions and topics; `None`: one look at the start of each attempt.
    pub discovery: Option<Duration>,
    /// What else the consumer is told.
    pub properties: Properties,
    /// What the value of a message is.
    pub format: ValueFormat,
    /// The columns; those named in [`ENVELOPE`](super::ENVELOPE) are taken from around the value.
    pub schema: SchemaRef,
    /// Whether records are kept as they came beside the rows that they become ([`Origin::raws`](crate::rows::Origin::raws)).
    pub keep_raw: bool,
}

impl KafkaSourceOptions {
    /// The same without a group: librdkafka has a broker look for a group's coordinator as soon as there is a consumer, and
    /// the first such question of a cluster makes a topic.
    pub(super) fn without_group(&self) -> Self {
        Self {
            group: String::new(),
            ..self.clone()
        }
    }
}

/// Which topics are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Topics {
    /// Those with these names.
    Names(Vec<String>),
    /// Those whose whole name matches a regular expression.
    Pattern(String),
}

/// What the value of a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueFormat {
    /// A JSON object, whose fields are the columns.
    Json,
    /// One record of delimited text, whose fields are the columns in their order.
    Csv(Format),
    /// Text, which is the column [`TEXT_COLUMN`](super::TEXT_COLUMN).
    Text,
}

/// Where a partition begins of which the group knows no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    /// At its oldest record.
    Earliest,
    /// Behind its newest record.
    Latest,
    /// Nowhere: the job fails.
    None,
    /// At the first record that is not older; in milliseconds since 1970. Behind the newest where there is none.
    Timestamp(i64),
}

/// Where reading ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nowhere.
    None,
    /// Behind what there is at the start.
    Latest,
    /// Before the first record that is not older, in milliseconds since 1970; behind what there is at the start where
    /// there is none.
    Timestamp(i64),
    /// Before these offsets, by partition. Partitions that are not named are not read.
    Offsets(BTreeMap<i32, i64>),
}

/// What happens when records are gone that were to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The job fails.
    Fail,
    /// It goes on with the oldest record that is there.
    Earliest,
    /// It goes on behind the newest.
    Latest,
}

fn timestamp(text: &str) -> Option<i64> {
    let digits = text.strip_prefix("timestamp:")?;
    digits.parse().ok().filter(|time| *time >= 0)
}

impl FromOptionText for Reset {
    const TYPE_NAME: &'static str =
        "one of earliest, latest, none, timestamp:<milliseconds since 1970>";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let plain = text.to_ascii_lowercase();
        Ok(match plain.as_str() {
            "earliest" => Self::Earliest,
            "latest" => Self::Latest,
            "none" => Self::None,
            other => Self::Timestamp(timestamp(other).ok_or_else(|| Self::TYPE_NAME.to_owned())?),
        })
    }
}

impl FromOptionText for End {
    const TYPE_NAME: &'static str =
        "one of none, latest, timestamp:<milliseconds since 1970>, offsets:<partition>=<offset>,…";

    fn from_option_text(text: &str) -> Result<Self, String> {
        let plain = text.to_ascii_lowercase();
        let end = match plain.as_str() {
            "none" => Some(Self::None),
            "latest" => Some(Self::Latest),
            other => match other.strip_prefix("offsets:") {
                Some(offsets) => offsets_of(offsets).map(Self::Offsets),
                None => timestamp(other).map(Self::Timestamp),
            },
        };
        end.ok_or_else(|| Self::TYPE_NAME.to_owned())
    }
}

/// `0=100,1=250`: each partition once.
fn offsets_of(text: &str) -> Option<BTreeMap<i32, i64>> {
    let mut offsets = BTreeMap::new();
    for pair in text.split(',') {
        let (partition, offset) = pair.trim().split_once('=')?;
        let partition: i32 = partition.trim().parse().ok()?;
        let offset: i64 = offset.trim().parse().ok()?;
        if partition < 0 || offset < 0 || offsets.insert(partition, offset).is_some() {
            return None;
        }
    }
    Some(offsets)
}

impl FromOptionText for Lost {
    const TYPE_NAME: &'static str = "one of fail, earliest, latest";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "fail" => Ok(Self::Fail),
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
