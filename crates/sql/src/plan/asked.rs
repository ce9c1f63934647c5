//! Conditions of CASE that hold others, as `nvl2` within `nvl2` does.
//!
//! DataFusion looks whether a result that may be null is reached where it is null, and asks a condition for that more than once
//! whether parts of it may be null: each CASE in the condition of another would take twice as long as the one within it, or more.
//! A call it asks once, and where there is no answer to a condition, there is no yes either.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Query as Ast, Spanned,
    Value, VisitMut, VisitorMut, visit_expressions,
};
use millstream_core::{Error, Result};

use crate::parse::parse_expression;

/// CASEs within each other that are left as they are.
const FEW: usize = 2;

/// Puts the conditions of what holds more of them into calls.
///
/// # Errors
/// The calls can't be parsed, which can't be.
pub(super) fn once(query: &mut Ast) -> Result<()> {
    let mut conditions = Conditions {
        heights: Vec::new(),
    };
    match query.visit(&mut conditions) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Conditions {
    /// Of each expression around: how many CASEs within each other it was seen to hold.
    heights: Vec<usize>,
}

impl VisitorMut for Conditions {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, _: &mut Expr) -> ControlFlow<Self::Break> {
        self.heights.push(0);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        let mut height = self.heights.pop().unwrap_or_default();
        if let Expr::Case {
            operand,
            conditions,
            ..
        } = expr
        {
            height += 1;
            if operand.is_none() && height > FEW {
                let conditions = conditions.iter_mut().map(|when| &mut when.condition);
                let mut holding = conditions.filter(|condition| holds_case(condition));
                if let Err(error) = holding.try_for_each(ask_once) {
                    return ControlFlow::Break(Box::new(error));
                }
            }
        }
        if let Some(around) = self.heights.last_mut() {
            *around = height.max(*around);
        }
        ControlFlow::Continue(())
    }
}

fn holds_case(condition: &Expr) -> bool {
    let walked = visit_expressions(condition, |expr| match expr {
        Expr::Case { .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    walked.is_break()
}

/// Writes a condition as a call that is false where there is no answer.
fn ask_once(condition: &mut Expr) -> Result<()> {
    let mut call = parse_expression("coalesce(null, false)")?;
    if let Expr::Function(function) = &mut call
        && let [ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice()
        && let FunctionArguments::List(list) = &mut function.args
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(asked))) = list.args.first_mut()
    {
        name.span = condition.span();
        *asked = std::mem::replace(condition, Expr::Value(Value::Null.into()));
        *condition = call;
    }
    Ok(())
}
