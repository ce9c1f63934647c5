//! `sink.merge.*`: flat columns become one nested column.

use millstream::Collector;
use millstream_connectors::rows::Rows;
use millstream_core::Result;
use millstream_sql::{Nest, Nested};

/// Nests the columns of every batch. What goes where is worked out with the first batch: before it, a source
/// without a schema may not know its columns.
#[derive(Clone)]
pub(super) struct Reshape {
    nest: Nest,
    planned: Option<Nested>,
}

impl Reshape {
    pub(super) fn new(nest: Nest) -> Self {
        Self {
            nest,
            planned: None,
        }
    }

    pub(super) fn nest(&mut self, rows: Rows, out: &mut Collector<Rows>) -> Result<()> {
        let planned = match self.planned.take() {
            Some(planned) => planned,
            None => self.nest.plan(&rows.batch.schema())?,
        };
        out.collect(Rows {
            batch: planned.apply(&rows.batch)?,
            origin: rows.origin,
        });
        self.planned = Some(planned);
        Ok(())
    }
}
