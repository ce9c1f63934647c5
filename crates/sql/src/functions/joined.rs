//! What operators and casts become whose results grow; no query calls these by a name.

use std::sync::Arc;

use arrow::compute::kernels::concat_elements::concat_elements_dyn;
use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::bounded::bounded;

/// `joined(text, text)`: `||`.
pub(crate) fn joined() -> Arc<ScalarUDF> {
    bounded(&Arc::new(ScalarUDF::from(Joined {
        signature: Signature::any(2, Volatility::Immutable),
    })))
}

/// `nested_as_text(value)`: a cast of an array, a map or a struct to text.
pub(crate) fn nested_as_text() -> Arc<ScalarUDF> {
    bounded(&Arc::new(ScalarUDF::from(NestedAsText {
        signature: Signature::any(1, Volatility::Immutable),
    })))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Joined {
    signature: Signature,
}

impl ScalarUDFImpl for Joined {
    fn name(&self) -> &str {
        "joined"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Utf8))
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = call.args.as_slice() else {
            return exec_err!("|| takes two texts");
        };
        match (left, right) {
            (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_)) => {
                let both = concat_elements_dyn(&left.to_array(1)?, &right.to_array(1)?)?;
                Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                    &both, 0,
                )?))
            }
            _ => {
                let rows = call.number_rows;
                let both = concat_elements_dyn(&left.to_array(rows)?, &right.to_array(rows)?)?;
                Ok(ColumnarValue::Array(both))
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct NestedAsText {
    signature: Signature,
}

impl ScalarUDFImpl for NestedAsText {
    fn name(&self) -> &str {
        "nested_as_text"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match call.args.as_slice() {
            [value] => value.cast_to(&DataType::Utf8, None),
            _ => exec_err!("a cast takes one value"),
        }
    }
}
