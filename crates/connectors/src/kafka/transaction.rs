//! A transaction that waits for its checkpoint: what a snapshot keeps of it, and how its outcome is proven.

use millstream_core::options::FromOptionText;
use serde::{Deserialize, Serialize};

/// One transaction that is flushed and waits for its checkpoint: what a snapshot keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The transactional id.
    pub id: String,
    /// The producer id that the coordinator gave.
    pub producer: i64,
    /// The epoch of that producer.
    pub epoch: i16,
    /// When it began, as the coordinator tells it: milliseconds since 1970. No other transaction of the id has the same.
    pub started: i64,
    /// The number of the checkpoint that it waits for. The marker inside it is the offset of this number.
    pub checkpoint: u64,
    /// The consumer group that holds the marker.
    pub group: String,
    /// The topic whose partition 0 the marker is about.
    pub topic: String,
    /// Where one of its records lies; `None`: it holds no record.
    pub record: Option<Place>,
    /// How many records it holds.
    pub records: u64,
}

/// Where a record lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// By what it is proven after a failure whether a transaction was committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Proof {
    /// By an offset that is committed inside the transaction, then as `Record`. Needs Read on the topic and on the group.
    #[default]
    Marker,
    /// By what the coordinator still knows, then by whether one of its records is readable. Needs Read on the topic.
    Record,
    /// By what the coordinator still knows alone. Needs no right besides those of writing; the outcome is unknown as
    /// soon as another producer has used the transactional id, or the coordinator has forgotten it.
    None,
}

impl FromOptionText for Proof {
    const TYPE_NAME: &'static str = "one of marker, record, none";

    fn from_option_text(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "marker" => Ok(Self::Marker),
            "record" => Ok(Self::Record),
            "none" => Ok(Self::None),
            _ => Err(Self::TYPE_NAME.to_owned()),
        }
    }
}

/// What the coordinator knows of a transactional id at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The producer id.
    pub producer: i64,
    /// Its epoch.
    pub epoch: i16,
    /// What became of its last transaction.
    pub state: State,
    /// When that transaction began, in milliseconds since 1970; -1 before the first one of a producer.
    pub started: i64,
    /// After how many milliseconds the broker aborts it.
    pub timeout: i32,
}

/// What became of the last transaction of a transactional id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A producer has been initialised and has not begun one.
    Empty,
    /// It is open.
    Ongoing,
    /// It is being committed, which nothing can stop any more.
    Committing,
    /// It was committed.
    Committed,
    /// It is being aborted, which nothing can stop any more.
    Aborting,
    /// It was aborted.
    Aborted,
    /// The id is being forgotten, or is in a state that is not known here.
    Other,
}
