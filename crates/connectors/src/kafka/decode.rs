//! From messages to rows: a batch of them becomes one record batch.
//!
//! Fields are found message by message, then converted column by column by what converts the fields of text files, so
//! a value means the same wherever it comes from. Messages that are no rows are set aside with the reason.

mod batch;
mod json;
mod shape;
mod times;
mod whole;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field};
use millstream_core::{Error, Result, codes};

pub(super) use batch::{Batch, Message, MessageParts};
pub(super) use shape::Shape;
pub use shape::{ENVELOPE, TEXT_COLUMN, text_schema};

use self::shape::{Compiled, Place};
use self::times::{as_times, is_of_a_day};
use super::partition::Partition;
use crate::files_source::{Column, Dialects, FieldTable, Span};
use crate::rows::{BadRecord, Besides, Enclosed, NO_TIME, Origin, Parsed, Raws, Reason, Rows};

/// Messages that are converted together: few enough that they stay in the processor's cache.
const TOGETHER: usize = 512;
/// Bytes of values that are converted together, at most; one message may be larger.
const TOGETHER_BYTES: usize = 8 << 20;

/// Makes rows of messages. One for each reader.
pub(super) struct Decoder {
    shape: Arc<Shape>,
    builders: Vec<Column>,
    table: FieldTable,
    /// The fields of one value of delimited text.
    scratch: FieldTable,
    /// One value of delimited text as JSON.
    whole: Vec<u8>,
    /// For each name of a value what a JSON object says; empty in between.
    fields: json::Fields,
    keep_raw: bool,
}

/// What became of some messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) rows: usize,
    pub(super) bad: usize,
}

impl Decoder {
    pub(super) fn new(shape: Arc<Shape>, keep_raw: bool) -> Self {
        let columns = shape.batch_schema().fields().iter().zip(&shape.places);
        // `Columns` holds no type that can't be read.
        let builders = columns.filter_map(|(field, place)| match place {
            // As the number that it is: of those a column of timestamps takes the ones with 13 digits.
            Place::Time => Column::new(&Field::new(field.name(), DataType::Int64, true)),
            _ => Column::new(field),
        });
        let builders = builders.collect();
        let fields = json::Fields::new(&shape.values);
        Self {
            shape,
            builders,
            table: FieldTable::default(),
            scratch: FieldTable::default(),
            whole: Vec::new(),
            fields,
            keep_raw,
        }
    }

    /// Makes rows of messages `from..to` of a batch, and puts them out.
    pub(super) fn decode(
        &mut self,
        batch: &Batch,
        messages: std::ops::Range<usize>,
        out: &mut Vec<Parsed>,
    ) -> Result<Decoded> {
        let file: Arc<str> = batch.partition.to_string().into();
        let mut rows = Vec::with_capacity(messages.len());
        let mut bad = Vec::new();
        let mut at = messages.start;
        while at < messages.end {
            let end = batch.together(at..messages.end, TOGETHER, TOGETHER_BYTES);
            self.convert(batch, at..end, &file, &mut rows, &mut bad);
            at = end;
        }
        let decoded = Decoded {
            rows: rows.len(),
            bad: bad.len(),
        };
        if decoded.rows > 0 {
            let offsets = rows.iter().filter_map(|row| batch.offset(*row));
            let times = rows.iter().map(|row| batch.timestamp(*row));
            let origin = Origin {
                file,
                offsets: offsets.map(i64::unsigned_abs).collect(),
                lines: Vec::new(),
                times: times.map(|time| time.unwrap_or(NO_TIME)).collect(),
                raws: self.keep_raw.then(|| raws_of(batch, &rows)),
            };
            out.push(Parsed::Rows(Rows {
                batch: self.finish(decoded.rows)?,
                origin: Arc::new(origin),
            }));
        }
        if !bad.is_empty() {
            bad.sort_by_key(|bad: &BadRecord| bad.offset);
            out.push(Parsed::Bad(bad));
        }
        Ok(decoded)
    }

    fn finish(&mut self, rows: usize) -> Result<RecordBatch> {
        let broken = |error| {
            Error::new(&codes::INTERNAL, "columns of messages do not fit together").cause(error)
        };
        let fields = self.shape.batch_schema().fields().iter();
        let columns = self.builders.iter_mut().zip(fields.zip(&self.shape.places));
        let arrays = columns.map(|(column, (field, place))| match place {
            Place::Time => as_times(&column.finish()?, field.data_type()),
            _ => column.finish(),
        });
        let arrays = arrays.collect::<std::result::Result<_, _>>();
        RecordBatch::try_new_with_options(
            Arc::clone(self.shape.batch_schema()),
            arrays.map_err(broken)?,
            &RecordBatchOptions::new().with_row_count(Some(rows)),
        )
        .map_err(broken)
    }

    /// Converts some messages, whose numbers are added to `converted`. Those with a value that does not fit are set aside and the others are converted again.
    fn convert(
        &mut self,
        batch: &Batch,
        messages: std::ops::Range<usize>,
        file: &Arc<str>,
        converted: &mut Vec<usize>,
        bad: &mut Vec<BadRecord>,
    ) {
        let set_aside = |message: &Message<'_>, wrong: Wrong| BadRecord {
            raw: message.value.unwrap_or_default().to_vec(),
            cut: None,
            file: Arc::clone(file),
            line: None,
            offset: message.offset.unsigned_abs(),
            enclosed: Some(Box::new(enclosed(&batch.partition, message))),
            reason: wrong.reason,
            column: wrong.column,
            error: wrong.error,
        };
        self.table.clear(self.shape.places.len(), messages.len());
        for (record, number) in messages.clone().enumerate() {
            let Some(message) = batch.message(number) else {
                continue;
            };
            if let Err(wrong) = self.put(&batch.partition, &message, record as u32) {
                bad.push(set_aside(&message, wrong));
            }
        }
        let rows = converted.len();
        let mut misfits: Vec<(usize, usize, String)> = Vec::new();
        loop {
            for (place, builder) in self.builders.iter_mut().enumerate() {
                let (table, kind) = (&self.table, builder.kind());
                builder.append(table, place, &[], &mut |row, field| {
                    let value = String::from_utf8_lossy(table.content(&[], field));
                    misfits.push((row, place, format!("`{}` is not {kind}", shortened(&value))));
                });
            }
            if misfits.is_empty() {
                break;
            }
            self.builders
                .iter_mut()
                .for_each(|builder| builder.truncate(rows));
            // One reason for each row: the first column that does not fit.
            misfits.sort();
            misfits.dedup_by_key(|(row, _, _)| *row);
            let unfit: Vec<usize> = misfits.iter().map(|(row, _, _)| *row).collect();
            for (row, place, error) in misfits.drain(..) {
                let record = self.table.records().get(row).copied().unwrap_or_default();
                if let Some(message) = batch.message(messages.start + record as usize) {
                    let reason = self.reason(place);
                    let wrong = Wrong {
                        reason,
                        column: self.name(place),
                        error,
                    };
                    bad.push(set_aside(&message, wrong));
                }
            }
            self.table.remove_rows(&unfit);
        }
        let records = self.table.records().iter();
        converted.extend(records.map(|record| messages.start + *record as usize));
    }

    /// What is wrong where a field does not fit its column.
    fn reason(&self, place: usize) -> Reason {
        match self.shape.places.get(place) {
            None | Some(Place::Value(_) | Place::Whole) => Reason::Value,
            Some(_) => Reason::Message,
        }
    }

    fn name(&self, place: usize) -> Option<String> {
        let fields = self.shape.batch_schema().fields();
        fields.get(place).map(|field| field.name().clone())
    }

    /// Puts the fields of a message into the table.
    fn put(
        &mut self,
        partition: &Partition,
        message: &Message<'_>,
        record: u32,
    ) -> std::result::Result<(), Wrong> {
        let shape = Arc::clone(&self.shape);
        // A message without value is a row whose fields are null.
        if let Some(value) = message.value {
            match &shape.format {
                Compiled::Json => self.fields.find(value)?,
                Compiled::Csv(dialects) if shape.is_whole() => {
                    self.whole.clear();
                    whole::write_fields(&dialects.text, value, &mut self.whole)?;
                }
                Compiled::Csv(dialects) => self.find_fields(dialects, value)?,
                Compiled::Text => {
                    std::str::from_utf8(value)
                        .map_err(|_| Wrong::value(Reason::Charset, NOT_TEXT))?;
                }
            }
        }
        let before = self.table.fields();
        for (number, place) in shape.places.iter().enumerate() {
            let put = self.put_field(&shape, *place, partition, message);
            if let Err(error) = put {
                self.table.go_back(before);
                self.fields.clear();
                return Err(Wrong {
                    reason: self.reason(number),
                    column: self.name(number),
                    error: error.to_owned(),
                });
            }
        }
        self.table.end_record(record);
        self.fields.clear();
        Ok(())
    }

    fn put_field(
        &mut self,
        shape: &Shape,
        place: Place,
        partition: &Partition,
        message: &Message<'_>,
    ) -> std::result::Result<(), &'static str> {
        let table = &mut self.table;
        match place {
            Place::Value(field) => match (message.value, &shape.format) {
                (None, _) => table.put(None),
                (Some(value), Compiled::Text) => table.put(Some(value)),
                (Some(value), Compiled::Json) => self.fields.put(field, value, table)?,
                (Some(value), Compiled::Csv(_)) => table.put_of(&self.scratch, field, value),
            },
            Place::Whole => match (message.value, &shape.format) {
                (Some(_), Compiled::Csv(_)) => table.put(Some(&self.whole)),
                (value, _) => table.put(value.map(<[u8]>::trim_ascii)),
            },
            Place::KeyBytes => table.put(message.key),
            Place::Key => {
                if message
                    .key
                    .is_some_and(|key| std::str::from_utf8(key).is_err())
                {
                    return Err("a key of bytes that are not UTF-8");
                }
                table.put(message.key);
            }
            Place::Time if message.timestamp.is_some_and(|time| !is_of_a_day(time)) => {
                return Err("a time so far from 1970 that it is of no day");
            }
            Place::Time | Place::Timestamp => match message.timestamp {
                Some(time) => table.put(Some(time.to_string().as_bytes())),
                None => table.put(None),
            },
            Place::Topic => table.put(Some(partition.topic.as_bytes())),
            Place::Partition => table.put(Some(partition.number.to_string().as_bytes())),
            Place::Offset => table.put(Some(message.offset.to_string().as_bytes())),
            Place::Headers if message.lacks_headers => {
                return Err("a header with a name of bytes that are not UTF-8, which is left out");
            }
            Place::Headers => table.put(Some(message.headers)),
        }
        Ok(())
    }

    /// Finds the fields of a value that is one record of delimited text.
    fn find_fields(&mut self, dialects: &Dialects, value: &[u8]) -> std::result::Result<(), Wrong> {
        let text =
            std::str::from_utf8(value).map_err(|_| Wrong::value(Reason::Charset, NOT_TEXT))?;
        let line = whole::without_line_end(text);
        let wanted = self.shape.values.len();
        let span = Span {
            start: 0,
            end: line.len() as u32,
            line: 0,
        };
        self.scratch.clear(wanted, 1);
        self.scratch.find(&dialects.text, value, &[span]);
        match self.scratch.misshapen().first() {
            None => Ok(()),
            Some((_, shape)) => {
                let name = |field: usize| self.shape.values.get(field).cloned();
                let (column, error) = shape.in_words(wanted, name);
                Err(Wrong {
                    reason: shape.reason(),
                    column,
                    error,
                })
            }
        }
    }
}

const NOT_TEXT: &str = "bytes that are not UTF-8";

/// Why a message is no row.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    reason: Reason,
    column: Option<String>,
    error: String,
}

impl Wrong {
    /// Something is wrong with all of the value.
    fn value(reason: Reason, error: impl Into<String>) -> Self {
        Self {
            reason,
            column: None,
            error: error.into(),
        }
    }
}

fn enclosed(partition: &Partition, message: &Message<'_>) -> Enclosed {
    Enclosed {
        topic: partition.topic.as_ref().into(),
        partition: partition.number,
        key: message.key.map(<[u8]>::to_vec),
        timestamp: message.timestamp,
        headers: String::from_utf8_lossy(message.headers).into_owned(),
        without_value: message.value.is_none(),
    }
}

/// The messages with these numbers as they came.
fn raws_of(batch: &Batch, rows: &[usize]) -> Raws {
    let Partition { topic, number, .. } = &batch.partition;
    let mut raws = Raws::of_partition(topic, *number);
    for message in rows.iter().filter_map(|row| batch.message(*row)) {
        let besides = Besides {
            key: message.key,
            headers: message.headers,
            timestamp: message.timestamp,
        };
        raws.push(message.value, besides);
    }
    raws
}

/// The beginning of a long value, for messages.
fn shortened(value: &str) -> String {
    const LONG: usize = 80;
    match value.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests;
