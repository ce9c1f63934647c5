//! A dead letter as a line of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Letter;

/// The fields of a line, in their order. `raw` holds the record's bytes as text; bytes that are no UTF-8 stand in
/// `raw_base64` instead; a message without value has neither. `code`, and what follows `error`, is missing in lines of the first
/// version.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Line {
    /// The record as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The record, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw_base64: Option<String>,
    /// The file, or `topic/partition`.
    pub file: String,
    /// The 1-based line of the file, if it is known.
    #[serde(default)]
    pub line: Option<u64>,
    /// The offset: of a message, or in bytes.
    #[serde(default)]
    pub offset: u64,
    /// The column at fault, if it is one.
    #[serde(default)]
    pub column: Option<String>,
    /// What kind of thing is wrong: the name of a [`Reason`](crate::rows::Reason).
    #[serde(default)]
    pub code: Option<String>,
    /// What is wrong, in words.
    pub error: String,
    /// The key of a message, if it has one that is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The key of a message, if it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_base64: Option<String>,
    /// The time of a message, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<i64>,
    /// The headers of a message: `[{"key":…,"value":…},…]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<Box<RawValue>>,
    /// Whether the record was a message.
    #[serde(default, skip_serializing_if = "is_false")]
    pub message: bool,
    /// How many bytes the record has, where only its beginning was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<u64>,
    /// The name of the job.
    #[serde(default)]
    pub job: Option<String>,
    /// When it was set aside, in milliseconds since 1970.
    #[serde(default)]
    pub time: Option<i64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// Bytes as text, or in base64 where they are none.
fn texts(bytes: &[u8]) -> (Option<String>, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (Some(text.to_owned()), None),
        Err(_) => (None, Some(STANDARD.encode(bytes))),
    }
}

/// The bytes of a text or of base64; `None`: neither is there, or it is no base64.
fn bytes(text: Option<&String>, base64: Option<&String>) -> Option<Vec<u8>> {
    match (text, base64) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(base64)) => STANDARD.decode(base64).ok(),
        (None, None) => None,
    }
}

impl Line {
    /// The line of a dead letter of the job with this name.
    pub fn of(letter: &Letter, job: &str) -> Self {
        let bad = &letter.bad;
        let mut line = Self {
            file: bad.file.to_string(),
            line: bad.line,
            offset: bad.offset,
            column: bad.column.clone(),
            code: Some(bad.reason.name().to_owned()),
            error: bad.error.clone(),
            cut: bad.cut,
            job: Some(job.to_owned()),
            time: Some(letter.time),
            ..Self::default()
        };
        line.set_raw(Some(&bad.raw));
        if let Some(enclosed) = &bad.enclosed {
            if enclosed.without_value {
                line.set_raw(None);
            }
            line.message = true;
            line.timestamp = enclosed.timestamp;
            line.set_key(enclosed.key.as_deref());
            line.set_headers(&enclosed.headers);
        }
        line
    }

    /// Sets the record; `None`: a message without value.
    pub(crate) fn set_raw(&mut self, raw: Option<&[u8]>) {
        (self.raw, self.raw_base64) = raw.map_or((None, None), texts);
    }

    /// Sets the key.
    pub(crate) fn set_key(&mut self, key: Option<&[u8]>) {
        (self.key, self.key_base64) = key.map_or((None, None), texts);
    }

    /// Sets the headers, as JSON.
    pub(crate) fn set_headers(&mut self, json: &str) {
        let some = Some(json).filter(|json| !matches!(*json, "" | "[]"));
        self.headers = some.and_then(|json| RawValue::from_string(json.to_owned()).ok());
    }

    /// The record as it came; `None`: a message without value.
    pub fn record(&self) -> Option<Vec<u8>> {
        bytes(self.raw.as_ref(), self.raw_base64.as_ref())
    }

    /// The key of a message, if it has one.
    pub fn key(&self) -> Option<Vec<u8>> {
        bytes(self.key.as_ref(), self.key_base64.as_ref())
    }

    /// What kind of thing is wrong.
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or("unknown")
    }

    /// The line without its end.
    pub fn to_json(&self) -> String {
        // A struct of texts and numbers always has a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}
