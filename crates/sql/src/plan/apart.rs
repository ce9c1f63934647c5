//! What looks for a value among others is simplified by itself.
//!
//! DataFusion joins `x in (…)` with another of the same `x` as if both were sets of different values that are never null: it makes
//! false of `x in (a) and x in (b)`, whatever these columns hold, and true of `x not in (1) or x not in (2)`, also where x is null.
//! It makes such lists of `= any`, `array_has`, regular expressions and `x = 1 or x = 2`, too. So each of them is compared with a
//! hidden `true` while the plan is simplified, and stands beside others as it is afterwards.

use std::sync::Arc;

use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRewriter};
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::{BinaryExpr, Expr, LogicalPlan, Operator, ScalarUDF, binary_expr, lit};

use super::nulls::looks;
use super::over_expressions;
use crate::functions::kept_true::{NAME, kept_true};

/// The plan with such comparisons.
pub(super) fn set(plan: LogicalPlan) -> Result<LogicalPlan> {
    let kept_true = kept_true();
    over_expressions(plan, |expr, _| {
        let mut lists = Lists {
            kept_true: Arc::clone(&kept_true),
            nots: 0,
        };
        Ok(expr.rewrite(&mut lists)?.data)
    })
}

/// The plan without them.
pub(super) fn taken_back(plan: LogicalPlan) -> Result<LogicalPlan> {
    over_expressions(plan, |expr, _| {
        let rewritten = expr.transform_up(|expr| Ok(Transformed::yes(shown(expr))))?;
        Ok(rewritten.data)
    })
}

fn shown(expr: Expr) -> Expr {
    match expr {
        call if is_kept_true(&call) => lit(true),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) if is_true(&right) => *left,
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::NotEq,
            right,
        }) if is_true(&right) => Expr::Not(left),
        Expr::Not(inner) if is_true(&inner) => lit(false),
        other => other,
    }
}

fn is_kept_true(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if call.func.name() == NAME)
}

fn is_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(ScalarValue::Boolean(Some(true)), _))
}

struct Lists {
    kept_true: Arc<ScalarUDF>,
    /// How many NOTs stand around.
    nots: usize,
}

impl Lists {
    fn apart(&self, expr: Expr) -> Expr {
        let kept_true = self.kept_true.call(vec![lit(true)]);
        binary_expr(expr, Operator::Eq, kept_true)
    }
}

impl TreeNodeRewriter for Lists {
    type Node = Expr;

    fn f_down(&mut self, expr: Expr) -> Result<Transformed<Expr>> {
        self.nots += usize::from(matches!(expr, Expr::Not(_)));
        Ok(Transformed::no(expr))
    }

    fn f_up(&mut self, expr: Expr) -> Result<Transformed<Expr>> {
        let is_not = matches!(expr, Expr::Not(_));
        let is_or = is_joined_by(&expr, Operator::Or);
        // NOT makes an OR of equalities of an AND of their opposites.
        let turns = self.nots > 0 && (is_not || is_or);
        self.nots -= usize::from(is_not);
        // Whole chains, and no part of one: each is looked through once.
        let with_parts = expr.map_children(|part| {
            let may_become_one = (!is_or && may_become_list(&part, Operator::Or))
                || (turns && may_become_list(&part, Operator::And));
            Ok(match may_become_one {
                true => Transformed::yes(self.apart(part)),
                false => Transformed::no(part),
            })
        })?;
        let expr = with_parts.data;
        // What is known already need not be kept from anything.
        Ok(Transformed::yes(match is_list(&expr) && reads(&expr)? {
            true => self.apart(expr),
            false => expr,
        }))
    }
}

fn is_joined_by(expr: &Expr, joint: Operator) -> bool {
    matches!(expr, Expr::BinaryExpr(BinaryExpr { op, .. }) if *op == joint)
}

/// Whether an expression is more than constants.
fn reads(expr: &Expr) -> Result<bool> {
    expr.exists(|part| Ok(matches!(part, Expr::Column(_) | Expr::LambdaVariable(_))))
}

/// Whether an expression is a list of values, or may become one by itself.
fn is_list(expr: &Expr) -> bool {
    match expr {
        Expr::InList(_) => true,
        Expr::BinaryExpr(BinaryExpr { op, .. }) => matches!(
            op,
            Operator::RegexMatch
                | Operator::RegexIMatch
                | Operator::RegexNotMatch
                | Operator::RegexNotIMatch
        ),
        Expr::ScalarFunction(call) => looks(call.func.name()) || call.func.name() == "regexp_like",
        _ => false,
    }
}

/// Whether several parts of `a OR b OR …` may together become a list of values, or those of `a AND b AND …` within NOT.
fn may_become_list(expr: &Expr, joint: Operator) -> bool {
    let mut found = 0;
    let mut rest = vec![expr];
    while let Some(part) = rest.pop() {
        match part {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if *op == joint => {
                rest.push(left);
                rest.push(right);
            }
            part => found += usize::from(is_equality(part, joint)),
        }
    }
    found > 1
}

fn is_equality(part: &Expr, joint: Operator) -> bool {
    let is_turned = joint == Operator::And;
    match part {
        Expr::BinaryExpr(BinaryExpr { op, right, .. }) => match is_turned {
            true => *op == Operator::NotEq,
            false => *op == Operator::Eq && !is_kept_true(right),
        },
        // Without a wildcard it is one.
        Expr::Like(like) => like.negated == is_turned,
        Expr::Not(_) => true,
        _ => false,
    }
}
