//! Numbers of the query with more digits than a Double holds, by their text: what stands beside them says what they are.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

/// The name by which the planner finds them; no query calls it.
pub(crate) const NAME: &str = "number_as_written";

/// `number_as_written('…')`: until it is known to be more, a Double.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Written {
    signature: Signature,
}

impl Written {
    pub(crate) fn new() -> Self {
        Self {
            signature: Signature::exact(vec![DataType::Utf8], Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Written {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [ColumnarValue::Scalar(ScalarValue::Utf8(Some(text)))] => {
                Ok(ColumnarValue::Scalar(double(text)))
            }
            _ => exec_err!("{NAME} takes a text of the query"),
        }
    }
}

/// The text of a number, where `expr` is one by its text.
pub(crate) fn text_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == NAME => match call.args.as_slice() {
            [Expr::Literal(ScalarValue::Utf8(Some(text)), _)] => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// The text of the number with the other sign.
pub(crate) fn negative(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(rest) => rest.to_owned(),
        None => format!("-{text}"),
    }
}

/// Whether the number has neither a point nor an exponent.
pub(crate) fn is_whole(text: &str) -> bool {
    !text.contains(['.', 'e', 'E'])
}

/// Whether a number of the query, which stands there without its sign, has to keep its text.
pub(crate) fn is_long(text: &str) -> bool {
    text.parse::<u64>().is_err() && (text.contains(['e', 'E']) || !is_certain(text))
}

/// The decimal that was written; none if it has more digits than a Double tells for certain.
pub(crate) fn as_written(number: f64) -> Option<ScalarValue> {
    // The shortest text that is this number again: with so few digits it is what was written.
    let text = number.to_string();
    is_certain(&text).then(|| decimal(&text)).flatten()
}

/// Whether a Double tells all digits of the number.
pub(crate) fn is_certain(text: &str) -> bool {
    const CERTAIN: usize = 15;
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let mut digits = mantissa.replace(['-', '.'], "");
    if mantissa.contains('.') {
        digits.truncate(digits.trim_end_matches('0').len());
    }
    digits.trim_start_matches('0').len() <= CERTAIN
}

/// The Double that is nearest to the number.
pub(crate) fn double(text: &str) -> ScalarValue {
    ScalarValue::Float64(text.parse().ok())
}

/// The number as the decimal that it is; none if that has too many digits.
pub(crate) fn decimal(text: &str) -> Option<ScalarValue> {
    const MOST: usize = DECIMAL128_MAX_PRECISION as usize;
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    let mut scale = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    while scale > 0 && digits.ends_with('0') {
        digits.pop();
        scale -= 1;
    }
    let digits = digits.trim_start_matches('0');
    let more = usize::try_from(scale.min(0).unsigned_abs()).ok()?;
    let scale = usize::try_from(scale.max(0)).ok()?;
    if digits.is_empty() {
        return Some(ScalarValue::Decimal128(Some(0), 1, 0));
    }
    if scale > MOST || digits.len().saturating_add(more) > MOST {
        return None;
    }
    let value: i128 = format!("{digits}{}", "0".repeat(more)).parse().ok()?;
    let precision = (digits.len() + more).max(scale);
    Some(ScalarValue::Decimal128(
        Some(sign * value),
        u8::try_from(precision).ok()?,
        i8::try_from(scale).ok()?,
    ))
}
