//! Functions of one value that give one of its type: plans hold them, and no query calls them.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What one gives for a value.
type Give = fn(ColumnarValue) -> Result<ColumnarValue>;

/// The function `name`, which no other has.
pub(crate) fn of_its_type(name: &'static str, give: Give) -> Arc<ScalarUDF> {
    of_volatility(name, give, Volatility::Immutable)
}

/// [`of_its_type`], of which the planner does not know what it gives for a constant.
pub(crate) fn kept_as_call(name: &'static str, give: Give) -> Arc<ScalarUDF> {
    of_volatility(name, give, Volatility::Volatile)
}

fn of_volatility(name: &'static str, give: Give, volatility: Volatility) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(OfItsType {
        name,
        give,
        signature: Signature::any(1, volatility),
    }))
}

#[derive(Debug)]
struct OfItsType {
    name: &'static str,
    give: Give,
    signature: Signature,
}

impl PartialEq for OfItsType {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for OfItsType {}

impl Hash for OfItsType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for OfItsType {
    fn name(&self) -> &str {
        self.name
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
            (Some(value), None) => (self.give)(value),
            _ => exec_err!("{} takes a value", self.name),
        }
    }
}
