//! Decimals, Doubles and texts made of each other without a step between them that loses digits; no query calls these by a
//! name.

mod text;

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array, Float32Array, Float64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Decimal128Type, Decimal256Type, DecimalType, Float32Type, Float64Type,
};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

pub(crate) use self::text::is_number;
use self::text::{exactly, rounded};

/// The decimals that hold the number of any text that is compared with a decimal.
pub(crate) const WIDEST: DataType = DataType::Decimal256(76, 38);

/// The name of what makes decimals of texts; no query calls it.
pub(crate) const AS_WRITTEN: &str = "decimal_as_written";

/// Characters of a text that a message shows.
const SHOWN: usize = 80;

/// What a function of this module makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    /// The floating point that is nearest to a decimal.
    Nearest { single: bool },
    /// The decimal of the digits that floating point is written with, or that a text has, rounded half up.
    Rounded {
        digits: u8,
        scale: i8,
        or_null: bool,
    },
    /// The number that a text is.
    Read,
    /// The quotient of two numbers as a Double; there is none by 0.
    Quotient,
}

/// The Double, or the Float, that is nearest to a decimal.
pub(crate) fn nearest(single: bool) -> Arc<ScalarUDF> {
    function(Made::Nearest { single })
}

/// Floating point, or the number that a text is, as a decimal of so many digits; what has more of them is an error, or null.
pub(crate) fn as_decimal(digits: u8, scale: i8, or_null: bool) -> Arc<ScalarUDF> {
    function(Made::Rounded {
        digits,
        scale,
        or_null,
    })
}

/// The number that a text is, as one of the [`WIDEST`] decimals.
pub(crate) fn read() -> Arc<ScalarUDF> {
    function(Made::Read)
}

/// The quotient of two Doubles that were made of decimals or whole numbers.
pub(crate) fn quotient() -> Arc<ScalarUDF> {
    function(Made::Quotient)
}

fn function(made: Made) -> Arc<ScalarUDF> {
    let arguments = match made {
        Made::Quotient => 2,
        _ => 1,
    };
    Arc::new(ScalarUDF::from(Exact {
        made,
        signature: Signature::any(arguments, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    made: Made,
    signature: Signature,
}

impl ScalarUDFImpl for Exact {
    fn name(&self) -> &str {
        match self.made {
            Made::Nearest { single: false } => "nearest_double",
            Made::Nearest { single: true } => "nearest_float",
            Made::Rounded { or_null: false, .. } => AS_WRITTEN,
            Made::Rounded { or_null: true, .. } => "decimal_as_written_or_null",
            Made::Read => "number_of_text",
            Made::Quotient => "quotient",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(match self.made {
            Made::Nearest { single: true } => DataType::Float32,
            Made::Nearest { single: false } | Made::Quotient => DataType::Float64,
            Made::Rounded { digits, scale, .. } => DataType::Decimal128(digits, scale),
            Made::Read => WIDEST,
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let scalar = arguments
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { arguments.number_rows };
        let arrays = arguments.args.iter().map(|value| value.to_array(rows));
        let arrays: Vec<ArrayRef> = arrays.collect::<Result<_>>()?;
        let made = match (self.made, arrays.as_slice()) {
            (Made::Nearest { single }, [decimals]) => nearest_of(decimals, single)?,
            (
                Made::Rounded {
                    digits,
                    scale,
                    or_null,
                },
                [numbers],
            ) => rounded_of(numbers, digits, scale, or_null)?,
            (Made::Read, [texts]) => read_of(texts)?,
            (Made::Quotient, [left, right]) => quotient_of(left, right)?,
            _ => return exec_err!("{} is given other arguments", self.name()),
        };
        Ok(if scalar {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
        } else {
            ColumnarValue::Array(made)
        })
    }
}

fn nearest_of(decimals: &ArrayRef, single: bool) -> Result<ArrayRef> {
    match *decimals.data_type() {
        DataType::Decimal128(_, scale) => {
            let values = decimals.as_primitive::<Decimal128Type>();
            let texts = |value: i128| Decimal128Type::format_decimal(value, u8::MAX, scale);
            if single {
                let made = values.iter().map(|value| texts(value?).parse().ok());
                return Ok(Arc::new(made.collect::<Float32Array>()));
            }
            let made = values.iter().map(|value| {
                let value = value?;
                match quickly(value, scale) {
                    Some(number) => Some(number),
                    None => texts(value).parse().ok(),
                }
            });
            Ok(Arc::new(made.collect::<Float64Array>()))
        }
        DataType::Decimal256(_, scale) => {
            let values = decimals.as_primitive::<Decimal256Type>();
            let texts = values
                .iter()
                .map(|value| Some(Decimal256Type::format_decimal(value?, u8::MAX, scale)));
            Ok(if single {
                Arc::new(
                    texts
                        .map(|text| text?.parse().ok())
                        .collect::<Float32Array>(),
                )
            } else {
                Arc::new(
                    texts
                        .map(|text| text?.parse().ok())
                        .collect::<Float64Array>(),
                )
            })
        }
        _ => exec_err!("only a decimal is next to a Double"),
    }
}

/// A quotient of two Doubles that are exact is the nearest to what it should be.
fn quickly(value: i128, scale: i8) -> Option<f64> {
    const EXACT: i128 = 1 << 53;
    const POWERS: i8 = 22;
    if !(-EXACT..=EXACT).contains(&value) || !(0..=POWERS).contains(&scale) {
        return None;
    }
    let mut power = 1.0_f64;
    for _ in 0..scale {
        power *= 10.0;
    }
    #[allow(
        clippy::cast_precision_loss,
        reason = "a Double holds whole numbers as large"
    )]
    let value = value as f64;
    Some(value / power)
}

fn rounded_of(numbers: &ArrayRef, digits: u8, scale: i8, or_null: bool) -> Result<ArrayRef> {
    let is_text = numbers.data_type().is_string();
    let texts: Vec<Option<String>> = match numbers.data_type() {
        DataType::Float32 => {
            let values = numbers.as_primitive::<Float32Type>().iter();
            values.map(|value| Some(value?.to_string())).collect()
        }
        DataType::Float64 => {
            let values = numbers.as_primitive::<Float64Type>().iter();
            values.map(|value| Some(value?.to_string())).collect()
        }
        _ if is_text => {
            let texts = cast(numbers, &DataType::Utf8)?;
            let texts = texts.as_string::<i32>().iter();
            texts.map(|text| text.map(str::to_owned)).collect()
        }
        _ => return exec_err!("only a Double or a text is rounded to a decimal"),
    };
    let mut made = Vec::with_capacity(texts.len());
    for text in texts {
        let Some(text) = text else {
            made.push(None);
            continue;
        };
        let value = rounded(&text, scale)
            .filter(|value| Decimal128Type::is_valid_decimal_precision(*value, digits));
        if value.is_none() && !or_null {
            let shown: String = text.chars().take(SHOWN).collect();
            return match is_number(&text) {
                true => exec_err!("{shown} has more digits than Decimal({digits},{scale}) holds"),
                // As other casts of texts say it.
                false if is_text => {
                    exec_err!(
                        "Cannot cast string '{shown}' to value of Decimal({digits},{scale}) type"
                    )
                }
                false => exec_err!("{text} is no number, and no Decimal({digits},{scale})"),
            };
        }
        made.push(value);
    }
    let made = Decimal128Array::from(made).with_precision_and_scale(digits, scale)?;
    Ok(Arc::new(made))
}

fn read_of(texts: &ArrayRef) -> Result<ArrayRef> {
    let texts = cast(texts, &DataType::Utf8)?;
    let mut made = Vec::with_capacity(texts.len());
    for text in texts.as_string::<i32>() {
        let Some(text) = text else {
            made.push(None);
            continue;
        };
        let Some(value) = exactly(text) else {
            let shown: String = text.chars().take(SHOWN).collect();
            return match is_number(text) {
                true => exec_err!("'{shown}' has more digits than a decimal is compared with"),
                false => exec_err!("'{shown}' is no number, and is compared with a decimal"),
            };
        };
        made.push(Some(value));
    }
    let DataType::Decimal256(digits, scale) = WIDEST else {
        return exec_err!("no decimals hold the numbers of texts");
    };
    let made = Decimal256Array::from(made).with_precision_and_scale(digits, scale)?;
    Ok(Arc::new(made))
}

fn quotient_of(left: &ArrayRef, right: &ArrayRef) -> Result<ArrayRef> {
    let left = cast(left, &DataType::Float64)?;
    let right = cast(right, &DataType::Float64)?;
    let pairs = left
        .as_primitive::<Float64Type>()
        .iter()
        .zip(right.as_primitive::<Float64Type>());
    let mut made = Vec::with_capacity(left.len());
    for pair in pairs {
        made.push(match pair {
            (Some(_), Some(0.0)) => return exec_err!("division by zero"),
            (Some(left), Some(right)) => Some(left / right),
            _ => None,
        });
    }
    Ok(Arc::new(Float64Array::from(made)))
}
