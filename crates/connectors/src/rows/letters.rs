//! Dead letters: bad records with when they were set aside.

mod line;

use serde::{Deserialize, Serialize};

use crate::rows::BadRecord;

pub use line::Line;

/// A bad record that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// The record.
    pub bad: BadRecord,
}

/// The names of the headers that a dead letter in a topic of Kafka has. They never change their meaning.
pub mod header {
    /// What all of them begin with.
    pub const BEGIN: &str = "millstream.";
    /// What is wrong, in words.
    pub const ERROR: &str = "millstream.error";
    /// What kind of thing is wrong: the name of a [`Reason`](crate::rows::Reason).
    pub const CODE: &str = "millstream.code";
    /// The column whose value does not fit, if it is one column's fault.
    pub const COLUMN: &str = "millstream.column";
    /// The name of the job.
    pub const JOB: &str = "millstream.job";
    /// The id of the job.
    pub const JOB_ID: &str = "millstream.job.id";
    /// When the record was set aside, in milliseconds since 1970.
    pub const TIME: &str = "millstream.time";
    /// The file that the record comes from.
    pub const FILE: &str = "millstream.file";
    /// The line of that file on which it begins, if it is known.
    pub const LINE: &str = "millstream.line";
    /// The topic that the record comes from.
    pub const TOPIC: &str = "millstream.topic";
    /// The partition of that topic.
    pub const PARTITION: &str = "millstream.partition";
    /// The offset in that partition, or in bytes in that file.
    pub const OFFSET: &str = "millstream.offset";
    /// The time that the record had as a message, in milliseconds since 1970.
    pub const TIMESTAMP: &str = "millstream.timestamp";
    /// How many bytes the record has, where only its beginning was kept.
    pub const CUT: &str = "millstream.cut";
}
