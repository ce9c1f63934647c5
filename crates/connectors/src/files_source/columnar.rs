//! Files of columns as a source: Parquet and ORC.
//!
//! Everything about directories, ledgers and positions is that of files of text; only what a file holds is read here.
//!
//! - [`groups`], [`ranges`]: where groups of rows stand among the offsets that the ledger knows, and which of their rows are read. Pure.
//! - [`ranged`], [`open`], [`parquet`], [`orc`]: the bytes of a file, and a file of either format.
//! - [`times`]: times that are read otherwise than they are handed out.
//! - [`fit`], [`change`]: which columns of a file are read, how their values become those of the source, and which can't.
//! - [`condition`]: what a query says of columns, so that rows need not be read.
//! - [`first`]: the columns where no schema names them: those of the first file, or those that a snapshot keeps.
//! - [`kept`]: what snapshots keep of them, over restarts.
//! - [`fetch`], [`serve`]: the thread that reads and decodes; the worker's side.

mod change;
mod condition;
mod fetch;
mod first;
mod fit;
mod groups;
mod kept;
mod open;
mod orc;
mod parquet;
mod ranged;
mod ranges;
mod serve;
mod times;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{Schema, SchemaRef};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Source, SourceContext, SourceReader,
};
use millstream_hdfs::Clusters;
use millstream_objects::Stores;

pub use condition::{Comparison, Condition, Test};

use self::fetch::{ColumnsFetch, Reading};
use self::first::{Against, first_schema};
use self::fit::{schema_of, wanted};
use self::kept::{Keeping, Kept};
use self::serve::ColumnsServer;
use super::contents::Contents;
use super::failure::Unfit;
use super::listing::{Places, Root};
use super::options::{Changed, Intake, ReadSizes, Watch};
use super::reader::Plan;
use super::{MeetingPlace, root};
use crate::rows::Parsed;

/// The format of files of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnFormat {
    /// Apache Parquet.
    Parquet,
    /// Apache ORC.
    Orc,
}

/// Everything that a [`ColumnFileSource`] can be told.
#[derive(Debug, Clone)]
pub struct ColumnFileOptions {
    /// A directory, all of whose files are read, or one file.
    pub path: PathBuf,
    /// The format of the files.
    pub format: ColumnFormat,
    /// The columns, by their names. `None`: those of the first file, with its types.
    pub schema: Option<SchemaRef>,
    /// Whether to look for new files.
    pub watch: Watch,
    /// What becomes of files that change, are gone or can't be read.
    pub intake: Intake,
    /// How much is read at once; of records nothing is asked.
    pub sizes: ReadSizes,
    /// What lies behind `s3://`; `None`: no objects can be read.
    pub stores: Option<Stores>,
    /// What lies behind `hdfs://`; `None`: no files of HDFS can be read.
    pub clusters: Option<Clusters>,
}

impl ColumnFileOptions {
    /// Reads `path` once, with the columns that its first file has.
    pub fn new(path: impl Into<PathBuf>, format: ColumnFormat) -> Self {
        Self {
            path: path.into(),
            format,
            schema: None,
            watch: Watch::Once,
            intake: Intake::default(),
            sizes: ReadSizes::default(),
            stores: None,
            clusters: None,
        }
    }
}

/// The columns that are read, all of a file's before the projection.
#[derive(Debug)]
struct Columns {
    schema: SchemaRef,
    /// `None`: some are of types that aren't read, and nobody has said yet which are wanted.
    batch: Option<SchemaRef>,
}

/// Columns that may be known only when the first file is there. Shared by the readers of a process.
#[derive(Debug, Clone, Default)]
struct SharedColumns {
    projection: Option<Vec<usize>>,
    /// Whether columns of files that have no names (`_col0`, `_col1`, …) are those at their places.
    by_place: bool,
    known: Arc<OnceLock<Arc<Columns>>>,
}

impl SharedColumns {
    fn new(schema: Option<SchemaRef>, projection: Option<Vec<usize>>) -> Result<Self> {
        let shared = Self {
            projection,
            by_place: false,
            known: Arc::default(),
        };
        if let Some(schema) = schema {
            let batch = match wanted(&schema, shared.projection.as_deref()) {
                Err(_) if shared.projection.is_none() && !schema.fields().is_empty() => None,
                batch => Some(batch?),
            };
            let columns = Columns { schema, batch };
            // Nobody else has it yet.
            drop(shared.known.set(Arc::new(columns)));
        }
        Ok(shared)
    }
}

impl Columns {
    /// The columns that are read, which the first file tells if nothing else has.
    fn of_first(shared: &SharedColumns, file: &Schema) -> Result<Arc<Self>, Unfit> {
        if let Some(known) = shared.known.get() {
            return Ok(Arc::clone(known));
        }
        let unfit = |error: Error| Unfit::Schema(error.message().to_owned());
        let schema = Arc::new(schema_of(file).map_err(unfit)?);
        let batch = wanted(&schema, shared.projection.as_deref()).map_err(unfit)?;
        let batch = Some(batch);
        let columns = Arc::new(Self { schema, batch });
        // Another reader may have been quicker, with another file.
        Ok(Arc::clone(shared.known.get_or_init(|| columns)))
    }
}

/// Reads the files of a directory as columns.
///
/// The position is file, group and row, and belongs to the snapshot; the rows that come out do not depend on the
/// parallelism, nor on how often it changes. Only columns that are wanted are read, and groups and pages of which
/// the [conditions](Self::with_conditions) can't be so are not; how many rows those are is handed out all the same
/// ([`Parsed::LeftOut`]). Rows with a value that is none of its column's are bad records. What types become is in `docs/guide/columns.md`.
#[derive(Debug, Clone)]
pub struct ColumnFileSource {
    plan: Plan,
    format: ColumnFormat,
    shared: SharedColumns,
    /// Whether a schema was given, so that no file tells the columns.
    is_given: bool,
    conditions: Arc<Vec<(String, Test)>>,
}

impl ColumnFileSource {
    /// The source that `options` describe. Looks at the directory once: what can't work fails here, and the first file
    /// tells the columns if no schema does.
    ///
    /// # Errors
    /// The path can't be read or holds a directory, options contradict each other, or the first file does not fit.
    pub fn new(options: ColumnFileOptions) -> Result<Self> {
        let places = Places {
            stores: options.stores.as_ref(),
            clusters: options.clusters.as_ref(),
        };
        let root = root(&options.path, options.watch, places)?;
        Self::in_root(root, options)
    }

    /// The same, of the files below `root` instead of those at the path.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub(crate) fn in_root(root: Root, options: ColumnFileOptions) -> Result<Self> {
        if options.intake.changed == Changed::Append {
            let message = "a file of columns ends with what tells where they are, so nothing can be appended to it";
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("set source.file.changed to another value than append"));
        }
        let mut sizes = options.sizes.bounded();
        // Groups stand at even places, so that there is room for a position before the end of a split.
        sizes.split = sizes.split.max(2) & !1;
        let plan = Plan {
            root,
            contents: Contents::Columns,
            watch: options.watch,
            intake: options.intake,
            sizes,
            meeting: MeetingPlace::default(),
            book: None,
        };
        let files = plan.look()?;
        let given = options.schema.map(|schema| {
            let fields = schema.fields().iter();
            let fields: Vec<_> = fields
                .map(|field| field.as_ref().clone().with_nullable(true))
                .collect();
            Arc::new(Schema::new(fields))
        });
        let against = given.as_ref().map_or(Against::Nothing, Against::Given);
        let found = first_schema(&plan, options.format, &files, against)?;
        Ok(Self {
            is_given: given.is_some(),
            shared: SharedColumns::new(given.or(found), None)?,
            plan,
            format: options.format,
            conditions: Arc::default(),
        })
    }

    /// All columns, whatever the projection is; all of them may be null. `None`: neither a schema nor a file has told them
    /// yet.
    pub fn schema(&self) -> Option<SchemaRef> {
        let known = self.shared.known.get();
        known.map(|known| Arc::clone(&known.schema))
    }

    /// The columns of the batches that are handed out, if they are known.
    pub fn batch_schema(&self) -> Option<SchemaRef> {
        let known = self.shared.known.get();
        known.and_then(|known| known.batch.clone())
    }

    /// The same source, which notes in the directory `place` what people are told of each file
    /// ([`millstream_core::book`]).
    #[must_use]
    pub fn with_book(mut self, place: PathBuf) -> Self {
        self.plan.book = Some(place);
        self
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column, or one of a type that isn't read.
    pub fn with_projection(mut self, wanted: Vec<usize>) -> Result<Self> {
        let by_place = self.shared.by_place;
        self.shared = SharedColumns::new(self.schema(), Some(wanted))?;
        self.shared.by_place = by_place;
        Ok(self)
    }

    /// The same source with all columns.
    ///
    /// # Errors
    /// One is of a type that isn't read.
    pub fn with_all_columns(self) -> Result<Self> {
        if let Some(schema) = self.schema() {
            wanted(&schema, None)?;
        }
        Ok(self)
    }

    /// The same source, for files that Hive may have written: old ones name their columns `_col0`, `_col1` and so on, and hold
    /// them in the order of the table's.
    #[must_use]
    pub(crate) fn by_place_where_unnamed(mut self) -> Self {
        self.shared.by_place = true;
        self
    }

    /// The same source, of whose rows only those are wanted of which all `conditions` are so. Their columns must be among
    /// those that are read.
    #[must_use]
    pub fn with_conditions(mut self, conditions: Vec<Condition>) -> Self {
        let schema = self.schema();
        let of_rows = conditions.into_iter().filter(|condition| condition.of_rows);
        let named = of_rows.filter_map(|condition| {
            let field = schema.as_ref()?.fields().get(condition.column)?;
            Some((field.name().clone(), condition.test))
        });
        self.conditions = Arc::new(named.collect());
        self
    }
}

impl Source<Parsed> for ColumnFileSource {
    fn is_bounded(&self) -> bool {
        self.plan.is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        if let Some(known) = self.shared.known.get().filter(|it| it.batch.is_none()) {
            wanted(&known.schema, None)?;
        }
        let reading = Reading {
            format: self.format,
            shared: self.shared.clone(),
            conditions: Arc::clone(&self.conditions),
            rows: self.plan.sizes.rows,
            access: self.plan.access(true),
        };
        let server = ColumnsServer::default();
        let reader = self
            .plan
            .open(context, server, |_| ColumnsFetch::new(reading))?;
        Ok(Box::new(reader))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        if self.is_given {
            return self.plan.enumerator(context);
        }
        let restored = context.restored.as_ref();
        let kept = restored.map(|restored| Kept::among(&restored.entries));
        let kept = kept.transpose()?.flatten();
        // Before anything is announced, so that no reader has opened a file.
        if let Some(kept) = &kept {
            kept.go_on(&self.shared, &self.plan.root.shown())?;
        }
        let Some(inner) = self.plan.enumerator(context)? else {
            return Ok(None);
        };
        let keeping = Keeping::new(inner, self.shared.clone(), kept);
        Ok(Some(Box::new(keeping)))
    }
}
