//! From rows to messages, one by one, from wherever the producer was full.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::compute::{cast, max, min};
use arrow::datatypes::DataType;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};

use super::account::Account;
use super::envelope::{Parts, headers_in, times_of, written_headers};
use super::options::{KafkaSinkOptions, MessageFormat};
use super::period::Period;
use super::producer::{Outgoing, Producer, send};
use crate::formats::{CsvRows, JsonRows};
use crate::rows::{Rows, json_texts};

/// Makes messages of records of type `T`, each of which is several.
pub(super) trait Encode<T>: Send {
    /// How many messages a record is.
    fn messages(&self, record: &T) -> usize;

    /// Gives the messages of a record from number `first` on to a producer, all or up to where it is full.
    ///
    /// # Errors
    /// It can't be messages, or the producer does not take them.
    fn give(&mut self, record: &T, first: usize, to: To<'_>) -> Result<Given>;
}

/// Who takes messages.
#[derive(Clone, Copy)]
pub(super) struct To<'a> {
    pub(super) side: usize,
    pub(super) producer: &'a Producer,
    pub(super) account: &'a Account,
}

impl To<'_> {
    /// Gives one message; `false`: the producer is full.
    pub(super) fn send(self, message: Outgoing<'_>) -> Result<bool> {
        send(self.producer, self.account, message)
    }
}

/// Makes messages of rows.
pub(super) struct Encoder {
    options: Arc<KafkaSinkOptions>,
    value: Vec<u8>,
    key: Vec<u8>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Given {
    /// The message that is the next.
    pub(super) next: usize,
    /// How many of those that were given are output of the job; dead letters are not.
    pub(super) counted: u64,
    /// The producer is full.
    pub(super) full: bool,
}

impl Encoder {
    pub(super) fn new(options: Arc<KafkaSinkOptions>) -> Self {
        Self {
            options,
            value: Vec::new(),
            key: Vec::new(),
        }
    }
}

impl Encode<Rows> for Encoder {
    fn messages(&self, rows: &Rows) -> usize {
        rows.len()
    }

    fn give(&mut self, rows: &Rows, first: usize, to: To<'_>) -> Result<Given> {
        let batch = &rows.batch;
        let options = Arc::clone(&self.options);
        let parts = Parts::of(batch, &options.key)?;
        let mut keys = parts.keys()?;
        let mut values = Values::of(options.format, &parts.value)?;
        for row in first..batch.num_rows() {
            let is_there = values.put(row, &mut self.value);
            let has_key = keys.put(row, &mut self.key);
            let message = Outgoing {
                topic: &options.topic,
                key: has_key.then_some(self.key.as_slice()),
                value: is_there.then_some(self.value.as_slice()),
                timestamp: parts.timestamp(row),
                headers: parts.headers(row)?,
                side: to.side,
            };
            if !to.send(message)? {
                return Ok(Given {
                    next: row,
                    counted: (row - first) as u64,
                    full: true,
                });
            }
        }
        Ok(Given {
            next: batch.num_rows(),
            counted: batch.num_rows().saturating_sub(first) as u64,
            full: false,
        })
    }
}

/// The values of a batch.
enum Values<'a> {
    /// Rows that are records already may be none.
    Json(JsonRows<'a>, Option<&'a StringArray>),
    Csv(CsvRows<'a>),
    Text(StringArray),
}

impl<'a> Values<'a> {
    fn of(format: MessageFormat, batch: &'a RecordBatch) -> Result<Self> {
        Ok(match format {
            MessageFormat::Json => Self::Json(JsonRows::new(batch)?, json_texts(batch)),
            MessageFormat::Csv => Self::Csv(CsvRows::new(batch)?),
            MessageFormat::Text => Self::Text(only_text(batch)?),
        })
    }

    /// Puts the value of a row into `out`; whether there is one.
    fn put(&mut self, row: usize, out: &mut Vec<u8>) -> bool {
        out.clear();
        match self {
            Self::Json(_, Some(texts)) if texts.is_null(row) => return false,
            Self::Json(rows, _) => rows.append(row, out),
            Self::Csv(rows) => rows.append(row, out),
            Self::Text(texts) if texts.is_null(row) => return false,
            Self::Text(texts) => out.extend_from_slice(texts.value(row).as_bytes()),
        }
        true
    }
}

/// The one column of a value that is text.
fn only_text(batch: &RecordBatch) -> Result<StringArray> {
    let is_text = |kind: &DataType| {
        matches!(
            kind,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    };
    if let [column] = batch.columns()
        && is_text(column.data_type())
        && let Ok(texts) = cast(column, &DataType::Utf8)
    {
        return Ok(texts.as_string::<i32>().clone());
    }
    let fields = batch.schema_ref().fields().iter();
    let columns: Vec<String> = fields
        .map(|field| format!("{} {}", field.name(), type_in_words(field.data_type())))
        .collect();
    let message = format!(
        "sink.kafka.format is text, and the columns are {}",
        columns.join(", ")
    );
    Err(Error::new(&codes::SINK_WRITE, message)
        .next("select one column of text besides those around the value, or give json or csv"))
}

/// Writes rows as messages into nowhere, to see whether they can be any.
///
/// # Errors
/// They can't.
pub(super) fn try_rows(options: &KafkaSinkOptions, batch: &RecordBatch) -> Result<()> {
    let parts = Parts::of(batch, &options.key)?;
    let mut keys = parts.keys()?;
    let mut values = Values::of(options.format, &parts.value)?;
    let mut out = Vec::new();
    for row in 0..batch.num_rows() {
        values.put(row, &mut out);
        keys.put(row, &mut out);
    }
    Ok(())
}

/// Hands the key of the message of each row to `each`, in their order; `None`: it has none.
///
/// # Errors
/// A row can't be a message.
pub(super) fn each_key(
    options: &KafkaSinkOptions,
    batch: &RecordBatch,
    mut each: impl FnMut(Option<&[u8]>),
) -> Result<()> {
    let parts = Parts::of(batch, &options.key)?;
    let mut keys = parts.keys()?;
    let mut key = Vec::new();
    for row in 0..batch.num_rows() {
        let has_key = keys.put(row, &mut key);
        each(has_key.then_some(key.as_slice()));
    }
    Ok(())
}

/// How many bytes the message of each row has: value, key and headers.
///
/// # Errors
/// A row can't be a message.
pub(super) fn sizes(options: &KafkaSinkOptions, batch: &RecordBatch) -> Result<Vec<usize>> {
    let parts = Parts::of(batch, &options.key)?;
    let mut keys = parts.keys()?;
    let mut values = Values::of(options.format, &parts.value)?;
    let mut out = Vec::new();
    let sizes = (0..batch.num_rows()).map(|row| {
        values.put(row, &mut out);
        let value = out.len();
        keys.put(row, &mut out);
        value + out.len() + parts.headers_bytes(row)
    });
    Ok(sizes.collect())
}

/// The rows whose column of headers holds what is no array of headers, and why.
///
/// # Errors
/// The column holds no texts.
pub(super) fn without_headers(batch: &RecordBatch) -> Result<Vec<(usize, String)>> {
    let Some(texts) = headers_in(batch)? else {
        return Ok(Vec::new());
    };
    let texts = texts.iter().enumerate();
    let misfits = texts.filter_map(|(row, text)| Some((row, written_headers(text?).err()?)));
    let told =
        misfits.map(|(row, why)| (row, format!("its __headers are no array of headers: {why}")));
    Ok(told.collect())
}

/// The rows whose messages have times that are not taken at the time `now`, and why.
///
/// # Errors
/// The column of times holds none.
pub(super) fn untimely(
    batch: &RecordBatch,
    period: Period,
    now: i64,
) -> Result<Vec<(usize, String)>> {
    let Some(times) = times_of(batch)? else {
        return Ok(Vec::new());
    };
    let (first, last) = period.at(now);
    let is_well = min(&times).is_none_or(|least| least >= first)
        && max(&times).is_none_or(|most| most <= last);
    if is_well {
        return Ok(Vec::new());
    }
    let times = times.iter().enumerate();
    let misfits = times.filter_map(|(row, time)| Some((row, period.misfit(time?, now)?)));
    Ok(misfits.collect())
}

/// The messages of rows as people are shown them.
///
/// # Errors
/// A row can't be a message.
pub(super) fn shown(options: &KafkaSinkOptions, batch: &RecordBatch) -> Result<Vec<String>> {
    let parts = Parts::of(batch, &options.key)?;
    let mut keys = parts.keys()?;
    let mut values = Values::of(options.format, &parts.value)?;
    let (mut key, mut value) = (Vec::new(), Vec::new());
    let lines = (0..batch.num_rows()).map(|row| {
        let has_value = values.put(row, &mut value);
        let has_key = keys.put(row, &mut key);
        let text = match has_value {
            true => String::from_utf8_lossy(&value),
            false => "(no value)".into(),
        };
        match has_key {
            true => format!("{} -> {text}", String::from_utf8_lossy(&key)),
            false => text.into_owned(),
        }
    });
    Ok(lines.collect())
}
