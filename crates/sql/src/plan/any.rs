//! `x = any(a)`, `x < all(a)` and the like are calls of the [functions](crate::functions::quantified) that are called as these are written.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Query as Ast, Spanned, Value, VisitMut, VisitorMut,
};
use millstream_core::{Error, Result};

use super::literals::call;
use crate::functions::quantified::is_one;

/// Writes them so in `query`.
///
/// # Errors
/// A call can't be parsed, which can't be.
pub(super) fn as_calls(query: &mut Ast) -> Result<()> {
    match query.visit(&mut Anys) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Anys;

impl VisitorMut for Anys {
    type Break = Box<Error>;

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        match written(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => ControlFlow::Break(Box::new(error)),
        }
    }
}

fn written(expr: &mut Expr) -> Result<()> {
    let (left, right, name) = match expr {
        Expr::AnyOp {
            left,
            compare_op,
            right,
            ..
        } => (left, right, format!("{compare_op} any")),
        Expr::AllOp {
            left,
            compare_op,
            right,
        } => (left, right, format!("{compare_op} all")),
        _ => return Ok(()),
    };
    if !is_one(&name) || matches!(right.as_ref(), Expr::Subquery(_) | Expr::Tuple(_)) {
        return Ok(());
    }
    let span = left.span().union(&right.span());
    let given = [taken(right), taken(left)];
    let given = given.map(|it| FunctionArg::Unnamed(FunctionArgExpr::Expr(it)));
    *expr = call(&format!("\"{name}\"()"), Vec::from(given), span)?;
    Ok(())
}

fn taken(expr: &mut Expr) -> Expr {
    std::mem::replace(expr, Expr::Value(Value::Null.into()))
}
