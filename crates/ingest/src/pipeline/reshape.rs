//! `sink.merge.*`: flat columns become one nested column.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use millstream::Collector;
use millstream_connectors::kafka::AROUND;
use millstream_connectors::rows::Rows;
use millstream_core::{Error, Result, codes};
use millstream_sql::{Nest, Nested};

use crate::parameters::MergeSettings;

/// How many bytes a row has more in JSON once its columns are nested in `field`, at most: `"field":{},`.
pub(super) fn bytes_around(field: &str) -> usize {
    let quoted = serde_json::to_string(field).map_or(field.len(), |quoted| quoted.len());
    quoted + ":{},".len()
}

/// Nests the columns of every batch. What goes where is worked out before the job starts; with the first batch
/// where a source without a schema does not know its columns earlier.
#[derive(Clone)]
pub(super) struct Reshape {
    merge: MergeSettings,
    planned: Option<Nested>,
    /// Whether what stands around a message stays outside.
    around: bool,
}

impl Reshape {
    /// Nests as `merge` says, columns as in `schema` if they are known.
    ///
    /// # Errors
    /// The settings do not fit the columns.
    pub(super) fn new(merge: MergeSettings, schema: Option<&Schema>, around: bool) -> Result<Self> {
        let planned = schema.map(|schema| {
            let places = inside(schema, around);
            let schema = schema.project(&places).map_err(|error| internal(&error))?;
            plan(&merge, &schema)
        });
        Ok(Self {
            planned: planned.transpose()?,
            merge,
            around,
        })
    }

    /// What becomes of `rows`.
    pub(super) fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let inner = self.inner(rows)?;
        let nested = match &self.planned {
            Some(planned) => planned.apply(&inner)?,
            None => plan(&self.merge, inner.schema_ref())?.apply(&inner)?,
        };
        self.put_back(rows, nested)
    }

    fn inner(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        let places = inside(rows.schema_ref(), self.around);
        rows.project(&places).map_err(|error| internal(&error))
    }

    /// The nested rows, and what stays outside.
    fn put_back(&self, rows: &RecordBatch, nested: RecordBatch) -> Result<RecordBatch> {
        if inside(rows.schema_ref(), self.around).len() == rows.num_columns() {
            return Ok(nested);
        }
        let mut fields = nested.schema_ref().fields().to_vec();
        let mut columns = nested.columns().to_vec();
        for (field, column) in rows.schema_ref().fields().iter().zip(rows.columns()) {
            if AROUND.contains(&field.name().as_str()) {
                fields.push(Arc::clone(field));
                columns.push(Arc::clone(column));
            }
        }
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new(schema, columns).map_err(|error| internal(&error))
    }

    pub(super) fn nest(&mut self, rows: Rows, out: &mut Collector<Rows>) -> Result<()> {
        let inner = self.inner(&rows.batch)?;
        let planned = match self.planned.take() {
            Some(planned) => planned,
            None => plan(&self.merge, inner.schema_ref())?,
        };
        out.collect(Rows {
            batch: self.put_back(&rows.batch, planned.apply(&inner)?)?,
            origin: rows.origin,
        });
        self.planned = Some(planned);
        Ok(())
    }
}

/// The places of the columns that are nested or stand beside what is nested.
fn inside(schema: &Schema, around: bool) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields
        .filter(|(_, field)| !around || !AROUND.contains(&field.name().as_str()))
        .map(|(place, _)| place)
        .collect()
}

fn internal(error: &arrow::error::ArrowError) -> Error {
    Error::new(&codes::INTERNAL, "columns can't be taken out of rows").cause(error)
}

/// Names that were given must be there; the default is left out where there is no such column.
fn plan(merge: &MergeSettings, schema: &Schema) -> Result<Nested> {
    let mut exclude = merge.exclude.clone();
    if !merge.exclude_given {
        exclude.retain(|name| schema.column_with_name(name).is_some());
    }
    let nest = Nest {
        field: merge.field.clone(),
        exclude,
    };
    nest.plan(schema)
}
