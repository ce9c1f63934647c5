//! `SIMILAR TO` as the SQL standard has it: the pattern is that of the whole text, and is made a regular expression.

use std::sync::Arc;

use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{Result, ScalarValue, plan_err};
use datafusion_expr::expr::Like;
use datafusion_expr::{BinaryExpr, Expr, LogicalPlan, Operator, lit};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::functions::similar::{as_regex, pattern};

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Similar;

impl AnalyzerRule for Similar {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, _| {
            Ok(expr
                .transform_up(|expr| Ok(Transformed::yes(one(expr)?)))?
                .data)
        })
    }

    fn name(&self) -> &str {
        "similar_to_of_the_standard"
    }
}

fn one(expr: Expr) -> Result<Expr> {
    let Expr::SimilarTo(Like {
        negated,
        expr,
        pattern: similar,
        escape_char,
        ..
    }) = expr
    else {
        return Ok(expr);
    };
    let escape = escape_char.unwrap_or('\\');
    let regex = match *similar {
        Expr::Literal(value, metadata) => match value.try_as_str() {
            Some(Some(text)) => match as_regex(text, escape) {
                Ok(regex) => lit(regex),
                Err(why) => return plan_err!("{why}"),
            },
            _ if value.is_null() => Expr::Literal(ScalarValue::Utf8(None), None),
            _ => Expr::Literal(value, metadata),
        },
        other => Arc::new(pattern(escape)).call(vec![other]),
    };
    let op = match negated {
        true => Operator::RegexNotMatch,
        false => Operator::RegexMatch,
    };
    Ok(Expr::BinaryExpr(BinaryExpr::new(expr, op, Box::new(regex))))
}
