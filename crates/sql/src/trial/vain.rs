//! What is no error of a function, and in vain for every record: an element 0 of an array, which is always null, and a pattern beside a
//! number, which nothing reads.
//!
//! It is looked for as it is written: simplified, a constant is left of some of it.

use arrow::datatypes::DataType;
use datafusion_common::{DFSchema, Result, ScalarValue, exec_err};
use datafusion_expr::expr::{Cast, ScalarFunction};
use datafusion_expr::{Expr, ExprSchemable, LogicalPlan};

use super::{READING, each_expression};

/// Refuses what is in vain. The types of `plan` must have been made equal, and nothing of it simplified.
///
/// # Errors
/// What is wrong, in words that `plan/plain.rs` has a next step for.
pub(crate) fn refuse_vain(plan: &LogicalPlan) -> Result<()> {
    each_expression(plan, |expr, schema| match expr {
        Expr::ScalarFunction(call) => refuse(call, schema),
        _ => Ok(()),
    })
}

fn refuse(call: &ScalarFunction, schema: &DFSchema) -> Result<()> {
    let name = call.func.name();
    let [first, second, ..] = call.args.as_slice() else {
        return Ok(());
    };
    if name == "array_element" && is_zero(second) {
        return exec_err!("indices count from 1, so that no array has an element 0");
    }
    // A parameter of a lambda has no type here.
    let is_number = || first.get_type(schema).is_ok_and(|own| own.is_numeric());
    if READING.contains(&name) && is_number() {
        return exec_err!("`{name}` takes a pattern beside a text, and none beside a number");
    }
    Ok(())
}

fn is_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Cast(Cast { expr, .. }) => is_zero(expr),
        Expr::Literal(value, _) if value.data_type().is_integer() => value
            .cast_to(&DataType::Int64)
            .is_ok_and(|value| value == ScalarValue::Int64(Some(0))),
        _ => false,
    }
}
