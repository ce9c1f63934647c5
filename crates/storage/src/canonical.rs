//! Format `canonical`, version 2: Parquet, one row for each entry of state, in the order of key groups.
//!
//! | column | type | |
//! |---|---|---|
//! | `key_group` | `UInt16` | the key group of the key |
//! | `key` | as the program's type | a struct has real sub-columns |
//! | `namespace` | `Utf8`, may be null | the time of a timer, in milliseconds; null for state that has none |
//! | `map_key` | as the program's type | the entry's key in the map; of maps only |
//! | `list_index` | `UInt64` | the element's position in the list, from 0; of lists only |
//! | `value` | as the program's type | |
//!
//! In version 1 a map or list was one row, and its value a map or list.
//!
//! The schema's metadata holds `millstream.format-version`. What the columns `key` and `value` are made of is the
//! business of the state backend that writes them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, UInt16Array};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use millstream_core::{KeyGroupRange, Result};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::properties::WriterProperties;
use parquet::file::statistics::Statistics;

use crate::fail;
use crate::files::StateFile;
use crate::metadata::FileEntry;
use crate::verify::VerifiedFile;
use crate::write::StateFileWriter;

const VERSION_KEY: &str = "millstream.format-version";
const VERSION: u64 = 2;
/// Rows are ordered by key group, so small row groups let a restore leave out what it does not own.
const ROW_GROUP_ROWS: usize = 64 * 1024;
const ROW_GROUP_BYTES: usize = 64 * 1024 * 1024;

/// The schema of a canonical file whose keys and values are of these fields; their names become `key` and
/// `value`. `place` is what tells the entries of one key apart, with its own name.
pub fn schema(key: &FieldRef, place: Option<Field>, value: &FieldRef) -> SchemaRef {
    let mut fields = vec![
        Field::new("key_group", DataType::UInt16, false),
        key.as_ref().clone().with_name("key"),
        Field::new("namespace", DataType::Utf8, true),
    ];
    fields.extend(place);
    fields.push(value.as_ref().clone().with_name("value"));
    let metadata = [(VERSION_KEY.to_string(), VERSION.to_string())];
    Arc::new(Schema::new_with_metadata(fields, metadata.into()))
}

/// Writes a canonical file.
pub struct CanonicalWriter {
    parquet: ArrowWriter<StateFileWriter>,
    path: PathBuf,
    entries: u64,
}

impl CanonicalWriter {
    /// Begins the file with a schema made by [`schema`].
    ///
    /// # Errors
    /// Parquet has no such type, or the file can't be written.
    pub fn new(file: StateFileWriter, schema: SchemaRef) -> Result<Self> {
        let path = file.path().to_path_buf();
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_max_row_group_bytes(Some(ROW_GROUP_BYTES))
            .set_created_by(format!("millstream {}", env!("CARGO_PKG_VERSION")))
            .build();
        let parquet = ArrowWriter::try_new(file, schema, Some(properties))
            .map_err(|cause| fail::write(&path, cause))?;
        Ok(Self {
            parquet,
            path,
            entries: 0,
        })
    }

    /// Writes the rows of `batch`. Key groups must not go back from one row to the next.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.parquet
            .write(batch)
            .map_err(|cause| fail::write(&self.path, cause))?;
        self.entries += batch.num_rows() as u64;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file can't be written to its end.
    pub fn finish(self, key_groups: KeyGroupRange) -> Result<FileEntry> {
        // Writes the footer on the way.
        let file = self
            .parquet
            .into_inner()
            .map_err(|cause| fail::write(&self.path, cause))?;
        file.finish(key_groups, self.entries)
    }
}

/// Reads a canonical file batch by batch.
pub struct CanonicalReader {
    batches: ParquetRecordBatchReader,
    file: VerifiedFile,
    version: u64,
}

impl CanonicalReader {
    /// Opens the file. Row groups without any key of `key_groups` are left out; the batches may still hold
    /// rows of other groups.
    ///
    /// # Errors
    /// The file is missing, not Parquet with the columns of a canonical file, or of a newer version; names the file.
    pub fn open(file: &VerifiedFile, key_groups: KeyGroupRange) -> Result<Self> {
        let path = file.path();
        let damaged = |cause| file.not_understood(format!("it can't be read as Parquet, {cause}"));
        let builder =
            ParquetRecordBatchReaderBuilder::<StateFile>::try_new(file.open()?).map_err(damaged)?;
        let version = check_schema(path, builder.schema())?;
        let wanted = wanted_row_groups(builder.metadata(), key_groups);
        let batches = builder.with_row_groups(wanted).build().map_err(damaged)?;
        Ok(Self {
            batches,
            file: file.clone(),
            version,
        })
    }

    /// Whether each entry of a map or list has a row of its own, as since version 2.
    pub fn is_by_entry(&self) -> bool {
        self.version >= 2
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// The file can't be read; names the file.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        self.batches.next().transpose().map_err(|cause| {
            self.file
                .not_understood(format!("it can't be read as Parquet, {cause}"))
        })
    }
}

/// The column `key_group` of a batch of a canonical file.
///
/// # Errors
/// There is no such column; `path` is named.
pub fn key_groups<'a>(batch: &'a RecordBatch, path: &Path) -> Result<&'a UInt16Array> {
    batch
        .column_by_name("key_group")
        .and_then(|column| column.as_any().downcast_ref::<UInt16Array>())
        .filter(|column| column.null_count() == 0)
        .ok_or_else(|| fail::corrupt(path, "it has no column `key_group` of small whole numbers"))
}

/// The version of the format.
fn check_schema(path: &Path, schema: &Schema) -> Result<u64> {
    let version = schema
        .metadata()
        .get(VERSION_KEY)
        .and_then(|text| text.parse::<u64>().ok());
    let version = match version {
        Some(version) if version > VERSION => return Err(fail::newer(path, version, VERSION)),
        Some(version) => version,
        None => {
            return Err(fail::corrupt(
                path,
                "it is Parquet, but not of a Millstream snapshot",
            ));
        }
    };
    for column in ["key_group", "key", "value"] {
        if schema.field_with_name(column).is_err() {
            return Err(fail::corrupt(path, format!("it has no column `{column}`")));
        }
    }
    Ok(version)
}

fn wanted_row_groups(metadata: &ParquetMetaData, key_groups: KeyGroupRange) -> Vec<usize> {
    let is_wanted = |row_group: &RowGroupMetaData| {
        // Where there are no statistics the rows themselves decide.
        key_group_bounds(row_group).is_none_or(|(lowest, highest)| {
            lowest < i32::from(key_groups.end) && i32::from(key_groups.start) <= highest
        })
    };
    let row_groups = metadata.row_groups().iter().enumerate();
    row_groups
        .filter(|(_, row_group)| is_wanted(row_group))
        .map(|(index, _)| index)
        .collect()
}

fn key_group_bounds(row_group: &RowGroupMetaData) -> Option<(i32, i32)> {
    let column = row_group
        .columns()
        .iter()
        .find(|column| column.column_path().string() == "key_group");
    match column?.statistics()? {
        Statistics::Int32(values) => Some((*values.min_opt()?, *values.max_opt()?)),
        _ => None,
    }
}
