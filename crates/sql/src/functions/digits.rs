//! Decimals that have more digits than their type holds are failures: DataFusion gives them as they are.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, DecimalType};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, ScalarUDF};

use super::of_its_type::of_its_type;

/// The name of the check.
pub(crate) const NAME: &str = "within_digits";

/// `within_digits(decimal)`: the decimal, if its type holds it.
pub(crate) fn within_digits() -> Arc<ScalarUDF> {
    of_its_type(NAME, within)
}

fn within(value: ColumnarValue) -> Result<ColumnarValue> {
    let array = match &value {
        ColumnarValue::Array(array) => array.clone(),
        ColumnarValue::Scalar(scalar) => scalar.to_array()?,
    };
    match *array.data_type() {
        DataType::Decimal128(digits, scale) => check::<Decimal128Type>(&array, digits, scale)?,
        DataType::Decimal256(digits, scale) => check::<Decimal256Type>(&array, digits, scale)?,
        _ => {}
    }
    Ok(value)
}

fn check<T: DecimalType>(array: &ArrayRef, digits: u8, scale: i8) -> Result<()> {
    let values = array.as_primitive::<T>();
    let too_large = |value: &T::Native| !T::is_valid_decimal_precision(*value, digits);
    match values.iter().flatten().find(too_large) {
        None => Ok(()),
        Some(value) => {
            // With the digits of the type the last ones would be left out.
            let shown = T::format_decimal(value, u8::MAX, scale);
            exec_err!("{shown} has more digits than Decimal({digits},{scale}) holds")
        }
    }
}
