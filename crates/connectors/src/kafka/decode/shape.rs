//! How messages become rows: which columns there are, and where the content of each lies.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::{Error, Result, codes};

use super::super::options::ValueFormat;
use crate::files_source::{Columns, Dialects};
use crate::rows::is_json;

/// Columns with these names are taken from around the value: key (text), timestamp, topic, partition, offset, and
/// headers (a JSON array of `{"key":…,"value":…}`).
pub const ENVELOPE: &[&str] = &[
    "__key",
    "__timestamp",
    "__topic",
    "__partition",
    "__offset",
    "__headers",
];

/// The column that the value is where it is text.
pub const TEXT_COLUMN: &str = "value";

/// Where the content of a column lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the value: the field with this name (JSON), this number (CSV), or all of it (text).
    Value(usize),
    /// All of the value, as JSON.
    Whole,
    /// The key, which is to be text.
    Key,
    /// The key, whatever it is.
    KeyBytes,
    /// The time, for a column of timestamps.
    Time,
    /// The time as a number of milliseconds.
    Timestamp,
    Topic,
    Partition,
    Offset,
    Headers,
}

/// How messages become rows. Shared by the readers.
#[derive(Debug)]
pub(in crate::kafka) struct Shape {
    pub(super) format: Compiled,
    /// The columns of the batches.
    batch: SchemaRef,
    /// For each of them where its content lies.
    pub(super) places: Vec<Place>,
    /// The names of the columns that the value has, also of those that nobody wants.
    pub(super) values: Vec<String>,
}

/// What values are, ready to be read.
#[derive(Debug)]
pub(super) enum Compiled {
    Json,
    Csv(Dialects),
    Text,
}

impl Shape {
    /// How messages of `format` become rows of `schema`, of which `projection` (all, if `None`) are wanted.
    /// Of the schema of [whole records](crate::rows::json_schema) each is one row, whatever its fields are.
    ///
    /// # Errors
    /// A type that is not read from text, or a text that has other columns than one.
    pub(in crate::kafka) fn new(
        format: &ValueFormat,
        schema: &Schema,
        projection: Option<&[usize]>,
    ) -> Result<Self> {
        if is_json(schema) && *format != ValueFormat::Text {
            return Self::whole(format, schema);
        }
        let columns = Columns::typed(schema, projection)?;
        let mut values = Vec::new();
        let mut all = Vec::new();
        for field in schema.fields() {
            all.push(place_of(field, values.len()));
            if let Some(Place::Value(_)) = all.last() {
                values.push(field.name().clone());
            }
        }
        let format = compile(format, &values)?;
        let wanted = columns.wanted().iter();
        let places = wanted
            .filter_map(|place| all.get(*place).copied())
            .collect();
        Ok(Self {
            format,
            batch: Arc::clone(columns.batch()),
            places,
            values,
        })
    }

    /// The first column is the record, the others stand around it.
    fn whole(format: &ValueFormat, schema: &Schema) -> Result<Self> {
        let around = schema.fields().iter().skip(1);
        let around = around.map(|field| place_of(field, 0));
        Ok(Self {
            format: compile(format, &[])?,
            batch: Arc::new(schema.clone()),
            places: std::iter::once(Place::Whole).chain(around).collect(),
            values: Vec::new(),
        })
    }

    /// Whether a record is one row whatever its fields are.
    pub(super) fn is_whole(&self) -> bool {
        self.places.first() == Some(&Place::Whole)
    }

    /// The columns of the batches.
    pub(in crate::kafka) fn batch_schema(&self) -> &SchemaRef {
        &self.batch
    }
}

fn compile(format: &ValueFormat, values: &[String]) -> Result<Compiled> {
    Ok(match format {
        ValueFormat::Json => Compiled::Json,
        ValueFormat::Csv(format) => Compiled::Csv(format.compile()?),
        ValueFormat::Text => {
            if let Some(other) = values.iter().find(|name| *name != TEXT_COLUMN) {
                let message = format!(
                    "column `{other}` can't be had of values that are text, which are the column `{TEXT_COLUMN}`"
                );
                return Err(Error::new(&codes::SCHEMA_INVALID, message).next(format!(
                    "name {TEXT_COLUMN} and what lies around the value ({}) only",
                    ENVELOPE.join(", ")
                )));
            }
            Compiled::Text
        }
    })
}

fn is_time(field: &Field) -> bool {
    matches!(field.data_type(), DataType::Timestamp(_, _))
}

fn place_of(field: &Field, value: usize) -> Place {
    match field.name().as_str() {
        "__key" if *field.data_type() == DataType::Binary => Place::KeyBytes,
        "__key" => Place::Key,
        "__timestamp" if is_time(field) => Place::Time,
        "__timestamp" => Place::Timestamp,
        "__topic" => Place::Topic,
        "__partition" => Place::Partition,
        "__offset" => Place::Offset,
        "__headers" => Place::Headers,
        _ => Place::Value(value),
    }
}

/// The one column of values that are text, for who gives no schema.
pub fn text_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new(
        TEXT_COLUMN,
        DataType::Utf8,
        true,
    )]))
}
