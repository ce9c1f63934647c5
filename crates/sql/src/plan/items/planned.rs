//! What the planner is given instead of functions over arrays that refuse what can be made of the items' type: decimals of other
//! digits, texts of the query, times of two units, structs of other names. The rule that makes decimals, which is the last that makes
//! one type of what such a function is given, puts the functions themselves in their places.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::utils::base_type;
use datafusion_common::{Result, exec_err};
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::super::nested::shapes::alike;
use super::super::times::beside::taken_for;
use super::super::times::days::joined;

/// What the planner is given in the place of `function`.
pub(in crate::plan) fn instead(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    if joined(function.name()) == 0 {
        return function;
    }
    Arc::new(ScalarUDF::from(Planned {
        signature: Signature::user_defined(function.signature().volatility),
        itself: function,
    }))
}

/// The function that the planner was given another one for.
pub(in crate::plan) fn itself(function: &ScalarUDF) -> Option<Arc<ScalarUDF>> {
    let given = function.inner().downcast_ref::<Planned>()?;
    Some(Arc::clone(&given.itself))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Planned {
    itself: Arc<ScalarUDF>,
    signature: Signature,
}

impl Planned {
    /// The types as which the function itself takes its arguments.
    fn taken(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let fields = types.iter().map(|own| Field::new("", own.clone(), true));
        let fields: Vec<FieldRef> = fields.map(Arc::new).collect();
        let fields = fields_with_udf(&fields, self.itself.as_ref())?;
        let types = fields.iter().map(|field| field.data_type().clone());
        Ok(types.collect())
    }

    /// Whether one type may be made of what the function does not take.
    fn may_be_made_equal(&self, types: &[DataType]) -> bool {
        let count = joined(self.itself.name()).min(types.len());
        let met = types.get(..count).unwrap_or_default();
        met.len() > 1 && met.iter().any(DataType::is_list) && met.iter().all(is_known)
    }
}

/// Whether a rule may make another type of it, or of what stands in it.
fn is_known(own: &DataType) -> bool {
    match base_type(own) {
        DataType::Struct(fields) => fields
            .iter()
            .all(|field| *field.data_type() == DataType::Boolean || is_known(field.data_type())),
        own => own.is_null() || own.is_string() || own.is_numeric() || own.is_temporal(),
    }
}

impl ScalarUDFImpl for Planned {
    fn name(&self) -> &str {
        self.itself.name()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.itself.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.itself.return_type(types)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        let mut fields = arguments.arg_fields.iter();
        let array = fields.find(|field| field.data_type().is_list()).cloned();
        match (self.itself.return_field_from_args(arguments), array) {
            // Until the types are equal it is some array.
            (Err(_), Some(array)) => Ok(array),
            (field, _) => field,
        }
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let same = alike(types);
        let taken = self.taken(&same);
        let taken = taken.or_else(|refused| self.taken(&taken_for(&same)).map_err(|_| refused));
        match taken {
            Err(_) if self.may_be_made_equal(types) => Ok(types.to_vec()),
            taken => taken,
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types = arguments.args.iter().map(ColumnarValue::data_type);
        let types: Vec<DataType> = types.collect();
        if self.taken(&types).is_ok_and(|taken| taken == types) {
            return self.itself.invoke_with_args(arguments);
        }
        exec_err!("the types of {} are not equal yet", self.name())
    }
}
