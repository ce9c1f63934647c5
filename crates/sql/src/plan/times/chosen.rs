//! Functions that the planner is given instead of those that refuse a text beside a day, and structs of other names: the text is taken
//! for a day. What it is, is looked at by the rule, which makes the fields the same and puts the functions themselves in their places.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::Result;
use datafusion_common::utils::base_type;
use datafusion_expr::type_coercion::functions::fields_with_udf;
use datafusion_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::super::elements::with_items;
use super::super::nested::shapes::alike;
use super::beside::taken_for;
use super::days::is_day;
use super::micros;

/// Functions that refuse it. `nvl` and `ifnull` are `coalesce`.
const REFUSING: &[&str] = &["coalesce", "make_array"];

/// What the planner is given in the place of `function`.
pub(in crate::plan) fn instead(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    if !REFUSING.contains(&function.name()) {
        return function;
    }
    Arc::new(ScalarUDF::from(BesideDays {
        signature: Signature::user_defined(function.signature().volatility),
        itself: function,
    }))
}

/// The function that the planner was given another one for.
pub(super) fn itself(function: &ScalarUDF) -> Option<Arc<ScalarUDF>> {
    let given = function.inner().downcast_ref::<BesideDays>()?;
    Some(Arc::clone(&given.itself))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BesideDays {
    itself: Arc<ScalarUDF>,
    signature: Signature,
}

impl BesideDays {
    /// The types as which the function itself takes its arguments.
    fn taken(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        let fields = types.iter().map(|own| Field::new("", own.clone(), true));
        let fields: Vec<FieldRef> = fields.map(Arc::new).collect();
        let fields = fields_with_udf(&fields, self.itself.as_ref())?;
        let types = fields.iter().map(|field| field.data_type().clone());
        Ok(types.collect())
    }
}

impl ScalarUDFImpl for BesideDays {
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
        self.itself.return_field_from_args(arguments)
    }

    fn coerce_types(&self, types: &[DataType]) -> Result<Vec<DataType>> {
        // Beside a time, days and texts are times; by themselves the function takes them for such.
        let time = types.iter().find_map(|own| match base_type(own) {
            DataType::Timestamp(_, zone) => Some(micros(zone)),
            _ => None,
        });
        let day = types.iter().map(base_type).find(is_day);
        let taken = types.iter().map(|own| match (&time, &day) {
            _ if !base_type(own).is_string() => own.clone(),
            (Some(time), _) if own.is_list() => with_items(own, time),
            (None, Some(day)) => with_items(own, day),
            _ => own.clone(),
        });
        let taken: Vec<DataType> = taken.collect();
        let same = alike(&taken);
        let taken = self.taken(&same);
        // Within structs it is the same.
        taken.or_else(|refused| self.taken(&taken_for(&same)).map_err(|_| refused))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.itself.invoke_with_args(arguments)
    }
}
