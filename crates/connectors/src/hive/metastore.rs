//! Tables of Hive, read from their files: the metastore tells where they are, and HiveServer2 is not asked.
//!
//! A table is a source of files whose directories are those of its partitions, and everything that is true of files is true
//! of it: positions, the ledger, what changes and what is lost. A partition's columns are put beside the rows of its files.
//!
//! - [`types`], [`length`], [`table`], [`partition`]: what the metastore says of a table, and what of it can be read. Pure.
//! - [`address`], [`client`], [`trouble`]: who is asked, how, and what goes wrong.
//! - [`tree`]: the directories of the partitions there are. [`lazy`]: text as Hive's LazySimpleSerDe reads it.
//! - [`reader`]: the worker's side. [`enumerator`]: who announces files. [`inspection`]: whether a source would start.

mod address;
mod client;
mod enumerator;
mod inspection;
mod lazy;
mod length;
mod partition;
mod reader;
mod table;
mod tree;
mod trouble;
mod types;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Enumerator, EnumeratorContext, Source, SourceContext, SourceReader,
};
use millstream_hdfs::{Clusters, HdfsUrl};
use millstream_objects::Stores;

pub use address::MetastoreUrl;

use self::client::Client;
use self::enumerator::TableEnumerator;
use self::lazy::LazyTextSource;
use self::reader::{Place, TableReader};
use self::table::{Format, Table};
use self::tree::Tree;
use super::options::Login;
use crate::files_source::{
    ColumnFileOptions, ColumnFileSource, Condition, Intake, Places, ReadSizes, Root, Several, Watch,
};
use crate::rows::Parsed;

/// What a source of a table of Hive is asked to do.
#[derive(Debug, Clone)]
pub struct HiveTableOptions {
    /// The metastore.
    pub url: MetastoreUrl,
    /// Who reads, where the metastore asks.
    pub login: Login,
    /// The table: `table` or `database.table`.
    pub table: String,
    /// Which partitions are read, as the metastore takes a filter; `None`: all.
    pub filter: Option<String>,
    /// Whether to look for new partitions and files.
    pub watch: Watch,
    /// What becomes of files that change, are gone or can't be read.
    pub intake: Intake,
    /// How much is read at once.
    pub sizes: ReadSizes,
    /// Whether records of text are kept as they came beside the rows that they become.
    pub keep_raw: bool,
    /// What lies behind `s3://`; `None`: nothing that can be read.
    pub stores: Option<Stores>,
    /// What lies behind `hdfs://`; `None`: nothing that can be read.
    pub clusters: Option<Clusters>,
}

/// The files below a table's directories.
#[derive(Debug, Clone)]
enum Files {
    Columns(Box<ColumnFileSource>),
    Text(Box<LazyTextSource>),
}

/// Reads the files of a table of Hive. What is read, and what is refused, is in `docs/guide/hive.md`.
#[derive(Debug, Clone)]
pub struct HiveTableSource {
    files: Files,
    table: Arc<Table>,
    tree: Arc<Tree>,
    /// The columns that are handed out; where each comes from.
    places: Arc<Vec<Place>>,
    schema: SchemaRef,
}

impl HiveTableSource {
    /// The source that `options` describe. Asks the metastore for the table, and looks at its directories once: what can't
    /// work fails here.
    ///
    /// # Errors
    /// The metastore is away, there is no such table, it is of a kind that is not read, or its files can't be.
    pub fn new(options: HiveTableOptions) -> Result<Self> {
        let mut client = Client::new(options.url, options.login);
        let (database, name) = table_name(&options.table);
        let found = client.table(&database, &name)?;
        let table = Arc::new(Table::of(&found)?);
        let places = Places {
            stores: options.stores.as_ref(),
            clusters: options.clusters.as_ref(),
        };
        let mut root = Root::away(&table.location, places)
            .map_err(|error| unreachable_location(&table, &error))?;
        let changed = options.intake.changed;
        let tree = Tree::new(Arc::clone(&table), client, options.filter, changed)?;
        let tree = Arc::new(tree);
        let directories: Arc<Tree> = Arc::clone(&tree);
        root.several = Some(Several::new(directories));
        let files = match &table.format {
            Format::Columns(format) => {
                let source = ColumnFileSource::in_root(
                    root,
                    ColumnFileOptions {
                        path: PathBuf::new(),
                        format: *format,
                        schema: Some(Arc::clone(&table.columns)),
                        watch: options.watch,
                        intake: options.intake,
                        sizes: options.sizes,
                        stores: None,
                        clusters: None,
                    },
                )?;
                Files::Columns(Box::new(source.by_place_where_unnamed()))
            }
            Format::Text(look) => {
                let text = LazyTextSource::new(
                    root,
                    look,
                    &table.columns,
                    lazy::Options {
                        watch: options.watch,
                        intake: options.intake,
                        sizes: options.sizes,
                        keep_raw: options.keep_raw,
                    },
                )?;
                Files::Text(Box::new(text))
            }
        };
        let source = Self {
            files,
            schema: table.all(),
            places: Arc::default(),
            table,
            tree,
        };
        Ok(source.all_columns())
    }

    /// All columns, those of the partitions behind the others.
    pub fn schema(&self) -> SchemaRef {
        self.table.all()
    }

    /// The columns of the batches that are handed out.
    pub fn batch_schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn all_columns(mut self) -> Self {
        let of_files = self.table.columns.fields().len();
        let places =
            (0..self.schema.fields().len()).map(|column| match column.checked_sub(of_files) {
                None => Place::File(column, self.table.length(column)),
                Some(key) => Place::Partition(key),
            });
        self.places = Arc::new(places.collect());
        self
    }

    /// The same source with the columns at `wanted` only, in that order.
    ///
    /// # Errors
    /// There is no such column, or one of a type that isn't read.
    pub fn with_projection(mut self, wanted: &[usize]) -> Result<Self> {
        let all = self.table.all();
        let of_files = self.table.columns.fields().len();
        let (mut places, mut fields, mut read) = (Vec::new(), Vec::new(), Vec::new());
        for column in wanted {
            let field = all.fields().get(*column).ok_or_else(|| {
                let message = "a column is wanted that the table does not have";
                Error::new(&codes::INTERNAL, message)
            })?;
            fields.push(Arc::clone(field));
            places.push(match column.checked_sub(of_files) {
                Some(key) => Place::Partition(key),
                None => {
                    read.push(*column);
                    Place::File(read.len() - 1, self.table.length(*column))
                }
            });
        }
        self.files = match self.files {
            Files::Columns(source) => Files::Columns(Box::new(source.with_projection(read)?)),
            Files::Text(source) => Files::Text(Box::new(source.with_projection(read)?)),
        };
        self.places = Arc::new(places);
        self.schema = Arc::new(Schema::new(fields));
        Ok(self)
    }

    /// The same source, of whose rows only those are wanted of which all `conditions` are so: partitions of which they can't
    /// be are not read.
    #[must_use]
    pub fn with_conditions(mut self, conditions: Vec<Condition>) -> Self {
        let of_files = self.table.columns.fields().len();
        let (files, keys): (Vec<_>, Vec<_>) = conditions
            .into_iter()
            .partition(|condition| condition.column < of_files);
        let tests = keys
            .into_iter()
            .map(|condition| (condition.column - of_files, condition.test));
        self.tree.only(tests.collect());
        // What files say is of texts as they were written.
        let is_of_files = |condition: &Condition| self.table.length(condition.column).is_none();
        let files: Vec<_> = files.into_iter().filter(is_of_files).collect();
        if let Files::Columns(source) = self.files {
            self.files = Files::Columns(Box::new(source.with_conditions(files)));
        }
        self
    }

    /// The same source, which notes in the directory `place` what people are told of each file.
    #[must_use]
    pub fn with_book(mut self, place: PathBuf) -> Self {
        self.files = match self.files {
            Files::Columns(source) => Files::Columns(Box::new(source.with_book(place))),
            Files::Text(source) => Files::Text(Box::new(source.with_book(place))),
        };
        self
    }

    fn inner(&self) -> &dyn Source<Parsed> {
        match &self.files {
            Files::Columns(source) => source.as_ref(),
            Files::Text(source) => source.as_ref(),
        }
    }
}

impl Source<Parsed> for HiveTableSource {
    fn is_bounded(&self) -> bool {
        self.inner().is_bounded()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<Parsed>>> {
        let inner = self.inner().open(context)?;
        Ok(Box::new(TableReader::new(
            inner,
            Arc::clone(&self.tree),
            Arc::clone(&self.places),
            Arc::clone(&self.schema),
        )))
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        let Some(files) = self.inner().enumerator(context)? else {
            return Ok(None);
        };
        let enumerator = TableEnumerator::new(files, Arc::clone(&self.tree));
        Ok(Some(Box::new(enumerator)))
    }
}

/// The database and the table of a name.
fn table_name(text: &str) -> (String, String) {
    let plain = |name: &str| name.trim().trim_matches('`').to_lowercase();
    match text.split_once('.') {
        Some((database, table)) => (plain(database), plain(table)),
        None => ("default".to_owned(), plain(text)),
    }
}

fn unreachable_location(table: &Table, error: &std::io::Error) -> Error {
    let message = format!(
        "{table} lies at {}, which can't be read",
        table.location.display()
    );
    Error::new(&codes::SOURCE_PATH, message)
        .cause(error)
        .next("give the settings of that store (s3.*, hadoop.*), or read a table that lies on this machine, in HDFS or in an object store")
}

/// A place as the metastore names it, as files are got at: a path of this machine or a URL. `None`: it is in a file system
/// that is not read.
fn place_of(location: &str) -> Option<PathBuf> {
    let (scheme, rest) = match location.split_once(':') {
        Some((scheme, rest)) if !scheme.contains('/') => (scheme.to_ascii_lowercase(), rest),
        _ => return Some(PathBuf::from(location)),
    };
    match scheme.as_str() {
        "file" => {
            let path = rest.strip_prefix("//").filter(|rest| rest.starts_with('/'));
            Some(PathBuf::from(path.unwrap_or(rest)))
        }
        "hdfs" => HdfsUrl::parse(location).map(|url| PathBuf::from(url.to_string())),
        "s3" | "s3a" | "s3n" => Some(PathBuf::from(format!("s3:{}", rest.trim_end_matches('/')))),
        _ => None,
    }
}

/// Whether two places are in the same store, so that one source reads both.
fn are_beside(one: &Path, other: &Path) -> bool {
    let store = |path: &Path| {
        let text = path.to_string_lossy();
        let (scheme, rest) = text.split_once("://")?;
        let authority = rest.split('/').next().unwrap_or_default();
        Some(format!("{scheme}://{authority}"))
    };
    store(one) == store(other)
}

/// Whether values of the type are read out of text.
fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested()
}
