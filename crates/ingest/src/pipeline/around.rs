//! What stands around a message of Kafka goes on around it, whatever SQL does with the columns of the value.

use std::sync::Arc;

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema};
use millstream_connectors::kafka::AROUND;
use millstream_core::{Error, Result, codes};
use millstream_sql::Evaluated;

/// Columns that go past the SQL: where they stand in the batches of the source.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    /// As many columns are those of the SQL; `None`: all are.
    own: Option<usize>,
    places: Vec<usize>,
}

impl Around {
    /// The columns at these places go past the SQL, whose own columns are the first `own`.
    pub(super) fn new(own: usize, places: Vec<usize>) -> Self {
        Self {
            own: Some(own),
            places,
        }
    }

    /// The columns of the SQL.
    pub(super) fn without(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        match self.own {
            Some(own) if own < batch.num_columns() => {
                let own: Vec<usize> = (0..own).collect();
                batch.project(&own).map_err(|error| internal(&error))
            }
            _ => Ok(batch.clone()),
        }
    }

    /// What the SQL made of a batch, with the columns that went past it.
    pub(super) fn put_back(&self, batch: &RecordBatch, answer: &Evaluated) -> Result<RecordBatch> {
        let rows = &answer.rows;
        if self.places.is_empty() {
            return Ok(rows.clone());
        }
        let is_all = rows.num_rows() == batch.num_rows() && !answer.is_spread();
        let kept = (!is_all).then(|| {
            let origins = answer.origins().map(|row| row as u64);
            UInt64Array::from_iter_values(origins)
        });
        let mut columns = rows.columns().to_vec();
        let mut fields = rows.schema_ref().fields().to_vec();
        for place in &self.places {
            let column = batch.column(*place);
            columns.push(match &kept {
                None => Arc::clone(column),
                Some(kept) => take(column, kept, None).map_err(|error| internal(&error))?,
            });
            fields.push(Arc::new(batch.schema_ref().field(*place).clone()));
        }
        let metadata = rows.schema_ref().metadata().clone();
        let schema = Schema::new_with_metadata(fields, metadata);
        RecordBatch::try_new(Arc::new(schema), columns).map_err(|error| internal(&error))
    }
}

/// The columns that a source of Kafka reads for a sink of Kafka, besides those of the schema.
pub(super) fn fields_besides(schema: &Schema) -> Vec<Field> {
    let missing = AROUND
        .iter()
        .filter(|name| schema.column_with_name(name).is_none());
    missing
        .map(|name| {
            let kind = match *name {
                // It need be no text.
                "__key" => DataType::Binary,
                // As it is: not each number of milliseconds is of a day that there is.
                "__timestamp" => DataType::Int64,
                _ => DataType::Utf8,
            };
            Field::new(*name, kind, true)
        })
        .collect()
}

fn internal(error: &arrow::error::ArrowError) -> Error {
    let message = "what stands around messages can't be kept beside their columns";
    Error::new(&codes::INTERNAL, message).cause(error)
}
