//! What the rows were that have been handed out, in a few numbers. Pure.
//!
//! Behind a restart the rows of a part that had been begun are read again, and are those that were handed out if their
//! numbers are the same: the same values in the same order, column by column, wherever batches begin and end.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use millstream_core::hash::StableHasher;

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// What stands for a value that is not there.
const NULL: u64 = 0xD6E8_FEB8_6659_FD93;

/// A number for each column of the rows so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Digest {
    /// `None`: the column's first rows were not looked at, so that there is nothing to be said of it.
    columns: Vec<Option<u64>>,
}

/// What rows are beside those that were handed out before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compared {
    /// The same.
    Same,
    /// Others.
    Other,
    /// There is no column in common that could tell.
    Unknown,
}

impl Digest {
    /// Takes more rows.
    pub(super) fn take(&mut self, rows: &RecordBatch) {
        if self.columns.is_empty() {
            self.columns = vec![Some(0); rows.num_columns()];
        }
        for (state, column) in self.columns.iter_mut().zip(rows.columns()) {
            *state = state.map(|state| column_digest(state, column.as_ref()));
        }
    }

    /// The digest of rows with these numbers, in the order of columns.
    pub(super) fn restored(columns: impl Iterator<Item = Option<u64>>) -> Self {
        let columns = columns.collect();
        Self { columns }
    }

    /// By the names of columns.
    pub(super) fn named(&self, names: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
        let known = names.zip(self.columns.iter());
        known
            .filter_map(|(name, number)| Some((name, (*number)?)))
            .collect()
    }

    /// What the rows are beside those of which `known` tells, as far as they have columns in common.
    pub(super) fn compare(
        &self,
        known: &BTreeMap<String, u64>,
        names: impl Iterator<Item = String>,
    ) -> Compared {
        let own = self.named(names);
        // Rows of which no column is read are all alike.
        if own.is_empty() {
            return Compared::Same;
        }
        let common = own
            .iter()
            .filter_map(|(name, number)| Some((number, known.get(name)?)));
        let mut common = common.peekable();
        if common.peek().is_none() {
            return Compared::Unknown;
        }
        match common.all(|(number, known)| number == known) {
            true => Compared::Same,
            false => Compared::Other,
        }
    }
}

fn fold(state: u64, value: u64) -> u64 {
    (state.rotate_left(29) ^ value).wrapping_mul(MULTIPLIER)
}

fn column_digest(state: u64, column: &dyn Array) -> u64 {
    match column.data_type() {
        DataType::Boolean => each(
            state,
            column.as_boolean().iter().map(|value| value.map(u64::from)),
        ),
        DataType::Int8 => numbers::<Int8Type>(state, column),
        DataType::Int16 => numbers::<Int16Type>(state, column),
        DataType::Int32 => numbers::<Int32Type>(state, column),
        DataType::Int64 => numbers::<Int64Type>(state, column),
        DataType::Date32 => numbers::<Date32Type>(state, column),
        DataType::Timestamp(..) => numbers::<TimestampMicrosecondType>(state, column),
        DataType::Decimal128(..) => numbers::<Decimal128Type>(state, column),
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>().iter();
            each(
                state,
                values.map(|value| value.map(|value| u64::from(value.to_bits()))),
            )
        }
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>().iter();
            each(state, values.map(|value| value.map(f64::to_bits)))
        }
        DataType::Utf8 => {
            let values = column.as_string::<i32>().iter();
            each(
                state,
                values.map(|value| value.map(|text| bytes(text.as_bytes()))),
            )
        }
        DataType::Binary => {
            let values = column.as_binary::<i32>().iter();
            each(state, values.map(|value| value.map(bytes)))
        }
        // There is no other one in a result.
        _ => state,
    }
}

fn each(state: u64, values: impl Iterator<Item = Option<u64>>) -> u64 {
    values.fold(state, |state, value| fold(state, value.unwrap_or(NULL)))
}

fn numbers<T: ArrowPrimitiveType>(state: u64, column: &dyn Array) -> u64
where
    T::Native: Hash,
{
    let values = column.as_primitive::<T>().iter();
    each(state, values.map(|value| value.map(|value| hash(&value))))
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = StableHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

fn bytes(text: &[u8]) -> u64 {
    let mut hasher = StableHasher::default();
    hasher.write(text);
    hasher.write_u64(text.len() as u64);
    hasher.finish()
}

#[cfg(test)]
mod tests;
