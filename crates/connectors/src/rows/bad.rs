//! Records that could not become rows.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What kind of thing is wrong with a bad record. Names never change their meaning: they stand in dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// It has more or fewer fields than there are columns.
    Columns,
    /// Its quotes do not fit together.
    Quotes,
    /// It has bytes that are not of the charset.
    Charset,
    /// It has more bytes than a record may have.
    TooLong,
    /// It is no JSON object.
    Json,
    /// A field is no value of its column's type.
    Value,
    /// What stands around the value of a message can't be read.
    Message,
    /// The SQL has no answer for it.
    Sql,
    /// What becomes of it is too large for the sink.
    TooLarge,
    /// A value is not as a rule of its column says.
    Check,
    /// The sink's servers refuse what becomes of it.
    Refused,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Columns,
        Self::Quotes,
        Self::Charset,
        Self::TooLong,
        Self::Json,
        Self::Value,
        Self::Message,
        Self::Sql,
        Self::TooLarge,
        Self::Check,
        Self::Refused,
    ];

    /// Its name, as dead letters tell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Quotes => "quotes",
            Self::Charset => "charset",
            Self::TooLong => "too-long",
            Self::Json => "json",
            Self::Value => "value",
            Self::Message => "message",
            Self::Sql => "sql",
            Self::TooLarge => "too-large",
            Self::Check => "check",
            Self::Refused => "refused",
        }
    }
}

/// What a record was besides its value, where it was a message of Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The key, if there is one.
    pub key: Option<Vec<u8>>,
    /// Milliseconds since 1970, if it has a time.
    pub timestamp: Option<i64>,
    /// Its headers as JSON: `[{"key":…,"value":…},…]`.
    pub headers: String,
    /// Whether there is no value, which is another thing than an empty one.
    pub without_value: bool,
}

/// A record that can't be read as the format and schema say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRecord {
    /// The record's bytes without its line end, as they lie in the file (decompressed). Where the text
    /// had to be decoded before it could be cut (see [`Charset`](crate::files_source::Charset)): in
    /// UTF-8, malformed bytes replaced by U+FFFD.
    pub raw: Vec<u8>,
    /// How many bytes it has, where only its beginning was kept.
    pub cut: Option<u64>,
    /// The path of the file, or `topic/partition`.
    pub file: Arc<str>,
    /// The 1-based number of the record's first line, counting line ends inside quotes. `None` if the
    /// reader began in the middle of a file without having to pass over what lies before (only where
    /// quoting is off).
    pub line: Option<u64>,
    /// The offset of the record's first byte, counted as in [`Origin::offsets`](super::Origin::offsets).
    pub offset: u64,
    /// What it was besides its value, where it was a message of Kafka.
    pub enclosed: Option<Box<Enclosed>>,
    /// What kind of thing is wrong.
    pub reason: Reason,
    /// The column whose value does not fit, if it is one column's fault.
    pub column: Option<String>,
    /// What is wrong, in words.
    pub error: String,
}
