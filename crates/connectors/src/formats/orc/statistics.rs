//! What the tail of a file says of its columns: how many values there are, and between which they lie.

use std::cmp::Ordering;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, Decimal128Type, DecimalType};
use orc_rust::proto::{
    BucketStatistics, ColumnStatistics, DateStatistics, DecimalStatistics, DoubleStatistics,
    IntegerStatistics, StringStatistics, TimestampStatistics,
};

/// Texts longer than this are no bounds: the tail would grow with them.
const LONGEST_TEXT: usize = 256;

/// What is known of the values of a column in a stripe, or in the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Statistics {
    pub(super) values: u64,
    pub(super) has_null: bool,
    pub(super) bounds: Bounds,
}

/// Between which the values lie.
#[derive(Debug, Clone, Default)]
pub(super) enum Bounds {
    /// There is no value yet.
    #[default]
    Nothing,
    /// Nobody knows, and nobody will.
    Unknown,
    /// The third: their sum, where there is room for it.
    Whole(i64, i64, Option<i64>),
    Days(i32, i32),
    /// The third: their sum.
    Reals(f64, f64, f64),
    /// The third: the bytes of all.
    Texts(String, String, i64),
    /// Milliseconds since 1970 that the values are in.
    Times(i64, i64),
    /// The third: digits behind the point.
    Decimals(i128, i128, i8),
    /// How many values are true.
    True(u64),
}

impl Bounds {
    /// Those of text.
    pub(super) fn of_texts(least: &[u8], most: &[u8], bytes: usize) -> Self {
        let text = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).ok()?;
            (text.len() <= LONGEST_TEXT).then(|| text.to_owned())
        };
        match text(least).zip(text(most)) {
            Some((least, most)) => Self::Texts(least, most, bytes as i64),
            None => Self::Unknown,
        }
    }

    /// Those of numbers, of which one that is none has no place among the others.
    pub(super) fn of_reals(values: impl Iterator<Item = f64>) -> Self {
        values.fold(Self::Nothing, |mut bounds, value| {
            match value.is_nan() {
                true => bounds = Self::Unknown,
                false => bounds.add(Self::Reals(value, value, value)),
            }
            bounds
        })
    }

    /// Takes in more values.
    pub(super) fn add(&mut self, more: Self) {
        *self = match (std::mem::take(self), more) {
            (bounds, Self::Nothing) | (Self::Nothing, bounds) => bounds,
            (Self::Whole(least, most, sum), Self::Whole(low, high, more)) => {
                let sum = sum.zip(more).and_then(|(sum, more)| sum.checked_add(more));
                Self::Whole(least.min(low), most.max(high), sum)
            }
            (Self::Days(least, most), Self::Days(low, high)) => {
                Self::Days(least.min(low), most.max(high))
            }
            (Self::Reals(least, most, sum), Self::Reals(low, high, more)) => {
                Self::Reals(smaller(least, low), larger(most, high), sum + more)
            }
            (Self::Texts(least, most, bytes), Self::Texts(low, high, more)) => {
                Self::Texts(least.min(low), most.max(high), bytes.saturating_add(more))
            }
            (Self::Times(least, most), Self::Times(low, high)) => {
                Self::Times(least.min(low), most.max(high))
            }
            (Self::Decimals(least, most, scale), Self::Decimals(low, high, other))
                if scale == other =>
            {
                Self::Decimals(least.min(low), most.max(high), scale)
            }
            (Self::True(count), Self::True(more)) => Self::True(count + more),
            _ => Self::Unknown,
        };
    }
}

/// The smaller one; of the two zeros the one below the other.
fn smaller(one: f64, other: f64) -> f64 {
    match one.total_cmp(&other) {
        Ordering::Greater => other,
        _ => one,
    }
}

fn larger(one: f64, other: f64) -> f64 {
    match one.total_cmp(&other) {
        Ordering::Less => other,
        _ => one,
    }
}

impl Statistics {
    /// Takes in those of another stripe.
    pub(super) fn add(&mut self, more: &Self) {
        self.values += more.values;
        self.has_null |= more.has_null;
        self.bounds.add(more.bounds.clone());
    }

    pub(super) fn written(&self) -> ColumnStatistics {
        let mut written = ColumnStatistics {
            number_of_values: Some(self.values),
            has_null: Some(self.has_null),
            ..ColumnStatistics::default()
        };
        match self.bounds.clone() {
            Bounds::Nothing | Bounds::Unknown => {}
            Bounds::Whole(least, most, sum) => {
                written.int_statistics = Some(IntegerStatistics {
                    minimum: Some(least),
                    maximum: Some(most),
                    sum,
                });
            }
            Bounds::Days(least, most) => {
                written.date_statistics = Some(DateStatistics {
                    minimum: Some(least),
                    maximum: Some(most),
                });
            }
            Bounds::Reals(least, most, sum) => {
                // Both zeros are equal, and readers may think otherwise.
                let least = if least == 0.0 { -0.0 } else { least };
                let most = if most == 0.0 { 0.0 } else { most };
                written.double_statistics = Some(DoubleStatistics {
                    minimum: Some(least),
                    maximum: Some(most),
                    sum: Some(sum),
                });
            }
            Bounds::Texts(least, most, bytes) => {
                written.string_statistics = Some(StringStatistics {
                    minimum: Some(least),
                    maximum: Some(most),
                    sum: Some(bytes),
                    ..StringStatistics::default()
                });
            }
            Bounds::Times(least, most) => {
                written.timestamp_statistics = Some(TimestampStatistics {
                    minimum_utc: Some(least),
                    maximum_utc: Some(most),
                    ..TimestampStatistics::default()
                });
            }
            Bounds::Decimals(least, most, scale) => {
                let text =
                    |value| Decimal128Type::format_decimal(value, DECIMAL128_MAX_PRECISION, scale);
                written.decimal_statistics = Some(DecimalStatistics {
                    minimum: Some(text(least)),
                    maximum: Some(text(most)),
                    sum: None,
                });
            }
            Bounds::True(count) => {
                written.bucket_statistics = Some(BucketStatistics { count: vec![count] });
            }
        }
        written
    }
}
