//! Dates in the names of indices.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::temporal_conversions::timestamp_ms_to_datetime;

/// How a date is written, as Java's `DateTimeFormatter` has it: `yyyy`, `yy`, `MM`, `dd`, `HH`, `mm`, `ss`, `SSS`, and
/// anything that is no letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::elasticsearch) struct DateFormat {
    /// The same as `strftime` has it.
    own: String,
}

const FIELDS: [(&str, &str); 8] = [
    ("yyyy", "%Y"),
    ("yy", "%y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("SSS", "%3f"),
];

impl DateFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// It is none, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut own = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = rest.chars().take_while(|c| *c == first).count();
            if !first.is_ascii_alphabetic() {
                own.push(first);
                if first == '%' {
                    own.push('%');
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
            let (field, behind) = rest.split_at(length);
            let found = FIELDS.iter().find(|(java, _)| *java == field);
            let (_, field) = found.ok_or_else(|| {
                format!("`{field}` in `{text}` is none of yyyy, yy, MM, dd, HH, mm, ss and SSS")
            })?;
            own.push_str(field);
            rest = behind;
        }
        if own.is_empty() {
            return Err("the format of a date is empty".to_owned());
        }
        Ok(Self { own })
    }

    /// The text of a time in milliseconds since 1970, in UTC.
    pub(super) fn text(&self, millis: i64) -> String {
        timestamp_ms_to_datetime(millis).map_or_else(
            || millis.to_string(),
            |time| time.format(&self.own).to_string(),
        )
    }
}

/// The times of a column in milliseconds since 1970, those between two as the one before; `None`: it holds none.
pub(super) fn millis(column: &ArrayRef) -> Option<Int64Array> {
    let finer = match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => 1_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 1_000_000,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => {
            let millis = cast(column, &DataType::Timestamp(TimeUnit::Millisecond, None)).ok()?;
            return numbers(&millis);
        }
        _ => return None,
    };
    // A cast would cut off, which is the one after for times before 1970.
    Some(numbers(column)?.unary(|number| number.div_euclid(finer)))
}

fn numbers(column: &ArrayRef) -> Option<Int64Array> {
    let numbers = cast(column, &DataType::Int64).ok()?;
    numbers.as_primitive_opt::<Int64Type>().cloned()
}
