//! Parquet.

mod compact;
mod footer;
mod pages;
mod prune;
mod read_as;

use std::ops::Range;
use std::sync::Arc;

use arrow::datatypes::{Fields, Schema, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelector,
};
use parquet::basic::Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};

use self::pages::Pages;
use super::open::{Asked, Batches, OpenColumns, covers, one_line};
use super::ranged::Ranged;
use super::times::{self, Hybrid};
use crate::files_source::failure::Unfit;

/// What Parquet files begin and end with; those of which the footer is encrypted end otherwise.
const MAGIC: &[u8] = b"PAR1";
const MAGIC_ENCRYPTED: &[u8] = b"PARE";
/// Bytes of magic numbers and of the length of the footer.
const SMALLEST: u64 = 12;

/// An open Parquet file.
pub(super) struct ParquetColumns {
    file: Ranged,
    metadata: ArrowReaderMetadata,
    /// The columns as they are handed out.
    schema: SchemaRef,
    /// Of which values days are those of a hybrid calendar.
    hybrid: Hybrid,
}

impl ParquetColumns {
    pub(super) fn open(file: Ranged) -> Result<Self, Unfit> {
        check_magic(&file)?;
        // Types are those of Parquet: what a writer has noted of its own memory says nothing of values.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        footer::check(&file)?;
        let mut reader = ParquetMetaDataReader::new();
        reader.try_parse(&file).map_err(unfit)?;
        let mut metadata = reader.finish().map_err(unfit)?;
        check(&file, &metadata)?;
        if footer::check_indexes(&file, &metadata)? {
            let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
                .with_page_index_policy(PageIndexPolicy::Optional);
            reader.read_page_indexes(&file).map_err(unfit)?;
            metadata = reader.finish().map_err(unfit)?;
        }
        let metadata = Arc::new(metadata);
        let metadata = ArrowReaderMetadata::try_new(metadata, options.clone()).map_err(unfit)?;
        let zone = read_as::zone(metadata.metadata().file_metadata())?;
        let hybrid = read_as::hybrid(metadata.metadata().file_metadata());
        let as_read = |zone| read_as::schema(metadata.schema(), metadata.parquet_schema(), zone);
        let schema = as_read(None).unwrap_or_else(|| Arc::clone(metadata.schema()));
        let schema = read_as::with_marks(&schema, metadata.parquet_schema());
        let metadata = match as_read(zone.as_deref()) {
            None => metadata,
            Some(schema) => {
                let options = options.with_schema(schema);
                ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
                    .map_err(unfit)?
            }
        };
        Ok(Self {
            file,
            metadata,
            schema,
            hybrid,
        })
    }

    fn row_group(&self, group: usize) -> Result<&RowGroupMetaData, Unfit> {
        let groups = self.metadata.metadata().row_groups();
        let group = groups.get(group);
        group.ok_or_else(|| Unfit::Damaged("a row group is not there".to_owned()))
    }

    /// What is told of the columns in which values are, of those that are read.
    fn leaves<'a>(
        &'a self,
        group: usize,
        columns: &'a [usize],
    ) -> impl Iterator<Item = &'a ColumnChunkMetaData> {
        let schema = self.metadata.parquet_schema();
        let all = self
            .row_group(group)
            .map_or(&[][..], RowGroupMetaData::columns);
        let read = all.iter().enumerate();
        read.filter(|(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)))
            .map(|(_, column)| column)
    }

    /// A reader that may be of any part of the file.
    fn builder(&self) -> ParquetRecordBatchReaderBuilder<Ranged> {
        ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), self.metadata.clone())
    }

    /// A reader of pages of a row group.
    fn pages(&self, group: usize) -> ParquetRecordBatchReaderBuilder<Pages> {
        let index = self.metadata.metadata().offset_index();
        let columns = index.and_then(|groups| groups.get(group)).into_iter();
        let pages = columns.flatten().flat_map(|column| column.page_locations());
        let begins = pages.filter_map(|page| u64::try_from(page.offset).ok());
        // What lies before the first page of an index is a dictionary, also where none is told.
        let group = index.and_then(|_| self.row_group(group).ok());
        let dictionaries = group.into_iter().flat_map(RowGroupMetaData::columns);
        let dictionaries = dictionaries.map(|column| column.byte_range().0);
        let file = Pages::new(self.file.clone(), begins.chain(dictionaries).collect());
        ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
    }
}

impl OpenColumns for ParquetColumns {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Where the footer is not encrypted, the library knows of no column that is: its pages make no sense.
    fn check(&self, _columns: &[usize]) -> Result<(), Unfit> {
        Ok(())
    }

    fn groups(&self) -> Vec<(u64, u64)> {
        let groups = self.metadata.metadata().row_groups().iter();
        let told = groups.map(|group| {
            let bytes = u64::try_from(group.compressed_size()).unwrap_or(0);
            (bytes, u64::try_from(group.num_rows()).unwrap_or(0))
        });
        told.collect()
    }

    fn may_hold(&self, group: usize, asked: &[Asked<'_>]) -> Result<Vec<Range<u64>>, Unfit> {
        prune::may_hold(self, group, asked)
    }

    fn row_bytes(&self, group: usize, columns: &[usize]) -> u64 {
        let bytes: u64 = self
            .leaves(group, columns)
            .map(|column| {
                let encoded = u64::try_from(column.uncompressed_size()).unwrap_or(0);
                let decoded = column.unencoded_byte_array_data_bytes();
                let decoded = decoded.and_then(|bytes| u64::try_from(bytes).ok());
                encoded.max(decoded.unwrap_or(0))
            })
            .fold(0, u64::saturating_add);
        let rows = self.row_group(group).map_or(1, RowGroupMetaData::num_rows);
        bytes / u64::try_from(rows).unwrap_or(1).max(1)
    }

    fn tells_bytes(&self, group: usize, columns: &[usize]) -> bool {
        let unknown = |column: &ColumnChunkMetaData| {
            column.column_type() == Type::BYTE_ARRAY
                && column.dictionary_page_offset().is_some()
                && column.unencoded_byte_array_data_bytes().is_none()
        };
        !self.leaves(group, columns).any(unknown)
    }

    fn read(
        &self,
        group: usize,
        columns: &[usize],
        rows: &[Range<u64>],
        together: usize,
    ) -> Result<Batches, Unfit> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), columns.iter().copied());
        let all = u64::try_from(self.row_group(group)?.num_rows()).unwrap_or(0);
        let reader = self
            .pages(group)
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(together);
        let reader = match covers(rows, all) {
            true => reader,
            false => reader.with_row_selection(selection(rows)),
        };
        let reader = reader.build().map_err(unfit)?;
        let fields = self.schema.fields().iter().enumerate();
        let read = fields.filter(|(place, _)| columns.contains(place));
        let read: Fields = read.map(|(_, field)| Arc::clone(field)).collect();
        let (schema, hybrid) = (Arc::new(Schema::new(read)), self.hybrid);
        Ok(Box::new(reader.map(move |batch| {
            let told = batch.and_then(|batch| times::as_told(&batch, &schema, hybrid));
            told.map_err(|error| Unfit::Damaged(one_line(&error)))
        })))
    }
}

fn selection(rows: &[Range<u64>]) -> RowSelection {
    let mut selectors = Vec::with_capacity(2 * rows.len());
    let mut at = 0;
    for range in rows {
        let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        if range.start > at {
            selectors.push(RowSelector::skip(count(range.start - at)));
        }
        selectors.push(RowSelector::select(count(range.end - range.start)));
        at = range.end;
    }
    selectors.into()
}

fn check_magic(file: &Ranged) -> Result<(), Unfit> {
    if file.size() < SMALLEST {
        let message = format!("{} bytes are no Parquet file", file.size());
        return Err(Unfit::Damaged(message));
    }
    let ends = |at| {
        let bytes = file.bytes(at, 4);
        bytes.map_err(|error| Unfit::Damaged(one_line(&error)))
    };
    let (first, last) = (ends(0)?, ends(file.size() - 4)?);
    if first == MAGIC_ENCRYPTED && last == MAGIC_ENCRYPTED {
        return Err(Unfit::Encrypted);
    }
    let wrong = |what: &str| {
        Err(Unfit::Damaged(format!(
            "{what} `PAR1`, as Parquet files do"
        )))
    };
    if first != MAGIC {
        return wrong("it does not begin with");
    }
    if last != MAGIC {
        return wrong("it does not end with");
    }
    Ok(())
}

/// Holds what the footer says against the file, before anything is done on its word.
fn check(file: &Ranged, metadata: &ParquetMetaData) -> Result<(), Unfit> {
    let damaged = |what: String| Err(Unfit::Damaged(what));
    let mut rows = 0_i64;
    for (number, group) in metadata.row_groups().iter().enumerate() {
        if group.num_rows() < 0 {
            return damaged(format!("row group {number} has a number of rows below 0"));
        }
        rows = rows.saturating_add(group.num_rows());
        for column in group.columns() {
            let name = column.column_path().string();
            let flat = column.column_descr().max_rep_level() == 0;
            if flat && column.num_values() != group.num_rows() {
                return damaged(format!(
                    "row group {number} has {} rows, and {} in column `{name}`",
                    group.num_rows(),
                    column.num_values()
                ));
            }
            let from = column.dictionary_page_offset();
            let from = from.unwrap_or_else(|| column.data_page_offset());
            let end = from.checked_add(column.compressed_size());
            let end = end.and_then(|end| u64::try_from(end).ok());
            if from < 0 || column.compressed_size() < 0 || end.is_none_or(|end| end > file.size()) {
                return damaged(format!(
                    "row group {number} has column `{name}` where the file is not"
                ));
            }
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return damaged(format!(
            "its row groups have {rows} rows, and its footer says {}",
            metadata.file_metadata().num_rows()
        ));
    }
    Ok(())
}

/// What the library says of a file.
pub(super) fn unfit(error: ParquetError) -> Unfit {
    let text = one_line(&error);
    if text.to_lowercase().contains("encrypt") {
        Unfit::Encrypted
    } else {
        Unfit::Damaged(text)
    }
}
