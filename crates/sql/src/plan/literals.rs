//! What the planner takes otherwise than it is written, put into calls that it takes as they are.
//!
//! - A number with more digits than a Double holds keeps its text.
//! - `[x, 1]` in a lambda knows the lambda's names.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::ObjectNamePart;
use datafusion_sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query as Ast, Spanned, UnaryOperator,
    Value, VisitMut, VisitorMut,
};
use datafusion_sql::sqlparser::tokenizer::Span;
use millstream_core::{Error, Result};

use crate::functions::written::{self, is_long};
use crate::parse::parse_expression;

/// Puts such calls into `query`.
///
/// # Errors
/// The calls can't be parsed, which can't be.
pub(super) fn as_calls(query: &mut Ast) -> Result<()> {
    match query.visit(&mut Calls) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Calls;

impl VisitorMut for Calls {
    type Break = Box<Error>;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        // The planner takes the sign into the number: as long as it is is then one digit less.
        if let Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr: inner,
        } = expr
            && let Some((text, span)) = number(inner)
            && text
                .parse::<u64>()
                .is_ok_and(|number| number > i64::MIN.unsigned_abs())
        {
            return done(text_call(&text, span).map(|call| **inner = call));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Some((text, span)) = number(expr)
            && is_long(&text)
        {
            return done(text_call(&text, span).map(|call| *expr = call));
        }
        let span = expr.span();
        if let Expr::Array(array) = expr {
            let elements = std::mem::take(&mut array.elem);
            let elements = elements
                .into_iter()
                .map(|element| FunctionArg::Unnamed(FunctionArgExpr::Expr(element)));
            return done(call("make_array()", elements.collect(), span).map(|call| *expr = call));
        }
        ControlFlow::Continue(())
    }
}

fn done(result: Result<()>) -> ControlFlow<Box<Error>> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(Box::new(error)),
    }
}

/// The digits of a number of the query, and where it stands.
fn number(expr: &Expr) -> Option<(String, Span)> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => Some((text.replace('_', ""), value.span)),
            _ => None,
        },
        _ => None,
    }
}

fn text_call(text: &str, span: Span) -> Result<Expr> {
    let text = Expr::Value(Value::SingleQuotedString(text.to_owned()).into());
    let text = FunctionArg::Unnamed(FunctionArgExpr::Expr(text));
    call(&format!("{}()", written::NAME), vec![text], span)
}

/// A call that stands at `span`: `empty`, with the arguments.
pub(super) fn call(empty: &str, arguments: Vec<FunctionArg>, span: Span) -> Result<Expr> {
    let mut call = parse_expression(empty)?;
    if let Expr::Function(function) = &mut call {
        for part in &mut function.name.0 {
            if let ObjectNamePart::Identifier(name) = part {
                name.span = span;
            }
        }
        if let FunctionArguments::List(list) = &mut function.args {
            list.args = arguments;
        }
    }
    Ok(call)
}
