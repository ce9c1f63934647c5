//! Decimals as Doubles.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type};
use arrow::error::ArrowError;

use super::{cast, mismatch};

/// The powers of ten that a Double holds, by their exponents.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// A Double holds every whole number up to this one.
const WHOLE: u128 = 1 << 53;

/// The Doubles that are next to decimals.
pub(super) fn next_to(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let array = match array.data_type() {
        DataType::Dictionary(_, value) => cast(array, value)?,
        DataType::Decimal32(digits, behind) | DataType::Decimal64(digits, behind) => {
            cast(array, &DataType::Decimal128(*digits, *behind))?
        }
        _ => Arc::clone(array),
    };
    let doubles: Float64Array = match array.data_type() {
        DataType::Decimal128(_, behind) => {
            let decimals = array.as_primitive_opt::<Decimal128Type>();
            let decimals = decimals.ok_or_else(|| mismatch(array.data_type()))?;
            decimals.unary(|decimal| next_to_one(decimal, *behind))
        }
        DataType::Decimal256(_, behind) => {
            let decimals = array.as_primitive_opt::<Decimal256Type>();
            let decimals = decimals.ok_or_else(|| mismatch(array.data_type()))?;
            decimals.unary(|decimal| read(&decimal, *behind))
        }
        other => return Err(mismatch(other)),
    };
    Ok(Arc::new(doubles))
}

/// A quotient of two numbers that Doubles hold is the Double next to it; others are read as they are written.
fn next_to_one(decimal: i128, behind: i8) -> f64 {
    let power = usize::try_from(behind).ok();
    match power.and_then(|power| POWERS.get(power)) {
        Some(power) if decimal.unsigned_abs() <= WHOLE => decimal as f64 / power,
        _ => read(&decimal, behind),
    }
}

fn read(decimal: &dyn std::fmt::Display, behind: i8) -> f64 {
    let text = format!("{decimal}e{}", -i16::from(behind));
    // There are digits before the exponent, and nothing else.
    text.parse().unwrap_or(f64::NAN)
}
