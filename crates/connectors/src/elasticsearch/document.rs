//! From rows to the actions of a bulk: a line that says what is done, and a line with the document.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    RecordBatch, StructArray,
};
use arrow::datatypes::{
    ArrowTimestampType, DataType, Field, FieldRef, Fields, Schema, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow::error::ArrowError;
use millstream_core::{Error, Result, codes};

use super::EsSink;
use super::ids::Ids;
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

/// The columns as documents have them: times in the form that Elasticsearch takes for dates, which is that of a time in UTC,
/// wherever they stand. Objects as they came stay as they are.
///
/// # Errors
/// The columns are not what their types say.
pub(super) fn documents(batch: &RecordBatch) -> Result<RecordBatch> {
    let broken = |error: ArrowError| {
        Error::new(&codes::INTERNAL, "a batch can't be made of its columns").cause(error)
    };
    let fields = batch.schema_ref().fields();
    if !fields.iter().any(|field| has_time(field.data_type())) {
        return Ok(batch.clone());
    }
    let columns = all_in_utc(batch.columns()).map_err(broken)?;
    let schema = Schema::new(with_types(fields, &columns));
    RecordBatch::try_new(Arc::new(schema), columns).map_err(broken)
}

/// Whether there are times without a zone in values of a type.
fn has_time(kind: &DataType) -> bool {
    match kind {
        DataType::Timestamp(_, None) => true,
        DataType::Struct(fields) => fields.iter().any(|field| has_time(field.data_type())),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => has_time(item.data_type()),
        _ => false,
    }
}

fn all_in_utc(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>, ArrowError> {
    columns.iter().map(in_utc).collect()
}

/// The same values, of which those that [are times](has_time) are in UTC. No value is copied.
fn in_utc(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if !has_time(column.data_type()) {
        return Ok(Arc::clone(column));
    }
    Ok(match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, None) => times::<TimestampSecondType>(column),
        DataType::Timestamp(TimeUnit::Millisecond, None) => {
            times::<TimestampMillisecondType>(column)
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            times::<TimestampMicrosecondType>(column)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, None) => times::<TimestampNanosecondType>(column),
        DataType::Struct(_) => Arc::new(struct_in_utc(column.as_struct())?),
        DataType::List(item) => list_in_utc::<i32>(item, column)?,
        DataType::LargeList(item) => list_in_utc::<i64>(item, column)?,
        DataType::FixedSizeList(item, length) => {
            let list = column.as_fixed_size_list();
            let values = in_utc(list.values())?;
            let item = with_type(item, values.data_type());
            let nulls = list.nulls().cloned();
            Arc::new(FixedSizeListArray::try_new(item, *length, values, nulls)?)
        }
        DataType::Map(entries, is_sorted) => {
            let map = column.as_map();
            let values = struct_in_utc(map.entries())?;
            let entries = with_type(entries, values.data_type());
            let (offsets, nulls) = (map.offsets().clone(), map.nulls().cloned());
            Arc::new(MapArray::try_new(
                entries, offsets, values, nulls, *is_sorted,
            )?)
        }
        _ => Arc::clone(column),
    })
}

fn times<T: ArrowTimestampType>(column: &ArrayRef) -> ArrayRef {
    Arc::new(column.as_primitive::<T>().clone().with_timezone_utc())
}

fn struct_in_utc(values: &StructArray) -> Result<StructArray, ArrowError> {
    let columns = all_in_utc(values.columns())?;
    let fields = with_types(values.fields(), &columns);
    StructArray::try_new(fields, columns, values.nulls().cloned())
}

fn list_in_utc<O: OffsetSizeTrait>(
    item: &FieldRef,
    column: &ArrayRef,
) -> Result<ArrayRef, ArrowError> {
    let list = column.as_list::<O>();
    let values = in_utc(list.values())?;
    let item = with_type(item, values.data_type());
    let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
    Ok(Arc::new(GenericListArray::try_new(
        item, offsets, values, nulls,
    )?))
}

fn with_types(fields: &Fields, columns: &[ArrayRef]) -> Fields {
    let both = fields.iter().zip(columns);
    both.map(|(field, column)| with_type(field, column.data_type()))
        .collect()
}

fn with_type(field: &FieldRef, kind: &DataType) -> FieldRef {
    Arc::new(Field::clone(field).with_data_type(kind.clone()))
}

impl EsSink {
    /// Hands the id of each row's document to `each`; `None`: the row has none. `columns` are those that make it, and the rows are
    /// no objects as they came.
    ///
    /// # Errors
    /// There is no such column, or it can't be text.
    pub fn each_id(
        batch: &RecordBatch,
        columns: &[String],
        mut each: impl FnMut(Option<&str>),
    ) -> Result<()> {
        let ids = Ids::of(batch, columns).map_err(|why| {
            Error::new(&codes::SINK_INDEX, why)
                .next("correct sink.es.unique.column, or what the SQL selects")
        })?;
        let mut id = String::new();
        for row in 0..batch.num_rows() {
            let put = ids.put(row, &mut id);
            each(put.is_ok().then_some(id.as_str()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
