//! Nesting flat columns into one (`sink.merge.*`): `{"id":"1","name":"n1","k1":"v1"}` becomes
//! `{"id":"1","feas":{"name":"n1","k1":"v1"}}`.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use millstream_core::{Error, Result, codes};

use crate::place::nearest;

/// Which columns move into a nested one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nest {
    /// The name of the nested column (`sink.merge.nested.field`).
    pub field: String,
    /// The columns that stay as they are (`sink.merge.exclude.fields`).
    pub exclude: Vec<String>,
}

impl Default for Nest {
    /// Everything but `id` goes into `feas`.
    fn default() -> Self {
        Self {
            field: "feas".to_string(),
            exclude: vec!["id".to_string()],
        }
    }
}

/// A [`Nest`] worked out for one schema.
#[derive(Debug, Clone)]
pub struct Nested {
    input: SchemaRef,
    output: SchemaRef,
    fields: Fields,
    outside: Vec<usize>,
    inside: Vec<usize>,
}

impl Nest {
    /// Works out which columns of `schema` go where: first those that stay, in their order, then the
    /// nested one with all others in their order.
    ///
    /// # Errors
    /// INGEST_PARAMETERS where an excluded column is not there, a column that stays has the name of
    /// the nested one, or no column is left to nest.
    pub fn plan(&self, schema: &Schema) -> Result<Nested> {
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        if let Some(missing) = self
            .exclude
            .iter()
            .find(|name| !known().any(|k| k == *name))
        {
            let message = format!("sink.merge.exclude.fields: there is no column `{missing}`");
            return Err(Error::new(&codes::INGEST_PARAMETERS, message).next(nearest(
                missing,
                known(),
                true,
            )));
        }
        let stays = |i: &usize| {
            let name = schema.fields().get(*i).map(|field| field.name());
            name.is_some_and(|name| self.exclude.contains(name))
        };
        let (outside, inside): (Vec<usize>, Vec<usize>) =
            (0..schema.fields().len()).partition(stays);
        if self.exclude.contains(&self.field) {
            let message = format!(
                "sink.merge.nested.field: `{}` is also a column that stays",
                self.field
            );
            return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                .next("choose another name for the nested field"));
        }
        if inside.is_empty() {
            let message = "sink.merge.exclude.fields: no column is left to nest";
            return Err(Error::new(&codes::INGEST_PARAMETERS, message)
                .next("exclude fewer columns or set sink.merge.enable to false"));
        }
        let select = |columns: &[usize]| -> Vec<Arc<Field>> {
            let fields = columns.iter().filter_map(|i| schema.fields().get(*i));
            fields.cloned().collect()
        };
        let fields = Fields::from(select(&inside));
        let mut output = select(&outside);
        let nested = Field::new(&self.field, DataType::Struct(fields.clone()), false);
        output.push(Arc::new(nested));
        Ok(Nested {
            input: Arc::new(schema.clone()),
            output: Arc::new(Schema::new(output)),
            fields,
            outside,
            inside,
        })
    }
}

impl Nested {
    /// The schema of nested batches.
    pub fn schema(&self) -> &SchemaRef {
        &self.output
    }

    /// Moves the columns of `batch`, which has the planned schema, without copying a value. The
    /// nested column itself is never null.
    ///
    /// # Errors
    /// INTERNAL where the batch has other columns than the plan was made for.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        if batch.num_columns() != self.input.fields().len() {
            return Err(internal(format!(
                "{} columns, planned were {}",
                batch.num_columns(),
                self.input.fields().len()
            )));
        }
        let select = |columns: &[usize]| -> Vec<ArrayRef> {
            let columns = columns.iter().filter_map(|i| batch.columns().get(*i));
            columns.cloned().collect()
        };
        let nested = StructArray::try_new(self.fields.clone(), select(&self.inside), None)
            .map_err(internal)?;
        let mut columns = select(&self.outside);
        columns.push(Arc::new(nested));
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.output), columns, &options)
            .map_err(internal)
    }
}

fn internal(message: impl ToString) -> Error {
    Error::new(
        &codes::INTERNAL,
        format!("nesting got {}", message.to_string()),
    )
    .next("report it with the job's schema")
}
