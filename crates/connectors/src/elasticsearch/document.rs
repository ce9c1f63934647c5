//! From rows to the actions of a bulk: a line that says what is done, and a line with the document.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Field, Schema, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use millstream_core::{Error, Result, codes};

use super::options::{EsOptions, SyncType};
use crate::formats::JsonRows;

/// What stands in actions whatever the document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actions {
    /// From the brace to the index: `{"index":{"_index":"`.
    begin: &'static str,
    /// Behind the id: the type and the rest.
    end: String,
    /// What stands around the document.
    around: (&'static str, &'static str),
    /// What is added to every document: `"version":1`.
    added: Option<String>,
}

impl Actions {
    /// As `options` ask for them; `doc_type` is the type, where the server wants one.
    pub(super) fn new(options: &EsOptions, doc_type: Option<&str>) -> Self {
        let mut end = String::from("\"");
        if let Some(doc_type) = doc_type {
            end.push_str(",\"_type\":");
            end.push_str(&quoted(doc_type));
        }
        if options.sync.is_update() {
            end.push_str(&format!(
                ",\"retry_on_conflict\":{}",
                options.retry_on_conflict
            ));
        }
        end.push_str("}}\n");
        let writes_version = options.sync != SyncType::Finite;
        let added = options.version.filter(|_| writes_version);
        Self {
            begin: match options.sync {
                SyncType::Full => "{\"index\":{\"_index\":\"",
                SyncType::Incremental | SyncType::Finite => "{\"update\":{\"_index\":\"",
            },
            end,
            around: match options.sync {
                SyncType::Full => ("", "\n"),
                SyncType::Incremental => ("{\"doc\":", ",\"doc_as_upsert\":true}\n"),
                SyncType::Finite => ("{\"doc\":", "}\n"),
            },
            added: added.map(|version| format!("{}:{version}", quoted(&options.version_column))),
        }
    }

    /// Appends the action of a row.
    pub(super) fn append(&self, named: Named<'_>, rows: &mut JsonRows<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(self.begin.as_bytes());
        append_bare(named.index, out);
        out.extend_from_slice(b"\",\"_id\":\"");
        append_bare(named.id, out);
        out.extend_from_slice(self.end.as_bytes());
        out.extend_from_slice(self.around.0.as_bytes());
        self.append_document(named.row, rows, out);
        out.extend_from_slice(self.around.1.as_bytes());
    }

    /// Appends the document of a row alone.
    pub(super) fn append_document(&self, row: usize, rows: &mut JsonRows<'_>, out: &mut Vec<u8>) {
        rows.append(row, out);
        let Some(added) = &self.added else {
            return;
        };
        // An object as it came may have blanks in it and behind it.
        trim_end(out);
        if out.last() == Some(&b'}') {
            out.pop();
            trim_end(out);
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            out.extend_from_slice(added.as_bytes());
            out.push(b'}');
        }
    }
}

/// A row, and what its document is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Named<'a> {
    pub(super) row: usize,
    pub(super) index: &'a str,
    pub(super) id: &'a str,
}

fn trim_end(out: &mut Vec<u8>) {
    out.truncate(out.trim_ascii_end().len());
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Appends text as it stands between quotes.
fn append_bare(text: &str, out: &mut Vec<u8>) {
    if text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\')
    {
        return out.extend_from_slice(text.as_bytes());
    }
    let quoted = quoted(text);
    let bare = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    out.extend_from_slice(bare.as_bytes());
}

/// Whether a change of a document leaves parts of a column as they are that it does not name: a map's keys, which other rows may
/// have others of.
pub(super) fn merges_parts(schema: &Schema) -> bool {
    fn has_keys(kind: &DataType) -> bool {
        match kind {
            DataType::Map(..) => true,
            DataType::Struct(fields) => fields.iter().any(|field| has_keys(field.data_type())),
            // Lists are replaced as a whole.
            _ => false,
        }
    }
    let mut fields = schema.fields().iter();
    fields.any(|field| has_keys(field.data_type()))
}

/// The columns as documents have them: times in the form that Elasticsearch takes for dates, which is that of a time in UTC.
/// Objects as they came stay as they are.
///
/// # Errors
/// The columns are of several lengths.
pub(super) fn documents(batch: &RecordBatch) -> Result<RecordBatch> {
    let is_time = |kind: &DataType| matches!(kind, DataType::Timestamp(_, None));
    let schema = batch.schema_ref();
    if !schema
        .fields()
        .iter()
        .any(|field| is_time(field.data_type()))
    {
        return Ok(batch.clone());
    }
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            let column = in_utc(column);
            let field = Field::new(
                field.name(),
                column.data_type().clone(),
                field.is_nullable(),
            );
            (Arc::new(field), column)
        });
    let (fields, columns): (Vec<_>, Vec<ArrayRef>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(|error| {
        Error::new(&codes::INTERNAL, "a batch can't be made of its columns").cause(error)
    })
}

fn in_utc(column: &ArrayRef) -> ArrayRef {
    const UTC: &str = "+00:00";
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, None) => Arc::new(
            column
                .as_primitive::<TimestampSecondType>()
                .clone()
                .with_timezone(UTC),
        ),
        DataType::Timestamp(TimeUnit::Millisecond, None) => Arc::new(
            column
                .as_primitive::<TimestampMillisecondType>()
                .clone()
                .with_timezone(UTC),
        ),
        DataType::Timestamp(TimeUnit::Microsecond, None) => Arc::new(
            column
                .as_primitive::<TimestampMicrosecondType>()
                .clone()
                .with_timezone(UTC),
        ),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => Arc::new(
            column
                .as_primitive::<TimestampNanosecondType>()
                .clone()
                .with_timezone(UTC),
        ),
        _ => Arc::clone(column),
    }
}
