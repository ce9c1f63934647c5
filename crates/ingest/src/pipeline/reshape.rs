//! `sink.merge.*`: flat columns become one nested column.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use millstream::Collector;
use millstream_connectors::rows::Rows;
use millstream_core::Result;
use millstream_sql::{Nest, Nested};

use crate::parameters::MergeSettings;

/// Nests the columns of every batch. What goes where is worked out before the job starts; with the first batch
/// where a source without a schema does not know its columns earlier.
#[derive(Clone)]
pub(super) struct Reshape {
    merge: MergeSettings,
    planned: Option<Nested>,
}

impl Reshape {
    /// Nests as `merge` says, columns as in `schema` if they are known.
    ///
    /// # Errors
    /// The settings do not fit the columns.
    pub(super) fn new(merge: MergeSettings, schema: Option<&Schema>) -> Result<Self> {
        let planned = schema.map(|schema| plan(&merge, schema)).transpose()?;
        Ok(Self { merge, planned })
    }

    /// What becomes of `rows`.
    pub(super) fn apply(&self, rows: &RecordBatch) -> Result<RecordBatch> {
        match &self.planned {
            Some(planned) => planned.apply(rows),
            None => plan(&self.merge, rows.schema_ref())?.apply(rows),
        }
    }

    pub(super) fn nest(&mut self, rows: Rows, out: &mut Collector<Rows>) -> Result<()> {
        let planned = match self.planned.take() {
            Some(planned) => planned,
            None => plan(&self.merge, &rows.batch.schema())?,
        };
        out.collect(Rows {
            batch: planned.apply(&rows.batch)?,
            origin: rows.origin,
        });
        self.planned = Some(planned);
        Ok(())
    }
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
