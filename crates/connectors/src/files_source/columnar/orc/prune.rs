//! What the statistics of a stripe say of a column.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Float64Array, Int64Array, StringArray};
use orc_rust::statistics::{ColumnStatistics, TypeStatistics};
use orc_rust::stripe::StripeMetadata;

use super::{OrcColumns, is_plain};
use crate::files_source::columnar::change::cast;
use crate::files_source::columnar::condition::{Known, Test};
use crate::files_source::columnar::open::Asked;

/// What is known of the column that a test is of. `None`: nothing.
pub(super) fn known(
    file: &OrcColumns,
    stripe: &StripeMetadata,
    asked: &Asked<'_>,
) -> Option<Known> {
    let rows = stripe.number_of_rows();
    let Some(found) = asked.found else {
        return Some(Known {
            bounds: None,
            nulls: Some(rows),
            rows,
        });
    };
    let number = file.column(found.place)?.column_index();
    known_of(file, stripe.column_statistics().get(number)?, asked, rows)
}

/// The same of some rows, of which these are the statistics.
pub(super) fn known_of(
    file: &OrcColumns,
    statistics: &ColumnStatistics,
    asked: &Asked<'_>,
    rows: u64,
) -> Option<Known> {
    let found = asked.found?;
    let values = statistics.number_of_values();
    if values == 0 && !statistics.has_null() {
        // Nothing was counted.
        return None;
    }
    let nulls = rows.checked_sub(values)?;
    let bounds = statistics.type_statistics().and_then(bounds);
    let in_source = |(least, most): (ArrayRef, ArrayRef)| {
        let field = file.schema.fields().get(found.place)?;
        let to = match asked.test {
            Test::Compares(_, value) | Test::OneOf(value) => value.data_type(),
            Test::IsNull | Test::IsNotNull => return None,
        };
        if !is_plain(field.data_type()) {
            return None;
        }
        let changed = |bound: &ArrayRef| {
            let theirs = cast(bound, field.data_type()).ok()?;
            let theirs = file.hybrid.bounds(&theirs)?;
            found.change.apply(&theirs, to).ok()
        };
        changed(&least).zip(changed(&most))
    };
    Some(Known {
        bounds: bounds.and_then(in_source),
        nulls: Some(nulls),
        rows,
    })
}

/// No value is smaller, and none larger.
fn bounds(statistics: &TypeStatistics) -> Option<(ArrayRef, ArrayRef)> {
    let both = |least: ArrayRef, most: ArrayRef| Some((least, most));
    match statistics {
        TypeStatistics::Integer { min, max, .. } => both(
            Arc::new(Int64Array::from(vec![*min])),
            Arc::new(Int64Array::from(vec![*max])),
        ),
        TypeStatistics::Double { min, max, .. } => both(
            Arc::new(Float64Array::from(vec![*min])),
            Arc::new(Float64Array::from(vec![*max])),
        ),
        TypeStatistics::Date { min, max } => both(
            Arc::new(Date32Array::from(vec![*min])),
            Arc::new(Date32Array::from(vec![*max])),
        ),
        TypeStatistics::String {
            lower_bound,
            upper_bound,
            is_exact_max,
            ..
        } if *is_exact_max || !upper_bound.is_empty() => both(
            Arc::new(StringArray::from(vec![lower_bound.as_str()])),
            Arc::new(StringArray::from(vec![upper_bound.as_str()])),
        ),
        // Times are told in milliseconds that are cut off, decimals as text.
        _ => None,
    }
}
