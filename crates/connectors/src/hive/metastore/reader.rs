//! The worker's side: the columns of the partition beside those of the file.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Limit, SourceOutput, SourceReader, SourceSnapshot, SourceStatus,
};

use super::length::Length;
use super::tree::{Tree, Values};
use crate::rows::{Parsed, Rows};

/// Where a column of the source comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// From the file: its number among those that are read of it, and how long its texts are.
    File(usize, Option<Length>),
    /// From the partition: its number among those of partitions.
    Partition(usize),
}

/// Reads files, and puts the columns of their partitions beside their rows.
pub(super) struct TableReader {
    files: Box<dyn SourceReader<Parsed>>,
    tree: Arc<Tree>,
    places: Arc<Vec<Place>>,
    schema: SchemaRef,
    /// The file of the newest rows, and the values of its partition.
    current: Option<(Arc<str>, Values)>,
}

impl TableReader {
    pub(super) fn new(
        files: Box<dyn SourceReader<Parsed>>,
        tree: Arc<Tree>,
        places: Arc<Vec<Place>>,
        schema: SchemaRef,
    ) -> Self {
        Self {
            files,
            tree,
            places,
            schema,
            current: None,
        }
    }

    fn values(&mut self, file: &Arc<str>) -> Result<Values> {
        if let Some((current, values)) = &self.current
            && Arc::ptr_eq(current, file)
        {
            return Ok(Arc::clone(values));
        }
        let values = self.tree.values(Path::new(file.as_ref()))?;
        self.current = Some((Arc::clone(file), Arc::clone(&values)));
        Ok(values)
    }

    fn complete(&mut self, rows: &mut Rows) -> Result<()> {
        let values = self.values(&rows.origin.file)?;
        let count = rows.batch.num_rows();
        let first = UInt32Array::from_value(0, count);
        let columns = self.places.iter().map(|place| match place {
            Place::File(column, length) => {
                let column = rows.batch.columns().get(*column).ok_or_else(broken)?;
                Ok(match length {
                    Some(length) => length.apply(column),
                    None => Arc::clone(column),
                })
            }
            Place::Partition(key) => {
                let value = values.get(*key).ok_or_else(broken)?;
                take(value, &first, None).map_err(|error| broken().cause(error))
            }
        });
        let columns: Vec<ArrayRef> = columns.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        rows.batch = batch.map_err(|error| broken().cause(error))?;
        Ok(())
    }
}

fn broken() -> Error {
    let message = "columns of a file and of its partition do not fit together";
    Error::new(&codes::INTERNAL, message)
}

impl SourceReader<Parsed> for TableReader {
    fn poll(&mut self, out: &mut SourceOutput<Parsed>, limit: Limit) -> Result<SourceStatus> {
        let before = out.records().len();
        let status = self.files.poll(out, limit)?;
        for parsed in out.records().iter_mut().skip(before) {
            if let Parsed::Rows(rows) = parsed {
                self.complete(rows)?;
            }
        }
        Ok(status)
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        self.files.snapshot(checkpoint)
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        self.files.checkpoint_ended(checkpoint, completed)
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        self.files.found(announcement)
    }
}
