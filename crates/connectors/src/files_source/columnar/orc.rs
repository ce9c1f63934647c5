//! ORC.

mod encrypted;
mod held;
mod index;
mod prune;
mod tail;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use orc_rust::projection::ProjectionMask;
use orc_rust::reader::metadata::{FileMetadata, read_metadata};
use orc_rust::schema::DataType as OrcType;
use orc_rust::statistics::TypeStatistics;
use orc_rust::stripe::StripeMetadata;
use orc_rust::{
    ArrowReader, ArrowReaderBuilder, ArrowSchemaOptions, RowSelection, RowSelector,
    TimestampPrecision,
};

use self::encrypted::Encrypted;
use super::open::{Asked, Batches, OpenColumns, one_line};
use super::ranged::Ranged;
use super::times::{self, Hybrid};
use crate::files_source::failure::Unfit;

/// What ORC files begin with.
const MAGIC: &[u8] = b"ORC";

/// An open ORC file.
pub(super) struct OrcColumns {
    file: Ranged,
    metadata: FileMetadata,
    schema: SchemaRef,
    /// Whether times are read with all of their digits. Where pyarrow writes parts of seconds before 1970, which are none
    /// then, the reader notices that only in microseconds; its files are ORC's in C++.
    in_full: bool,
    /// Whether rows are left out by what is told of a stripe's values.
    tells_bounds: bool,
    /// Of which values days are those of a hybrid calendar.
    hybrid: Hybrid,
    encrypted: Encrypted,
}

impl OrcColumns {
    pub(super) fn open(mut file: Ranged) -> Result<Self, Unfit> {
        let length = MAGIC.len() as u64;
        let begins = file.size() > length && file.bytes(0, length).is_ok_and(|it| it == MAGIC);
        if !begins {
            let message = "it does not begin with `ORC`, as ORC files do";
            return Err(Unfit::Damaged(message.to_owned()));
        }
        let (writer, encrypted) = tail::check(&file)?;
        let metadata = read_metadata(&mut file).map_err(|error| damaged(&error))?;
        check(&file, &metadata)?;
        // In nanoseconds times end in 2262.
        let options =
            ArrowSchemaOptions::new().with_timestamp_precision(TimestampPrecision::Microsecond);
        let fields = metadata.root_data_type().children().iter().map(|column| {
            let data_type = column
                .data_type()
                .to_arrow_data_type_with_options(options.clone());
            Field::new(column.name(), data_type, true)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Self {
            file,
            metadata,
            schema,
            in_full: !writer.is_cpp,
            tells_bounds: writer.tells_bounds,
            hybrid: Hybrid {
                dates: writer.is_hybrid,
                times: writer.is_hybrid,
            },
            encrypted,
        })
    }

    fn stripe(&self, group: usize) -> Result<&StripeMetadata, Unfit> {
        let stripe = self.metadata.stripe_metadatas().get(group);
        stripe.ok_or_else(|| Unfit::Damaged("a stripe is not there".to_owned()))
    }

    /// The bytes that the values of a column come to in memory, as far as its type or its statistics say.
    fn told_bytes(&self, stripe: &StripeMetadata, place: usize) -> Option<u64> {
        let data_type = self.schema.fields().get(place)?.data_type();
        let rows = stripe.number_of_rows();
        if let Some(width) = data_type.primitive_width() {
            return rows.checked_mul(width as u64);
        }
        let number = self.column(place)?.column_index();
        let statistics = stripe.column_statistics().get(number)?.type_statistics();
        let sum = match (data_type, statistics) {
            (DataType::Boolean, _) => return Some(rows / 8),
            (DataType::Utf8, Some(TypeStatistics::String { sum, .. }))
            | (DataType::Binary, Some(TypeStatistics::Binary { sum })) => *sum,
            _ => return None,
        };
        let offsets = rows.checked_mul(size_of::<i32>() as u64)?;
        u64::try_from(sum).ok()?.checked_add(offsets)
    }

    /// The number of a column among those of the file, nested ones included.
    fn column(&self, place: usize) -> Option<&OrcType> {
        let column = self.metadata.root_data_type().children().get(place)?;
        Some(column.data_type())
    }
}

impl OpenColumns for OrcColumns {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn check(&self, columns: &[usize]) -> Result<(), Unfit> {
        let columns = columns.iter().filter_map(|place| self.column(*place));
        self.encrypted.check(columns)
    }

    fn groups(&self) -> Vec<(u64, u64)> {
        let stripes = self.metadata.stripe_metadatas().iter();
        stripes
            .map(|stripe| (stripe.data_length(), stripe.number_of_rows()))
            .collect()
    }

    fn may_hold(&self, group: usize, asked: &[Asked<'_>]) -> Result<Vec<Range<u64>>, Unfit> {
        let stripe = self.stripe(group)?;
        let rows = stripe.number_of_rows();
        let whole = 0..rows;
        if !self.tells_bounds {
            return Ok(vec![whole]);
        }
        let may_be = asked.iter().all(|asked| {
            let known = prune::known(self, stripe, asked);
            known.is_none_or(|known| asked.may_be(&known))
        });
        if !may_be {
            return Ok(Vec::new());
        }
        Ok(index::may_hold(self, stripe, asked).unwrap_or_else(|| vec![whole]))
    }

    fn row_bytes(&self, group: usize, columns: &[usize]) -> u64 {
        let Ok(stripe) = self.stripe(group) else {
            return 0;
        };
        let rows = stripe.number_of_rows().max(1);
        let told = columns.iter().map(|place| self.told_bytes(stripe, *place));
        if let Some(bytes) = told.sum::<Option<u64>>() {
            return bytes / rows;
        }
        // Compressed, and of all columns; what they come to in memory is not told.
        let all = self.schema.fields().len().max(1) as u64;
        let part = stripe.data_length() * GROWTH / all * columns.len() as u64;
        part / rows
    }

    fn tells_bytes(&self, group: usize, columns: &[usize]) -> bool {
        let Ok(stripe) = self.stripe(group) else {
            return false;
        };
        let mut columns = columns.iter();
        columns.all(|place| self.told_bytes(stripe, *place).is_some())
    }

    fn read(
        &self,
        group: usize,
        columns: &[usize],
        rows: &[Range<u64>],
        together: usize,
    ) -> Result<Batches, Unfit> {
        let stripe = self.stripe(group)?;
        held::check(self, group, columns)?;
        let root = self.metadata.root_data_type();
        let numbers = columns.iter().filter_map(|place| self.column(*place));
        let mask = ProjectionMask::roots(root, numbers.map(OrcType::column_index));
        let at = usize::try_from(stripe.offset()).unwrap_or(usize::MAX);
        let fields = columns
            .iter()
            .filter_map(|place| self.schema.fields().get(*place));
        let schema = Schema::new(fields.cloned().collect::<Vec<_>>());
        let to = Arc::new(schema);
        let from = match self.in_full {
            true => times::in_full(&to),
            false => Arc::clone(&to),
        };
        let (all, hybrid) = (stripe.number_of_rows(), self.hybrid);
        let mut readers = Vec::with_capacity(rows.len());
        for range in rows {
            let builder = ArrowReaderBuilder::try_new(self.file.clone());
            let builder = builder
                .map_err(|error| damaged(&error))?
                .with_projection(mask.clone())
                .with_schema(Arc::clone(&from))
                .with_timestamp_precision(TimestampPrecision::Microsecond)
                .with_batch_size(together)
                .with_file_byte_range(at..at.saturating_add(1));
            let reader = match range.start {
                0 => builder,
                start => builder.with_row_selection(behind(start, all)),
            };
            readers.push(until(reader.build(), range, all));
        }
        Ok(Box::new(readers.into_iter().flatten().map(move |batch| {
            let batch = batch.map_err(|error| damaged(&error))?;
            times::as_told(&batch, &to, hybrid).map_err(|error| damaged(&error))
        })))
    }
}

/// The batches of a reader that begins with a range, up to the end of it. One that ends with the stripe is read as it is: should
/// there be more than that, somebody notices.
fn until(
    mut reader: ArrowReader<Ranged>,
    range: &Range<u64>,
    all: u64,
) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<> {
    let count = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
    let mut left = if range.end < all { count } else { usize::MAX };
    std::iter::from_fn(move || {
        if left == 0 {
            return None;
        }
        let batch = reader.next()?;
        Some(batch.map(|batch| {
            let taken = batch.num_rows().min(left);
            left -= taken;
            batch.slice(0, taken)
        }))
    })
}

/// By how much data grows when it is decompressed and decoded, about.
const GROWTH: u64 = 8;

/// All rows from one on: the reader goes on to the end of the stripe where it is asked for more rows than a batch has.
fn behind(start: u64, all: u64) -> RowSelection {
    let count = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
    let selectors = vec![
        RowSelector::skip(count(start)),
        RowSelector::select(count(all.saturating_sub(start))),
    ];
    selectors.into()
}

/// Holds what the footer says against the file, before anything is done on its word.
fn check(file: &Ranged, metadata: &FileMetadata) -> Result<(), Unfit> {
    let wrong = |what: String| Err(Unfit::Damaged(what));
    let (mut rows, mut end) = (0_u64, 0_u64);
    for (number, stripe) in metadata.stripe_metadatas().iter().enumerate() {
        let parts = [
            stripe.index_length(),
            stripe.data_length(),
            stripe.footer_length(),
        ];
        let length = parts.into_iter().try_fold(0_u64, u64::checked_add);
        let behind = length.and_then(|length| stripe.offset().checked_add(length));
        let Some(behind) = behind.filter(|behind| *behind <= file.size()) else {
            return wrong(format!("stripe {number} lies where the file is not"));
        };
        if stripe.offset() < end {
            return wrong(format!("stripe {number} begins within the one before"));
        }
        end = behind;
        rows = rows.saturating_add(stripe.number_of_rows());
    }
    if rows != metadata.number_of_rows() {
        return wrong(format!(
            "its stripes have {rows} rows, and its footer says {}",
            metadata.number_of_rows()
        ));
    }
    Ok(())
}

fn damaged(error: &dyn std::fmt::Display) -> Unfit {
    Unfit::Damaged(one_line(error))
}

/// The type of a column that is nested is not one of values that compare.
fn is_plain(data_type: &DataType) -> bool {
    !data_type.is_nested()
}
