//! What is read of one file: which of its columns, and how they become those of the source.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use millstream_core::columns::MAX_CHARACTERS;
use millstream_core::type_names::{in_words, type_in_words};
use millstream_core::{Error, Result, codes};

use super::SharedColumns;
use super::change::{Change, place_of, usual, utf8};
use crate::files_source::failure::Unfit;
use crate::rows::Reason;

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
    /// The most characters of its texts, if there is such a limit.
    most: Option<usize>,
}

/// Rows of a file as those of the source.
#[derive(Debug)]
pub(super) struct Fitted {
    pub(super) batch: RecordBatch,
    /// The rows with a value that is none of its column's, in their order; in the batch something else stands for it.
    pub(super) bad: Vec<BadRow>,
}

/// A row with a value that is none of its column's; the first of them.
#[derive(Debug)]
pub(super) struct BadRow {
    /// Its number in the batch.
    pub(super) row: usize,
    pub(super) reason: Reason,
    pub(super) column: String,
    pub(super) error: String,
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
            let theirs = file.fields().get(place);
            let change = theirs.and_then(|theirs| Change::of_column(theirs, field));
            let change = change.ok_or_else(|| {
                let theirs = theirs.map_or(&DataType::Null, |theirs| theirs.data_type());
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
        let columns = found.into_iter().zip(batch.fields());
        let columns = columns.map(|(found, field)| {
            let (place, change) = found?;
            let at = read.binary_search(&place).ok()?;
            let most = field.metadata().get(MAX_CHARACTERS);
            Some(Found {
                place,
                at,
                change,
                most: most.and_then(|most| most.parse().ok()),
            })
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

    /// Whether rows of the file may be bad records, which is known once they are read.
    pub(super) fn may_be_bad(&self) -> bool {
        let mut found = self.columns.iter().flatten();
        found.any(|found| found.most.is_some() || found.change == Change::Utf8)
    }

    /// The columns of the source, of `rows` whose columns are those that are [read](Self::read).
    pub(super) fn apply(&self, rows: &RecordBatch) -> Result<Fitted, Unfit> {
        let broken = |name: &str, error: &dyn std::fmt::Display| {
            let error = in_words(&error.to_string());
            Unfit::Damaged(format!("column `{name}`: {error}"))
        };
        let mut bad = BTreeMap::new();
        let columns = self.columns.iter().zip(self.batch.fields());
        let columns = columns.map(|(column, field)| {
            let Some(found) = column else {
                return Ok(new_null_array(field.data_type(), rows.num_rows()));
            };
            let array = rows.columns().get(found.at);
            let array = array.ok_or_else(|| broken(field.name(), &"it was not read"))?;
            let values = found.values(array, field, &mut bad);
            values.map_err(|error| broken(field.name(), &error))
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_, Unfit>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.batch), columns, &options)
            .map_err(|error| Unfit::Damaged(error.to_string()))?;
        Ok(Fitted {
            batch,
            bad: bad.into_values().collect(),
        })
    }
}

impl Found {
    /// The values of the column `field` of the source. Rows with one that is none are noted, each once.
    fn values(
        &self,
        array: &ArrayRef,
        field: &Field,
        bad: &mut BTreeMap<usize, BadRow>,
    ) -> Result<ArrayRef, ArrowError> {
        let mut note = |row: usize, reason: Reason, error: String| {
            bad.entry(row).or_insert_with(|| BadRow {
                row,
                reason,
                column: field.name().clone(),
                error,
            });
        };
        let values = match &self.change {
            Change::Utf8 => utf8::texts_of_bytes(array, &mut |row| {
                let error = "bytes that are not UTF-8".to_owned();
                note(row, Reason::Charset, error);
            })?,
            change => change.apply(array, field.data_type())?,
        };
        if let Some(most) = self.most
            && let Some(texts) = values.as_string_opt::<i32>()
        {
            for (row, text) in utf8::longer_than(texts, most) {
                let beginning = shortened(text);
                let error = format!("`{beginning}` is not a String of at most {most} characters");
                note(row, Reason::Value, error);
            }
        }
        Ok(values)
    }
}

/// The beginning of a long text, for messages.
fn shortened(text: &str) -> String {
    const LONG: usize = 80;
    match text.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
