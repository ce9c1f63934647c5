//! The microseconds of times in nanoseconds: the one at or before each of them, also before 1970.
//!
//! No time fails at it, and later ones never become earlier: what is said of the one says something of the other.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampNanosecondType};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The name by which conditions on columns know it; no query calls it.
pub(in crate::plan) const NAME: &str = "in_microseconds";

/// Nanoseconds of a microsecond.
pub(in crate::plan) const NANOS: i64 = 1_000;

/// The microsecond at or before each time.
pub(crate) fn of_nanoseconds(
    nanos: &PrimitiveArray<TimestampNanosecondType>,
) -> TimestampMicrosecondArray {
    nanos.unary(|time| time.div_euclid(NANOS))
}

/// `in_microseconds(time in nanoseconds)`.
pub(in crate::plan) fn in_microseconds() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(InMicroseconds {
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct InMicroseconds {
    signature: Signature,
}

impl ScalarUDFImpl for InMicroseconds {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, None))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [times] = arguments.args.as_slice() else {
            return exec_err!("{NAME} takes a time");
        };
        let array = times.to_array(1)?;
        let Some(nanos) = array.as_primitive_opt::<TimestampNanosecondType>() else {
            return exec_err!("{NAME} takes a time in nanoseconds");
        };
        let micros: ArrayRef = Arc::new(of_nanoseconds(nanos));
        Ok(match times {
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&micros, 0)?)
            }
            ColumnarValue::Array(_) => ColumnarValue::Array(micros),
        })
    }
}
