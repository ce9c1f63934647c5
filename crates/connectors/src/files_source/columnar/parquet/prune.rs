//! Which rows of a row group need be read: by the statistics of the group, by those of its pages, by its bloom filters.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::RowGroupMetaData;

use super::{ParquetColumns, unfit};
use crate::files_source::columnar::change::Change;
use crate::files_source::columnar::condition::{Comparison, Known, Test};
use crate::files_source::columnar::fit::Found;
use crate::files_source::columnar::open::{Asked, intersection};
use crate::files_source::failure::Unfit;

/// The rows of a group of which every test may be so.
pub(super) fn may_hold(
    file: &ParquetColumns,
    group: usize,
    asked: &[Asked<'_>],
) -> Result<Vec<Range<u64>>, Unfit> {
    let told = file.row_group(group)?;
    let rows = u64::try_from(told.num_rows()).unwrap_or(0);
    let mut wanted: Vec<Range<u64>> = std::iter::once(0..rows).collect();
    for asked in asked {
        if wanted.is_empty() {
            break;
        }
        let Some(found) = asked.found else {
            let known = Known {
                bounds: None,
                nulls: Some(rows),
                rows,
            };
            if !asked.may_be(&known) {
                wanted.clear();
            }
            continue;
        };
        let column = ColumnOf::new(file, group, found);
        let Some(column) = column else {
            continue;
        };
        if !column.may_be(asked, column.of_group(told, rows))
            || !column.may_be_in_filter(asked.test)?
        {
            wanted.clear();
        } else if let Some(pages) = column.of_pages(asked) {
            wanted = intersection(&wanted, &pages);
        }
    }
    Ok(wanted)
}

/// A column of a row group.
struct ColumnOf<'a> {
    file: &'a ParquetColumns,
    group: usize,
    found: &'a Found,
    leaf: usize,
    statistics: StatisticsConverter<'a>,
}

impl<'a> ColumnOf<'a> {
    /// `None`: nothing is known of the column.
    fn new(file: &'a ParquetColumns, group: usize, found: &'a Found) -> Option<Self> {
        let schema = file.metadata.schema();
        let name = schema.fields().get(found.place)?.name();
        let parquet = file.metadata.parquet_schema();
        let statistics = StatisticsConverter::try_new(name, schema, parquet).ok()?;
        let leaf = statistics.parquet_column_index()?;
        Some(Self {
            file,
            group,
            found,
            leaf,
            statistics: statistics.with_missing_null_counts_as_zero(false),
        })
    }

    /// Values of the file as those of the source.
    fn changed(&self, bounds: &ArrayRef, to: &DataType) -> Option<ArrayRef> {
        let bounds = self.file.hybrid.bounds(bounds)?;
        self.found.change.apply(&bounds, to).ok()
    }

    /// What is known of all its values.
    fn of_group(&self, told: &RowGroupMetaData, rows: u64) -> Known {
        let trusted = told
            .column(self.leaf)
            .statistics()
            .is_some_and(|statistics| {
                // Older writers compared text byte by byte with signs.
                !statistics.is_min_max_deprecated() || self.is_signed_number()
            });
        let least = || self.statistics.row_group_mins([told]).ok();
        let most = || self.statistics.row_group_maxes([told]).ok();
        let nulls = self.statistics.row_group_null_counts([told]).ok();
        let nulls = nulls.filter(|nulls| nulls.len() == 1 && nulls.is_valid(0));
        Known {
            bounds: trusted.then(|| least().zip(most())).flatten(),
            nulls: nulls.map(|nulls| nulls.value(0)),
            rows,
        }
    }

    fn is_signed_number(&self) -> bool {
        let data_type = self.statistics.arrow_field().data_type();
        data_type.is_signed_integer() || data_type.is_floating()
    }

    /// The rows of the pages of which a test may be so; `None`: nothing is known of pages.
    fn of_pages(&self, asked: &Asked<'_>) -> Option<Vec<Range<u64>>> {
        let metadata = self.file.metadata.metadata();
        let (columns, offsets) = (metadata.column_index()?, metadata.offset_index()?);
        let groups = [self.group];
        let counts = self
            .statistics
            .data_page_row_counts(offsets, metadata.row_groups(), &groups)
            .ok()??;
        let least = self
            .statistics
            .data_page_mins(columns, offsets, &groups)
            .ok()?;
        let most = self
            .statistics
            .data_page_maxes(columns, offsets, &groups)
            .ok()?;
        let nulls = self
            .statistics
            .data_page_null_counts(columns, offsets, &groups)
            .ok()?;
        let pages = counts.len();
        if [least.len(), most.len(), nulls.len()] != [pages; 3] {
            return None;
        }
        let mut wanted: Vec<Range<u64>> = Vec::new();
        let mut at = 0_u64;
        for page in 0..pages {
            let rows = value(&counts, page)?;
            let end = at.checked_add(rows)?;
            let known = Known {
                bounds: Some((least.slice(page, 1), most.slice(page, 1))),
                nulls: value(&nulls, page),
                rows,
            };
            if self.may_be(asked, known) {
                match wanted.last_mut().filter(|last| last.end == at) {
                    Some(last) => last.end = end,
                    None => wanted.push(at..end),
                }
            }
            at = end;
        }
        let rows = metadata.row_groups().get(self.group)?.num_rows();
        (i64::try_from(at).ok()? == rows).then_some(wanted)
    }

    fn may_be(&self, asked: &Asked<'_>, known: Known) -> bool {
        asked.may_be(&self.in_source(asked.test, known))
    }

    /// Bounds of the file as bounds of the source.
    fn in_source(&self, test: &Test, known: Known) -> Known {
        let to = match test {
            Test::Compares(_, value) | Test::OneOf(value) => value.data_type(),
            Test::IsNull | Test::IsNotNull => {
                return Known {
                    bounds: None,
                    ..known
                };
            }
        };
        let bounds = known
            .bounds
            .and_then(|(least, most)| self.changed(&least, to).zip(self.changed(&most, to)));
        Known { bounds, ..known }
    }

    /// Whether the bloom filter of the column, if there is one, may hold a value of which the test is so.
    fn may_be_in_filter(&self, test: &Test) -> Result<bool, Unfit> {
        let values = match test {
            Test::Compares(Comparison::Equal, value) => value,
            Test::OneOf(values) => values,
            _ => return Ok(true),
        };
        // A filter knows days by their numbers in the file.
        let other = self.file.hybrid.dates && *values.data_type() == DataType::Date32;
        if self.found.change != Change::Keep || other {
            return Ok(true);
        }
        let filter = self
            .file
            .builder()
            .get_row_group_column_bloom_filter(self.group, self.leaf)
            .map_err(unfit)?;
        Ok(filter.is_none_or(|filter| (0..values.len()).any(|at| may_be_one(&filter, values, at))))
    }
}

fn may_be_one(filter: &Sbbf, values: &ArrayRef, at: usize) -> bool {
    if values.is_null(at) {
        return false;
    }
    match values.data_type() {
        DataType::Int32 => filter.check(&values.as_primitive::<Int32Type>().value(at)),
        DataType::Date32 => filter.check(&values.as_primitive::<Date32Type>().value(at)),
        DataType::Int64 => filter.check(&values.as_primitive::<Int64Type>().value(at)),
        DataType::Utf8 => filter.check(values.as_string::<i32>().value(at)),
        _ => true,
    }
}

fn value(numbers: &UInt64Array, at: usize) -> Option<u64> {
    (at < numbers.len() && numbers.is_valid(at)).then(|| numbers.value(at))
}
