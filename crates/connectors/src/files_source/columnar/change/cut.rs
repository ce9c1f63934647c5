//! Times that lose their last digits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::datatypes::{
    ArrowTimestampType, DataType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::error::ArrowError;

use super::{cast, mismatch};

/// Times of a coarser unit: those that they lie in, before 1970 as well.
pub(super) fn cut(array: &ArrayRef, to: &DataType, many: i64) -> Result<ArrayRef, ArrowError> {
    fn numbers<From: ArrowTimestampType, To: ArrowTimestampType>(
        array: &ArrayRef,
        many: i64,
    ) -> Result<ArrayRef, ArrowError> {
        let times = array
            .as_primitive_opt::<From>()
            .ok_or_else(|| mismatch(array.data_type()))?;
        let cut: PrimitiveArray<To> = times.unary(|time| time.div_euclid(many));
        Ok(Arc::new(cut))
    }
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let array = match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value)?,
        _ => Arc::clone(array),
    };
    match (array.data_type(), to) {
        (DataType::Timestamp(Nanosecond, _), DataType::Timestamp(Microsecond, _)) => {
            numbers::<TimestampNanosecondType, TimestampMicrosecondType>(&array, many)
        }
        (DataType::Timestamp(Nanosecond, _), DataType::Timestamp(Millisecond, _)) => {
            numbers::<TimestampNanosecondType, TimestampMillisecondType>(&array, many)
        }
        (DataType::Timestamp(Nanosecond, _), DataType::Timestamp(Second, _)) => {
            numbers::<TimestampNanosecondType, TimestampSecondType>(&array, many)
        }
        (DataType::Timestamp(Microsecond, _), DataType::Timestamp(Millisecond, _)) => {
            numbers::<TimestampMicrosecondType, TimestampMillisecondType>(&array, many)
        }
        (DataType::Timestamp(Microsecond, _), DataType::Timestamp(Second, _)) => {
            numbers::<TimestampMicrosecondType, TimestampSecondType>(&array, many)
        }
        (DataType::Timestamp(Millisecond, _), DataType::Timestamp(Second, _)) => {
            numbers::<TimestampMillisecondType, TimestampSecondType>(&array, many)
        }
        (other, _) => Err(mismatch(other)),
    }
}
