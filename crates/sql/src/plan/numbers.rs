//! Numbers that stand in the query with a point, or by their text, and Doubles that it works out by itself.

use arrow::datatypes::DataType;
use datafusion_common::{DFSchema, ScalarValue};
use datafusion_expr::Expr;

use super::settled::type_of;
use crate::constants::value_of;
use crate::functions::written::text_of;

/// Whether an expression is a number of the query with a point, or by its text.
pub(super) fn is_written(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Float64(Some(_)), _)) || text_of(expr).is_some()
}

/// The text of such a number.
pub(super) fn written(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(ScalarValue::Float64(Some(number)), _) => Some(number.to_string()),
        other => text_of(other).map(str::to_owned),
    }
}

/// A Double that the query works out by itself is taken as if it was written.
pub(super) fn worked_out(item: &mut Expr, schema: &DFSchema) {
    let is_double = type_of(item, schema).is_ok_and(|own| own == DataType::Float64);
    if !is_double || is_written(item) {
        return;
    }
    if let Some(ScalarValue::Float64(number)) = value_of(item)
        && number.is_none_or(f64::is_finite)
    {
        *item = Expr::Literal(ScalarValue::Float64(number), None);
    }
}
