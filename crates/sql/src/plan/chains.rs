//! A long chain of `||` over texts becomes a tree of few levels: texts may be grouped as one likes.
//!
//! Beside an array each part is an item of it, so that only what is planned tells whether a chain is one of texts.

use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, binary_expr, lit};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;

/// Chains of at least this many parts are regrouped.
const LONG: usize = 16;

/// The rule; it runs first, as long as the parts are what was written.
#[derive(Debug)]
pub(super) struct Chains;

impl AnalyzerRule for Chains {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_down(|expr| Ok(Transformed::yes(regrouped(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "chains_of_texts"
    }
}

fn regrouped(expr: Expr, schema: &DFSchema) -> Expr {
    let parts = parts_of(&expr);
    let mut first = parts.iter().take(2);
    // Two of which none is a text are no text together.
    if parts.len() < LONG || !first.any(|part| is_text(part, schema)) {
        return expr;
    }
    let texts = parts.iter().map(|part| as_text(part, schema));
    match texts.collect::<Option<Vec<Expr>>>() {
        Some(texts) => grouped(texts),
        None => expr,
    }
}

/// The parts of a chain in their order; one where it is none.
fn parts_of(expr: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    let mut rest = expr;
    while let Expr::BinaryExpr(BinaryExpr {
        left,
        op: Operator::StringConcat,
        right,
    }) = rest
    {
        parts.push(right.as_ref());
        rest = left.as_ref();
    }
    parts.push(rest);
    parts.reverse();
    parts
}

fn is_text(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|own| own.is_string())
}

/// The text that a part is beside one; none where that is not known, and of null, which has its own rule for what stands beside it.
fn as_text(part: &Expr, schema: &DFSchema) -> Option<Expr> {
    let own = part.get_type(schema).ok()?;
    if own.is_string() {
        return Some(part.clone());
    }
    let is_plain = !own.is_null() && !own.is_nested();
    is_plain.then(|| binary_expr(lit(""), Operator::StringConcat, part.clone()))
}

/// The parts as pairs, the pairs as pairs, and so on.
fn grouped(mut parts: Vec<Expr>) -> Expr {
    while parts.len() > 1 {
        let mut pairs = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => binary_expr(left, Operator::StringConcat, right),
                None => left,
            });
        }
        parts = pairs;
    }
    parts.pop().unwrap_or_default()
}
