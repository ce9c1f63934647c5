//! What stands beside a null is evaluated all the same: a record at which it fails is a bad one.
//!
//! DataFusion makes null of `cast(name as int) = null` and of `cast(name as int) in (null)`, and forgets the cast. Beside what
//! may fail nulls are hidden from it.

use std::sync::Arc;

use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion_common::{Result, exec_err};
use datafusion_expr::expr::{Cast, InList, TryCast};
use datafusion_expr::utils::split_conjunction;
use datafusion_expr::{BinaryExpr, Expr, LogicalPlan, ScalarUDF};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::conditions::can_not_fail;
use super::over_expressions;
use crate::functions::as_cast;
use crate::functions::kept_null::kept_null;
use crate::functions::quantified::is_one;

/// The rule; it runs when every cast is there, also those that nobody wrote.
#[derive(Debug)]
pub(super) struct Nulls {
    kept_null: Arc<ScalarUDF>,
}

impl Nulls {
    pub(super) fn new() -> Self {
        Self {
            kept_null: kept_null(),
        }
    }

    fn hide(&self, expr: &mut Expr) {
        for null in nulls_beside_failures(expr) {
            *null = self.kept_null.call(vec![std::mem::take(null)]);
        }
    }
}

impl AnalyzerRule for Nulls {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        refuse_null_conditions(&plan)?;
        over_expressions(plan, |expr, _| {
            let rewritten = expr.transform_up(|mut expr| {
                self.hide(&mut expr);
                Ok(Transformed::yes(expr))
            })?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "nulls_beside_failures"
    }
}

/// Hidden, a null would no longer be seen where the constants of the query are tried.
fn refuse_null_conditions(plan: &LogicalPlan) -> Result<()> {
    plan.apply(|node| {
        if let LogicalPlan::Filter(filter) = node
            && split_conjunction(&filter.predicate)
                .into_iter()
                .any(is_always_null)
        {
            return exec_err!("WHERE is null for every record, and keeps none");
        }
        Ok(TreeNodeRecursion::Continue)
    })
    .map(|_| ())
}

fn is_always_null(expr: &Expr) -> bool {
    match within_casts(expr) {
        Expr::Not(inner) => is_always_null(inner),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.returns_null_on_null() => {
            is_always_null(left) || is_always_null(right)
        }
        Expr::InList(InList { expr, list, .. }) if !list.is_empty() => {
            is_always_null(expr) || list.iter().all(is_null)
        }
        Expr::Between(between) => {
            is_always_null(&between.expr) || (is_null(&between.low) && is_null(&between.high))
        }
        Expr::Like(like) => is_always_null(&like.expr) || is_null(&like.pattern),
        Expr::ScalarFunction(call) if looks(call.func.name()) => {
            call.args.first().is_some_and(is_null)
        }
        other => is_null(other),
    }
}

/// The nulls because of which something that may fail would be left out.
fn nulls_beside_failures(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.returns_null_on_null() => {
            if is_null(right) && may_fail(left) {
                vec![right.as_mut()]
            } else if is_null(left) && may_fail(right) {
                vec![left.as_mut()]
            } else {
                Vec::new()
            }
        }
        Expr::InList(InList { expr, list, .. }) => {
            if is_null(expr) && list.iter().any(may_fail) {
                return vec![expr.as_mut()];
            }
            match list.as_mut_slice() {
                [only] if is_null(only) && may_fail(expr) => vec![only],
                _ => Vec::new(),
            }
        }
        Expr::Between(between) => {
            let bounds = [&mut between.low, &mut between.high];
            if is_null(&between.expr) && bounds.iter().any(|bound| may_fail(bound)) {
                return vec![between.expr.as_mut()];
            }
            if !may_fail(&between.expr) {
                return Vec::new();
            }
            let bounds = bounds.into_iter().map(|bound| &mut **bound);
            bounds.filter(|bound| is_null(bound)).collect()
        }
        Expr::Like(like) => {
            if is_null(&like.pattern) && may_fail(&like.expr) {
                vec![like.pattern.as_mut()]
            } else if is_null(&like.expr) && may_fail(&like.pattern) {
                vec![like.expr.as_mut()]
            } else {
                Vec::new()
            }
        }
        // What `x = any(null)` comes to.
        Expr::ScalarFunction(call) if looks(call.func.name()) => match call.args.as_mut_slice() {
            [array, item] if is_null(array) && may_fail(item) => vec![array],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a function of this name compares something with the items of an array.
pub(super) fn looks(name: &str) -> bool {
    name == "array_has" || is_one(name)
}

fn may_fail(expr: &Expr) -> bool {
    !can_not_fail(expr)
}

/// Whether an expression is null, of whatever type.
pub(super) fn is_null(expr: &Expr) -> bool {
    matches!(within_casts(expr), Expr::Literal(value, _) if value.is_null())
}

/// What is cast, or the expression where it is no cast.
fn within_casts(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Cast(Cast { expr: inner, .. }) | Expr::TryCast(TryCast { expr: inner, .. }) => {
                inner.as_ref()
            }
            Expr::ScalarFunction(call) if call.func.name() == as_cast::NAME => {
                match call.args.as_slice() {
                    [inner] => inner,
                    _ => return expr,
                }
            }
            _ => return expr,
        };
    }
}
