//! Rows of one document meet in one writer, in the order in which their source handed them out.

use arrow::array::RecordBatch;
use millstream::{Collector, DataStream, Fingerprint};
use millstream_connectors::elasticsearch::EsSink;
use millstream_connectors::rows::{Rows, is_json};
use millstream_core::Result;

use super::deduplicate::{Keys, fingerprint};
use super::keyed::Keyed;

/// The same rows, so that `writers` subtasks each have all rows of their documents; `id` are the columns that tell documents
/// apart.
pub(super) fn by_document(
    rows: DataStream<Rows>,
    id: &[String],
    writers: usize,
) -> DataStream<Rows> {
    let documents = Documents::new(id);
    let key = move |rows: Rows, out: &mut Collector<Keyed>| -> Result<()> {
        let fingerprints = documents.fingerprints(&rows.batch)?;
        out.collect(Keyed { rows, fingerprints });
        Ok(())
    };
    rows.flat_map(key)
        .name("Key")
        .partition_by_fingerprint()
        .map(|keyed: Keyed| keyed.rows)
        .name("By document")
        .set_parallelism(writers)
}

/// Tells rows of one document from those of others.
#[derive(Clone)]
struct Documents {
    /// The columns that make the id.
    columns: Vec<String>,
    /// The fields that do so where records are objects as they came.
    fields: Keys,
}

impl Documents {
    fn new(id: &[String]) -> Self {
        Self {
            columns: id.to_vec(),
            fields: Keys::of_fields(id),
        }
    }

    /// The same for rows whose documents have the same id; `None`: the row can be no document.
    ///
    /// # Errors
    /// There is no such column, or it can't make an id.
    fn fingerprints(&self, batch: &RecordBatch) -> Result<Vec<Option<Fingerprint>>> {
        if is_json(batch.schema_ref()) {
            return self.fields.fingerprints(batch);
        }
        let mut all = Vec::with_capacity(batch.num_rows());
        EsSink::each_id(batch, &self.columns, |id| {
            all.push(id.map(|id| fingerprint(id.as_bytes())));
        })?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
