//! Files of delimited text as a source: `csv`, `tsv`, `txt`.
//!
//! A reader consists of the worker's side and two threads: one lists the directory, one reads ahead.
//!
//! - [`listing`], [`discovery`]: which files there are, and when that is looked at.
//! - [`input`], [`decoding`]: the bytes of a file, decompressed, and decoded where that has to come first.
//! - [`scan`], [`stream`]: where records begin; blocks of whole records. A record belongs to the split in
//!   which its first byte lies. Quoted fields may hold line ends, so whether a place is a record's start
//!   is known only by passing over everything before it, which is done at the speed of a search for quotes.
//! - [`fetch`]: the thread that reads.
//! - [`ledger`]: what has been handed out of which file; owners of splits; what goes into snapshots. Pure.
//! - [`table`]: fields, values, columns.
//! - [`records`]: the records of a block.
//! - [`reader`]: the worker's side, which knows no format: also lines of text are read by it.
//!
//! A source is either at rest behind the last record that was handed out, or it has failed: policy about
//! bad records is not its business, it hands them out beside the good ones.

mod charset;
mod decoding;
mod discovery;
mod fetch;
mod format;
mod input;
mod intervals;
mod ledger;
mod listing;
mod options;
mod reader;
mod records;
mod scan;
mod stream;
mod table;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::Result;
use millstream_engine::connector::{Source, SourceContext, SourceReader};

pub use charset::Charset;
pub use format::Format;
pub use options::{Changed, FileSourceOptions, ReadSizes, Watch};

pub(crate) use charset::Reading;
pub(crate) use discovery::Schedule;
pub(crate) use format::{Dialect, Dialects};
pub(crate) use listing::{absolute, list};
pub(crate) use reader::{Decode, Decoded, Plan};
pub(crate) use records::Records;
pub(crate) use scan::{Span, cut};
pub(crate) use table::to_text;

use self::ledger::unreadable;
use self::stream::{RecordStream, Sizes};
use self::table::{Columns, RowsDecoder, SharedColumns, names_of_head};
use crate::rows::Parsed;

/// Reads the files of a directory as rows of a table.
///
/// Positions are byte offsets of records and belong to the snapshot; the records that come out do not
/// depend on the parallelism, nor on how often it changes. What is decided about nulls, quotes, line
/// ends and the rest is in `docs/guide/csv.md`.
///
/// `SourceStatus::Ready` counts good rows and bad records together, so that bad ones are bounded, too.
#[derive(Debug, Clone)]
pub struct FileSource {
    plan: Plan,
    header: bool,
    schema: Option<SchemaRef>,
    projection: Option<Vec<usize>>,
    columns: SharedColumns,
}

impl FileSource {
    /// The source that `options` describe. Looks at the directory once: what can't work fails here, and
    /// the first file names the columns if no schema does.
    ///
    /// # Errors
    /// The path can't be read or holds a directory, options contradict each other, or a column has a type
    /// that is not read from text.
    pub fn new(options: FileSourceOptions) -> Result<Self> {
        let path = absolute(&options.path)?;
        let sizes = options.sizes.bounded();
        let dialects = Arc::new(options.format.compile()?.bounded(sizes.record));
        let header = options.format.header;
        let columns = match &options.schema {
            Some(schema) => Some(Columns::typed(schema, options.projection.as_deref())?),
            None => infer(&path, &dialects, sizes, header)?
                .map(|names| Columns::named(names, options.projection.as_deref(), header))
                .transpose()?,
        };
        // Fails for a path that is not there even if the columns are known.
        list(&path)?;
        let plan = Plan {
            path,
            dialects,
            schedule: schedule(options.watch),
            changed: options.changed,
            sizes,
            head: header || columns.is_none(),
            skip_head: header,
        };
        let shared = SharedColumns::new(OnceLock::new());
        if let Some(columns) = columns {
            // Nobody else has it yet.
            drop(shared.set(Arc::new(columns)));
        }
        let (schema, projection) = (options.schema, options.projection);
        Ok(Self {
            plan,
            header,
            schema,
            projection,
            columns: shared,
        })
    }

    /// All columns of a record, whatever the projection is; all of them may be null. `None`: neither a
    /// schema nor a file has told them yet.
    pub fn schema(&self) -> Option<SchemaRef> {
        if let Some(schema) = &self.schema {
            let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
            let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
            return Some(Arc::new(Schema::new(fields)));
        }
        let names = self.columns.get()?.names();
        let fields: Vec<Field> = names
            .iter()
            .map(|name| Field::new(name, DataType::Utf8, true))
            .collect();
        Some(Arc::new(Schema::new(fields)))
    }

    /// The columns of the batches that are handed out, if they are known.
    pub fn batch_schema(&self) -> Option<SchemaRef> {
        self.columns
            .get()
            .map(|columns| Arc::clone(columns.batch()))
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column.
    pub fn with_projection(mut self, wanted: Vec<usize>) -> Result<Self> {
        self.projection = Some(wanted);
        let shared = SharedColumns::new(OnceLock::new());
        if let Some(columns) = self.columns.get() {
            let projection = self.projection.as_deref();
            let columns = match &self.schema {
                Some(schema) => Columns::typed(schema, projection)?,
                None => Columns::named(columns.names().to_vec(), projection, self.header)?,
            };
            drop(shared.set(Arc::new(columns)));
        }
        self.columns = shared;
        Ok(self)
    }
}

impl Source<Parsed> for FileSource {
    fn is_bounded(&self) -> bool {
        self.plan.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let decoder = RowsDecoder::new(
            Arc::clone(&self.plan.dialects),
            self.header,
            self.projection.clone(),
            Arc::clone(&self.columns),
        );
        Ok(Box::new(self.plan.open::<Parsed, _>(context, decoder)?))
    }
}

/// When a source that watches so looks at its directory.
pub(crate) fn schedule(watch: Watch) -> Schedule {
    match watch {
        Watch::Once => Schedule::Once(Arc::default()),
        Watch::Continuously { interval } => Schedule::Every(interval),
    }
}

/// The names of the columns by the first file that has a record.
fn infer(
    path: &Path,
    dialects: &Dialects,
    sizes: ReadSizes,
    header: bool,
) -> Result<Option<Vec<String>>> {
    for file in list(path)? {
        let sizes = Sizes {
            block: sizes.block,
            record: sizes.record,
        };
        let head = RecordStream::open(&file, dialects.clone(), sizes)
            .and_then(|mut stream| stream.take_head())
            .map_err(|error| unreadable(&file.path, &error))?;
        if let Some(head) = head {
            return names_of_head(&file.path, dialects, &head, header).map(Some);
        }
    }
    Ok(None)
}
