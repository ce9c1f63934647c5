//! From a batch to what stands around the value of a message, and to the columns of the value.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};
use rdkafka::message::{Header, OwnedHeaders};
use serde::Deserialize;

use crate::formats::JsonRows;

/// The columns that are taken out of a batch and stand around the value.
pub const AROUND: [&str; 3] = [KEY, TIMESTAMP, HEADERS];

const KEY: &str = "__key";
const TIMESTAMP: &str = "__timestamp";
const HEADERS: &str = "__headers";

/// A batch, taken apart.
pub(super) struct Parts {
    /// The columns of the value.
    pub(super) value: RecordBatch,
    /// The columns of the key, if it has columns.
    key: Key,
    /// Milliseconds since 1970.
    timestamps: Option<Int64Array>,
    headers: Option<StringArray>,
}

enum Key {
    /// No message has one.
    None,
    /// Its bytes are those of the texts.
    Text(StringArray),
    /// Its bytes.
    Bytes(BinaryArray),
    /// It is the one column as it stands in JSON, without quotes.
    One(RecordBatch),
    /// It is a JSON object.
    Several(RecordBatch),
}

impl Parts {
    /// Takes a batch apart; `key` are the columns that make the key.
    ///
    /// # Errors
    /// There is no such column, or one can't be what its name says.
    pub(super) fn of(batch: &RecordBatch, key: &[String]) -> Result<Self> {
        let schema = batch.schema_ref();
        let named = |name: &str| batch.column_by_name(name);
        let is_value = |name: &String| !AROUND.contains(&name.as_str());
        let fields = schema.fields().iter().enumerate();
        let values: Vec<usize> = fields
            .filter(|(_, field)| is_value(field.name()))
            .map(|(place, _)| place)
            .collect();
        let key = if key.is_empty() {
            named(KEY).map_or(Ok(Key::None), single)?
        } else {
            chosen(batch, key)?
        };
        Ok(Self {
            value: project(batch, &values)?,
            key,
            timestamps: times_of(batch)?,
            headers: headers_in(batch)?,
        })
    }

    /// When the message of a row was made, in milliseconds since 1970.
    pub(super) fn timestamp(&self, row: usize) -> Option<i64> {
        let times = self.timestamps.as_ref()?;
        times.is_valid(row).then(|| times.value(row))
    }

    /// The headers of the message of a row.
    ///
    /// # Errors
    /// The text is no array of headers.
    pub(super) fn headers(&self, row: usize) -> Result<Option<OwnedHeaders>> {
        let texts = self.headers.as_ref().filter(|texts| texts.is_valid(row));
        texts.map_or(Ok(None), |texts| headers_of(texts.value(row)))
    }

    /// About how many bytes the headers of a row have.
    pub(super) fn headers_bytes(&self, row: usize) -> usize {
        let texts = self.headers.as_ref().filter(|texts| texts.is_valid(row));
        texts.map_or(0, |texts| texts.value(row).len())
    }

    /// What writes the keys.
    pub(super) fn keys(&self) -> Result<Keys<'_>> {
        Ok(match &self.key {
            Key::None => Keys::None,
            Key::Text(texts) => Keys::Text(texts),
            Key::Bytes(bytes) => Keys::Bytes(bytes),
            Key::One(batch) => Keys::One(batch, JsonRows::new(batch)?),
            Key::Several(batch) => Keys::Several(JsonRows::new(batch)?),
        })
    }
}

/// The keys of a batch.
pub(super) enum Keys<'a> {
    None,
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
    One(&'a RecordBatch, JsonRows<'a>),
    Several(JsonRows<'a>),
}

impl Keys<'_> {
    /// Puts the key of a row into `out`; whether there is one.
    pub(super) fn put(&mut self, row: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        match self {
            Keys::None => return false,
            Keys::Text(texts) if texts.is_null(row) => return false,
            Keys::Text(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
            Keys::Bytes(bytes) if bytes.is_null(row) => return false,
            Keys::Bytes(bytes) => out.extend_from_slice(bytes.value(row)),
            Keys::One(batch, rows) => {
                if batch.column(0).is_null(row) {
                    return false;
                }
                rows.append(row, out);
                unwrap(out);
            }
            Keys::Several(rows) => rows.append(row, out),
        }
        true
    }
}

/// `{"name":"value"}` becomes `value`. The name is as short as can be, and a value in quotes that is no text (a date, a
/// time) has no escapes.
fn unwrap(out: &mut Vec<u8>) {
    const BEGIN: &[u8] = b"{\"k\":";
    let inner = out
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(b"}"));
    let Some(inner) = inner else {
        return;
    };
    let bare = inner
        .strip_prefix(b"\"")
        .and_then(|rest| rest.strip_suffix(b"\""));
    *out = bare.unwrap_or(inner).to_vec();
}

/// When the message of each row was made, in milliseconds since 1970; `None`: no row says so.
///
/// # Errors
/// The column of that name holds no times.
pub(super) fn times_of(batch: &RecordBatch) -> Result<Option<Int64Array>> {
    let Some(array) = batch.column_by_name(TIMESTAMP) else {
        return Ok(None);
    };
    let millis = cast(array, &DataType::Timestamp(TimeUnit::Millisecond, None));
    let numbers = millis.and_then(|millis| cast(&millis, &DataType::Int64));
    let numbers = numbers.map_err(|error| unfit(TIMESTAMP, array, "a time").cause(error))?;
    Ok(Some(numbers.as_primitive::<Int64Type>().clone()))
}

/// The headers of the message of each row, as text; `None`: no row says so.
///
/// # Errors
/// The column of that name holds no texts.
pub(super) fn headers_in(batch: &RecordBatch) -> Result<Option<StringArray>> {
    let Some(array) = batch.column_by_name(HEADERS) else {
        return Ok(None);
    };
    let texts = cast(array, &DataType::Utf8)
        .map_err(|error| unfit(HEADERS, array, "a text").cause(error))?;
    Ok(Some(texts.as_string::<i32>().clone()))
}

fn chosen(batch: &RecordBatch, names: &[String]) -> Result<Key> {
    let schema = batch.schema_ref();
    let places = names.iter().map(|name| {
        schema.index_of(name).map_err(|_| {
            let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
            let message = format!(
                "sink.kafka.key names {name}, and the columns are {}",
                columns.join(", ")
            );
            Error::new(&codes::INGEST_PARAMETERS, message).next("name one of them")
        })
    });
    let places = places.collect::<Result<Vec<usize>>>()?;
    match places.as_slice() {
        [one] => single(batch.column(*one)),
        several => project(batch, several).map(Key::Several),
    }
}

/// The key where it is one column.
fn single(array: &ArrayRef) -> Result<Key> {
    let wrong = |error| unfit(KEY, array, "a key").cause(error);
    Ok(match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = cast(array, &DataType::Utf8).map_err(wrong)?;
            Key::Text(texts.as_string::<i32>().clone())
        }
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            let bytes = cast(array, &DataType::Binary).map_err(wrong)?;
            Key::Bytes(bytes.as_binary::<i32>().clone())
        }
        _ => {
            let batch = RecordBatch::try_from_iter_with_nullable([("k", array.clone(), true)]);
            Key::One(batch.map_err(wrong)?)
        }
    })
}

fn project(batch: &RecordBatch, places: &[usize]) -> Result<RecordBatch> {
    if places.len() == batch.num_columns() {
        return Ok(batch.clone());
    }
    batch.project(places).map_err(|error| {
        Error::new(
            &codes::INTERNAL,
            "the columns of a value can't be told apart",
        )
        .cause(error)
    })
}

fn unfit(name: &str, array: &ArrayRef, what: &str) -> Error {
    let message = format!(
        "column {name} of type {} can't be {what}",
        type_in_words(array.data_type())
    );
    Error::new(&codes::SINK_WRITE, message)
        .next("cast the column in the SQL, or give it another name")
}

/// A header, as the source writes it.
#[derive(Deserialize)]
struct Written {
    key: String,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    value_base64: Option<String>,
}

/// The name and the value of a header.
type Named = (String, Option<Vec<u8>>);

/// The headers that a text holds; why it holds none, if it is no array of headers.
pub(super) fn written_headers(text: &str) -> Result<Vec<Named>, String> {
    if matches!(text, "" | "[]") {
        return Ok(Vec::new());
    }
    let written: Vec<Written> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let named = written.into_iter().map(|header| {
        let bytes = match (header.value, header.value_base64) {
            (Some(text), _) => Some(text.into_bytes()),
            (None, Some(text)) => Some(STANDARD.decode(text).map_err(|error| error.to_string())?),
            (None, None) => None,
        };
        // librdkafka takes names as C's strings.
        if header.key.contains('\0') {
            return Err("a key with a character 0".to_owned());
        }
        Ok((header.key, bytes))
    });
    named.collect()
}

pub(super) fn headers_of(text: &str) -> Result<Option<OwnedHeaders>> {
    let written = written_headers(text).map_err(|cause| {
        let message = "column __headers holds what is no array of headers";
        Error::new(&codes::SINK_WRITE, message)
            .cause(cause)
            .next("write [{\"key\":\"a\",\"value\":\"1\"}], or give the column another name")
    })?;
    if written.is_empty() {
        return Ok(None);
    }
    let mut headers = OwnedHeaders::new_with_capacity(written.len());
    for (key, value) in &written {
        let value = value.as_ref();
        headers = headers.insert(Header { key, value });
    }
    Ok(Some(headers))
}

#[cfg(test)]
mod tests;
