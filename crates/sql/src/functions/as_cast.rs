//! What a cast gives, handed on as it is, so that nothing looks through the cast.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// The name by which the plan knows it; no query calls it.
pub(crate) const NAME: &str = "as_cast";

/// `as_cast(value)`.
pub(crate) fn as_cast() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(AsCast {
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AsCast {
    signature: Signature,
}

impl ScalarUDFImpl for AsCast {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let mut given = arguments.args.into_iter();
        match (given.next(), given.next()) {
            (Some(value), None) => Ok(value),
            _ => exec_err!("{NAME} takes a value"),
        }
    }
}
