//! What an expression gives once the types are made equal: before that, a CASE is of the type of its first result.

use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::type_coercion::other::get_coerce_type_for_case_expression;
use datafusion_expr::{Expr, ExprSchemable};
use datafusion_optimizer::analyzer::type_coercion::TypeCoercionRewriter;

/// The field of what `expr` gives in the end.
///
/// # Errors
/// The types can't be made equal.
pub(super) fn field_of(expr: &Expr, schema: &DFSchema) -> Result<FieldRef> {
    if !has_case(expr)? {
        return Ok(expr.to_field(schema)?.1);
    }
    let mut types = TypeCoercionRewriter::new(schema);
    let equal = expr.clone().transform_up(|part| match part {
        Expr::Case(_) => types.f_up(part),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(equal.data.to_field(schema)?.1)
}

/// The type of what `expr` gives in the end.
///
/// # Errors
/// As those of [`field_of`].
pub(super) fn type_of(expr: &Expr, schema: &DFSchema) -> Result<DataType> {
    // Nothing is copied for the results of a CASE, which may be many and deep.
    if let Expr::Case(case) = expr {
        let thens = case.when_then_expr.iter();
        let thens = thens.map(|(_, then)| type_of(then, schema));
        let thens: Vec<DataType> = thens.collect::<Result<_>>()?;
        let other = case.else_expr.as_deref();
        let other = other.map(|other| type_of(other, schema)).transpose()?;
        return match get_coerce_type_for_case_expression(&thens, other.as_ref()) {
            Some(all) => Ok(all),
            None => expr.get_type(schema),
        };
    }
    match has_case(expr)? {
        true => Ok(field_of(expr, schema)?.data_type().clone()),
        false => expr.get_type(schema),
    }
}

fn has_case(expr: &Expr) -> Result<bool> {
    expr.exists(|part| Ok(matches!(part, Expr::Case(_))))
}
