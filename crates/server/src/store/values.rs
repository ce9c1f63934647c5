//! How values stand in a row: ids as text, times as whole numbers, the rest as JSON.

use std::str::FromStr;

use millstream_core::Error;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A time or number as SQLite keeps it. The highest half, which none reaches, is cut off.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(cause)))
}

pub(super) fn id<T: FromStr<Err = Error>>(text: &str) -> rusqlite::Result<T> {
    text.parse()
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(cause)))
}
