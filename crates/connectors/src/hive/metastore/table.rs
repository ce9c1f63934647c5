//! What the metastore says of a table, as far as it has to be known to read its files. Pure.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};
use millstream_hive_thrift::hive_metastore::{self as told, FieldSchema, StorageDescriptor};

use super::lazy::Look;
use super::length::Length;
use super::types::data_type;
use super::{is_plain, place_of};
use crate::files_source::ColumnFormat;

/// A table whose files are read.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) database: String,
    pub(super) name: String,
    /// Its directory.
    pub(super) location: PathBuf,
    /// The columns of its files, all of which may be null.
    pub(super) columns: SchemaRef,
    /// The columns of its partitions.
    pub(super) keys: Vec<Field>,
    /// How long texts of all columns are, those of the partitions behind the others.
    lengths: Vec<Option<Length>>,
    pub(super) format: Format,
    /// What says how its files are read, for partitions that say it otherwise.
    storage: Storage,
}

/// What files hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    Columns(ColumnFormat),
    Text(Look),
}

/// Classes of Java that read and write files.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Storage {
    input: String,
    library: String,
    settings: BTreeMap<String, String>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "table {}.{}", self.database, self.name)
    }
}

impl Table {
    /// The table that the metastore tells of.
    ///
    /// # Errors
    /// SOURCE_TABLE: it is of a kind that is not read.
    pub(super) fn of(told: &told::Table) -> Result<Self> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (database, name) = (text(&told.db_name), text(&told.table_name));
        let refuse = |why: String| refused(&format!("table {database}.{name}"), &why);
        if let Some(why) = kind_refused(told) {
            return Err(refuse(why));
        }
        let none = || refuse("has no files".to_owned());
        let descriptor = told.sd.as_ref().ok_or_else(none)?;
        let storage = Storage::of(descriptor);
        let mut format = storage.format().map_err(&refuse)?;
        if let Format::Text(look) = format {
            format = Format::Text(look.skipping(skipped_lines(told)));
        }
        let location = text(&descriptor.location);
        let location = place_of(&location).ok_or_else(|| {
            refuse(format!(
                "lies at {location}, in a file system that is not read"
            ))
        })?;
        let is_text = matches!(format, Format::Text(_));
        let field = |told: &FieldSchema| {
            let (name, type_) = (text(&told.name), text(&told.type_));
            let found = data_type(&type_).filter(|found| !is_text || is_plain(found));
            let found = found.ok_or_else(|| {
                let of = if is_text { " of text" } else { "" };
                refuse(format!(
                    "has the column `{name}` of the type {type_}, which is not read from files{of}"
                ))
            })?;
            Ok(Field::new(name, found, true))
        };
        let columns = descriptor.cols.iter().flatten();
        let columns: Vec<Field> = columns.map(field).collect::<Result<_>>()?;
        let keys: Vec<Field> = told
            .partition_keys
            .iter()
            .flatten()
            .map(field)
            .collect::<Result<_>>()?;
        let all = descriptor.cols.iter().chain(&told.partition_keys);
        let lengths = all.flatten().map(|told| Length::of(told.type_.as_deref()?));
        let lengths = lengths.collect();
        if let Some(key) = keys.iter().find(|key| !is_key(key.data_type())) {
            let (name, found) = (key.name(), type_in_words(key.data_type()));
            return Err(refuse(format!(
                "is partitioned by `{name}` of the type {found}, which is not read"
            )));
        }
        Ok(Self {
            database,
            name,
            location,
            columns: Arc::new(Schema::new(columns)),
            keys,
            lengths,
            format,
            storage,
        })
    }

    /// All columns, those of the partitions behind the others.
    pub(super) fn all(&self) -> SchemaRef {
        let fields = self.columns.fields().iter().cloned();
        let keys = self.keys.iter().cloned().map(Arc::new);
        Arc::new(Schema::new(fields.chain(keys).collect::<Vec<_>>()))
    }

    /// How long texts of a column are, by its number among all; `None`: any, or they are none.
    pub(super) fn length(&self, column: usize) -> Option<Length> {
        self.lengths.get(column).copied().flatten()
    }

    /// The values of the columns of a partition, as Hive reads them.
    pub(super) fn as_told(&self, keys: &[ArrayRef]) -> Arc<[ArrayRef]> {
        let of_files = self.columns.fields().len();
        let told = keys.iter().enumerate().map(|(key, value)| {
            let length = self.length(of_files + key);
            length.map_or_else(|| Arc::clone(value), |length| length.apply(value))
        });
        told.collect()
    }

    /// Whether the files of a partition are read as those of the table.
    ///
    /// # Errors
    /// SOURCE_TABLE: they are not.
    pub(super) fn check(&self, partition: &str, descriptor: &StorageDescriptor) -> Result<()> {
        let theirs = Storage::of(descriptor);
        let named = || format!("{self}: partition {partition}");
        let format = theirs.format().map_err(|why| refused(&named(), &why))?;
        let own = self.storage.format();
        if own.is_ok_and(|own| own == format) {
            return Ok(());
        }
        let why = match theirs.input == self.storage.input {
            true => "has its fields written otherwise than the table's properties say".to_owned(),
            false => format!(
                "holds files of {}, the table {}",
                theirs.short(),
                self.storage.short()
            ),
        };
        Err(refused(&named(), &why))
    }

    /// What its files are, in a word.
    pub(super) fn files(&self) -> &'static str {
        match self.format {
            Format::Columns(ColumnFormat::Parquet) => "Parquet",
            Format::Columns(ColumnFormat::Orc) => "ORC",
            Format::Text(_) => "text",
        }
    }
}

/// The refusal of a table or partition.
pub(super) fn refused(what: &str, why: &str) -> Error {
    Error::new(&codes::SOURCE_TABLE, format!("{what} {why}"))
        .next("read it over HiveServer2: --source.db.type hive --source.db.url jdbc:hive2://<host>:10000/<database>")
}

/// What is refused about a table of transactions, of which the metastore may not even tell.
pub(super) const TRANSACTIONAL: &str =
    "is transactional (ACID): only Hive knows which rows of its files count";
/// Has columns of Parquet found by their places, whatever they are called.
const BY_PLACE: &str = "parquet.column.index.access";

/// Whether partitions can be told apart by values of the type.
fn is_key(found: &DataType) -> bool {
    is_plain(found) && *found != DataType::Binary
}

/// Why a table is none whose files can be read as they are.
fn kind_refused(told: &told::Table) -> Option<String> {
    let property = |name: &str| {
        let properties = told.parameters.as_ref()?;
        let mut same = properties.iter();
        same.find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    };
    let is = |name: &str, wanted: &str| {
        property(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    let kind = told.table_type.as_deref().unwrap_or_default();
    if kind.contains("VIEW") {
        return Some("is a view, which has no files".to_owned());
    }
    if is("transactional", "true") {
        return Some(TRANSACTIONAL.to_owned());
    }
    let input = told.sd.as_ref().and_then(|sd| sd.input_format.as_deref());
    if is(BY_PLACE, "true") && input == Some(PARQUET) {
        return Some(format!("has {BY_PLACE}, which is not understood"));
    }
    if is("table_type", "iceberg") {
        return Some(
            "is a table of Iceberg: only its own metadata says which files count".to_owned(),
        );
    }
    if is("spark.sql.sources.provider", "delta") {
        return Some(
            "is a table of Delta Lake: only its own log says which files count".to_owned(),
        );
    }
    if let Some(handler) = property("storage_handler") {
        return Some(format!("is not kept in files but by {handler}"));
    }
    let footer = property("skip.footer.line.count").unwrap_or("0");
    if footer != "0" {
        return Some(
            "has skip.footer.line.count, and lines at the end of files are not left out".to_owned(),
        );
    }
    None
}

const TEXT: &str = "org.apache.hadoop.mapred.TextInputFormat";
const LAZY_SIMPLE: &str = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
const PARQUET: &str = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
const PARQUET_LIBRARY: &str = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
const ORC: &str = "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat";
const ORC_LIBRARY: &str = "org.apache.hadoop.hive.ql.io.orc.OrcSerde";

impl Storage {
    fn of(descriptor: &StorageDescriptor) -> Self {
        let library = descriptor.serde_info.as_ref();
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        Self {
            input: text(descriptor.input_format.as_ref()),
            library: text(library.and_then(|info| info.serialization_lib.as_ref())),
            settings: library
                .and_then(|info| info.parameters.clone())
                .unwrap_or_default(),
        }
    }

    fn format(&self) -> std::result::Result<Format, String> {
        match (self.input.as_str(), self.library.as_str()) {
            (PARQUET, _) if self.is_by_place() => {
                Err(format!("has {BY_PLACE}, which is not understood"))
            }
            (PARQUET, PARQUET_LIBRARY) => Ok(Format::Columns(ColumnFormat::Parquet)),
            (ORC, ORC_LIBRARY) => Ok(Format::Columns(ColumnFormat::Orc)),
            (TEXT, LAZY_SIMPLE) => Look::of(&self.settings).map(Format::Text),
            (input, _) if ![TEXT, PARQUET, ORC].contains(&input) => Err(format!(
                "has files of {}, and only Parquet, ORC and text are read",
                self.short()
            )),
            _ => Err(format!(
                "has its files read by {}, and only ParquetHiveSerDe, OrcSerde and LazySimpleSerDe are understood",
                last(&self.library)
            )),
        }
    }

    fn is_by_place(&self) -> bool {
        let on = self.settings.get(BY_PLACE);
        on.is_some_and(|on| on.eq_ignore_ascii_case("true"))
    }

    /// The class that reads its files, without its package.
    fn short(&self) -> &str {
        last(&self.input)
    }
}

fn last(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// How many lines at the beginning of each file are left out, as properties of a table say.
fn skipped_lines(told: &told::Table) -> u64 {
    let properties = told.parameters.as_ref();
    let lines = properties.and_then(|properties| properties.get("skip.header.line.count"));
    lines
        .and_then(|lines| lines.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
