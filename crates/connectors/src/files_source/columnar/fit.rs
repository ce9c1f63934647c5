//! What is read of one file: which of its columns, and how they become those of the source.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::type_names::{in_words, type_in_words};
use millstream_core::{Error, Result, codes};

use super::SharedColumns;
use super::change::{Change, place_of, usual};
use crate::files_source::failure::Unfit;

/// The columns of a file that are read.
#[derive(Debug)]
pub(super) struct Fit {
    /// Their places in the file, ascending.
    pub(super) read: Vec<usize>,
    columns: Vec<Column>,
    batch: SchemaRef,
}

/// A column of the source; `None`: the file has none, and it is null.
type Column = Option<Found>;

/// Where a column is found.
#[derive(Debug)]
pub(super) struct Found {
    /// Its place in the file.
    pub(super) place: usize,
    /// Its place among the columns that are read.
    at: usize,
    pub(super) change: Change,
}

/// The columns of a file as they are read where no schema says otherwise.
///
/// # Errors
/// SCHEMA_INVALID: two columns of one name.
pub(super) fn schema_of(file: &Schema) -> Result<Schema> {
    let mut fields: Vec<Field> = Vec::with_capacity(file.fields().len());
    for field in file.fields() {
        if fields.iter().any(|other| other.name() == field.name()) {
            let message = format!("column `{}` is there twice", field.name());
            return Err(Error::new(&codes::SCHEMA_INVALID, message)
                .next("give every column a name of its own"));
        }
        // One that isn't read keeps its type: nobody may ask for it.
        let data_type = usual(field.data_type()).unwrap_or_else(|| field.data_type().clone());
        fields.push(Field::new(field.name(), data_type, true));
    }
    Ok(Schema::new(fields))
}

/// The columns that are wanted, all of which may be null.
///
/// # Errors
/// SCHEMA_INVALID: there is no such column, or none at all, or one of a type that isn't read.
pub(super) fn wanted(schema: &Schema, projection: Option<&[usize]>) -> Result<SchemaRef> {
    let invalid = |message: String| Error::new(&codes::SCHEMA_INVALID, message);
    if schema.fields().is_empty() {
        return Err(invalid("the schema has no columns".to_owned())
            .next("name the columns, or leave the schema out"));
    }
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    let mut fields = Vec::new();
    for place in projection.unwrap_or(&all) {
        let field = schema.fields().get(*place).ok_or_else(|| {
            invalid(format!(
                "column {place} is wanted, and there is none in the schema"
            ))
        })?;
        if usual(field.data_type()).is_none() {
            let (name, data_type) = (field.name(), type_in_words(field.data_type()));
            return Err(invalid(format!(
                "column `{name}` has the type {data_type}, which is not read"
            ))
            .next("leave the column out in the SQL"));
        }
        fields.push(field.as_ref().clone().with_nullable(true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The columns of a file under the names that the source has for their places, if the file has none for any of them and
/// they are to be found so.
pub(super) fn named(shared: &SharedColumns, source: &Schema, file: &Schema) -> Option<Schema> {
    let mut places = file.fields().iter().enumerate();
    let is_unnamed = places.all(|(place, field)| *field.name() == format!("_col{place}"));
    if !shared.by_place || !is_unnamed {
        return None;
    }
    let fields = file.fields().iter().enumerate();
    let fields = fields.map(|(place, field)| {
        let name = source.fields().get(place).map(|field| field.name());
        let field = field.as_ref().clone();
        match name {
            Some(name) => field.with_name(name),
            None => field,
        }
    });
    Some(Schema::new(fields.collect::<Vec<_>>()))
}

impl Fit {
    /// How a file with the columns of `file` is read as `batch`.
    ///
    /// # Errors
    /// A column has a type that does not widen into the one that is read.
    pub(super) fn of(batch: &SchemaRef, file: &Schema) -> Result<Self, Unfit> {
        let mut found = Vec::with_capacity(batch.fields().len());
        for field in batch.fields() {
            let Some(place) = place_of(file.fields(), field.name()) else {
                found.push(None);
                continue;
            };
            let theirs = file.fields().get(place).map(|field| field.data_type());
            let theirs = theirs.unwrap_or(&DataType::Null);
            let change = Change::of(theirs, field.data_type()).ok_or_else(|| {
                Unfit::Schema(format!(
                    "its column `{}` is {}, where {} is read",
                    field.name(),
                    type_in_words(theirs),
                    type_in_words(field.data_type())
                ))
            })?;
            found.push(Some((place, change)));
        }
        let mut read: Vec<usize> = found.iter().flatten().map(|(place, _)| *place).collect();
        read.sort_unstable();
        read.dedup();
        let columns = found.into_iter().map(|found| {
            let (place, change) = found?;
            let at = read.binary_search(&place).ok()?;
            Some(Found { place, at, change })
        });
        Ok(Self {
            columns: columns.collect(),
            read,
            batch: Arc::clone(batch),
        })
    }

    /// Where the column with this name is found; `None`: it is null in every row.
    pub(super) fn found(&self, name: &str) -> Option<&Found> {
        let (place, _) = self.batch.column_with_name(name)?;
        self.columns.get(place)?.as_ref()
    }

    /// The columns of the source, of `rows` whose columns are those that are [read](Self::read).
    pub(super) fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch, Unfit> {
        let broken = |name: &str, error: &dyn std::fmt::Display| {
            let error = in_words(&error.to_string());
            Unfit::Damaged(format!("column `{name}`: {error}"))
        };
        let columns = self.columns.iter().zip(self.batch.fields());
        let columns = columns.map(|(column, field)| {
            let Some(found) = column else {
                return Ok(new_null_array(field.data_type(), rows.num_rows()));
            };
            let array = rows.columns().get(found.at);
            let array = array.ok_or_else(|| broken(field.name(), &"it was not read"))?;
            let changed = found.change.apply(array, field.data_type());
            changed.map_err(|error| broken(field.name(), &error))
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.batch), columns, &options)
            .map_err(|error| Unfit::Damaged(error.to_string()))
    }
}
