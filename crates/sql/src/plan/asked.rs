//! CASE within others, as `nvl2` within `nvl2` has them.
//!
//! DataFusion asks a CASE apart for its type and for whether it may be null, and so each call within it whose value it gives; and
//! where a result may be null it looks whether that is reached, for which it asks the condition more than once. So each CASE in a
//! condition of another, and each in a call that another gives, would take twice as long as the one within it, or more. A CASE that
//! gives a null first, as far as DataFusion can tell, may be null, and there is nothing more to ask.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::{
    CaseWhen, Expr, FunctionArg, FunctionArgExpr, Query as Ast, Value, VisitMut, VisitorMut,
    visit_expressions,
};
use datafusion_sql::sqlparser::tokenizer::Span;
use millstream_core::{Error, Result};

use super::literals::call;
use crate::functions::kept_null;

/// CASEs within each other that are left as they are.
const FEW: usize = 2;

/// Has every CASE with more of them in its conditions or results give a null first, on a condition that is never so.
///
/// # Errors
/// The condition can't be parsed, which can't be.
pub(super) fn once(query: &mut Ast) -> Result<()> {
    let mut cases = Cases {
        heights: Vec::new(),
    };
    match query.visit(&mut cases) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Cases {
    /// Of each expression around: how many CASEs within each other it was seen to hold.
    heights: Vec<usize>,
}

impl VisitorMut for Cases {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, _: &mut Expr) -> ControlFlow<Self::Break> {
        self.heights.push(0);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        let mut height = self.heights.pop().unwrap_or_default();
        if let Expr::Case {
            case_token,
            operand,
            conditions,
            ..
        } = expr
        {
            height += 1;
            if height > FEW && conditions.iter().any(holds_case) {
                match null(operand.is_some(), case_token.0.span) {
                    Ok(first) => conditions.insert(0, first),
                    Err(error) => return ControlFlow::Break(Box::new(error)),
                }
            }
        }
        if let Some(around) = self.heights.last_mut() {
            *around = height.max(*around);
        }
        ControlFlow::Continue(())
    }
}

fn holds_case(when: &CaseWhen) -> bool {
    let holds = |expr: &Expr| {
        let walked = visit_expressions(expr, |expr| match expr {
            Expr::Case { .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        walked.is_break()
    };
    holds(&when.condition) || holds(&when.result)
}

/// A null that is never given: no operand is equal to null, and a condition is no false.
fn null(has_operand: bool, span: Span) -> Result<CaseWhen> {
    let never = match has_operand {
        true => Value::Null,
        false => Value::Boolean(false),
    };
    let never = FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(never.into())));
    Ok(CaseWhen {
        condition: call(&format!("{}()", kept_null::NAME), vec![never], span)?,
        result: Expr::Value(Value::Null.into()),
    })
}
