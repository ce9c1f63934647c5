//! What an expression gives once the types are made equal: before that, a CASE is of the type of its first result.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::{LambdaVariable, ScalarFunction};
use datafusion_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion_expr::type_coercion::other::get_coerce_type_for_case_expression;
use datafusion_expr::{BinaryExpr, Case, Expr, ExprSchemable};
use datafusion_optimizer::analyzer::type_coercion::TypeCoercionRewriter;

use crate::functions::lookups::parameter;

/// The field of what `expr` gives in the end.
///
/// # Errors
/// The types can't be made equal.
pub(super) fn field_of(expr: &Expr, schema: &DFSchema) -> Result<FieldRef> {
    Ok(made_equal(expr, schema)?.to_field(schema)?.1)
}

/// The type of what `expr` gives in the end. Each part of it is asked once, and nothing of it is copied or written out, but for a
/// CASE in a function that takes a lambda. Neither is the type of what stands in an array: DataFusion writes that into an error which
/// it drops, and a type may be as deep as the expression.
///
/// # Errors
/// As those of [`field_of`].
pub(super) fn type_of(expr: &Expr, schema: &DFSchema) -> Result<DataType> {
    match expr {
        Expr::Case(case) => match of_results(case, schema)? {
            Some(all) => Ok(all),
            None => expr.get_type(schema),
        },
        Expr::Negative(inner) => type_of(inner, schema),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (left, right) = (type_of(left, schema)?, type_of(right, schema)?);
            BinaryTypeCoercer::new(&left, op, &right).get_result_type()
        }
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            let items = call.args.iter().map(|item| type_of(item, schema));
            let items: Vec<DataType> = items.collect::<Result<_>>()?;
            match items.as_slice() {
                [first, others @ ..] if others.iter().all(|own| own == first) => {
                    Ok(DataType::new_list(first.clone(), true))
                }
                _ => of_call(call, schema),
            }
        }
        Expr::ScalarFunction(call) => of_call(call, schema),
        Expr::HigherOrderFunction(_) => made_equal(expr, schema)?.get_type(schema),
        other => other.get_type(schema),
    }
}

fn of_call(call: &ScalarFunction, schema: &DFSchema) -> Result<DataType> {
    let args = call.args.iter().map(|arg| in_its_place(arg, schema));
    let args = args.collect::<Result<_>>()?;
    let call = ScalarFunction::new_udf(Arc::clone(&call.func), args);
    Expr::ScalarFunction(call).get_type(schema)
}

/// The type that holds all results of a CASE, if there is one.
fn of_results(case: &Case, schema: &DFSchema) -> Result<Option<DataType>> {
    let thens = case.when_then_expr.iter();
    let thens = thens.map(|(_, then)| type_of(then, schema));
    let thens: Vec<DataType> = thens.collect::<Result<_>>()?;
    let other = case.else_expr.as_deref();
    let other = other.map(|other| type_of(other, schema)).transpose()?;
    Ok(get_coerce_type_for_case_expression(&thens, other.as_ref()))
}

/// Something of the type that an argument has in the end. A constant may have a say in what a function gives.
fn in_its_place(arg: &Expr, schema: &DFSchema) -> Result<Expr> {
    if matches!(arg, Expr::Literal(..)) {
        return Ok(arg.clone());
    }
    let field = parameter(&type_of(arg, schema)?);
    let argument = LambdaVariable::new("argument".to_owned(), Some(field));
    Ok(Expr::LambdaVariable(argument))
}

/// `expr`, with a type for each CASE that holds all of its results.
fn made_equal<'a>(expr: &'a Expr, schema: &DFSchema) -> Result<Cow<'a, Expr>> {
    if !expr.exists(|part| Ok(matches!(part, Expr::Case(_))))? {
        return Ok(Cow::Borrowed(expr));
    }
    let mut types = TypeCoercionRewriter::new(schema);
    let equal = expr.clone().transform_up(|part| match part {
        Expr::Case(_) => types.f_up(part),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(Cow::Owned(equal.data))
}

/// What a CASE gives.
pub(super) fn results(case: &Case) -> impl Iterator<Item = &Expr> {
    let results = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
    results.chain(case.else_expr.as_deref())
}
