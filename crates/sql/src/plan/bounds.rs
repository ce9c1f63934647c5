//! Every call keeps within its room, also those that the planner makes of operators and brackets, and simplifies to. Where a
//! function of ours is in the place of one that it takes for these, it is ours.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::{Cast, HigherOrderFunction, ScalarFunction, TryCast};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF, lit};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::functions::bounded::{bounded, bytes, lambdas};
use crate::functions::flags::is_plain;
use crate::functions::{Functions, joined};

/// Constants up to so many bytes are no matter for a batch.
const SMALL: u64 = 1 << 10;

/// Functions that the planner makes of `@>`, `<@`, brackets, and a map of single keys and values.
const OF_SYNTAX: &[&str] = &["array_element", "array_has_all", "array_slice", "map"];

/// The rule; it runs when the types are equal, and once more when all is simplified.
#[derive(Debug)]
pub(super) struct Bounds {
    joined: Arc<ScalarUDF>,
    nested_as_text: Arc<ScalarUDF>,
    regexp_like: Option<Arc<ScalarUDF>>,
    of_syntax: Vec<Arc<ScalarUDF>>,
}

impl Bounds {
    pub(super) fn new(functions: &Functions) -> Self {
        Self {
            joined: joined::joined(),
            nested_as_text: joined::nested_as_text(),
            regexp_like: functions.scalar("regexp_like"),
            of_syntax: OF_SYNTAX
                .iter()
                .filter_map(|name| functions.scalar(name))
                .collect(),
        }
    }

    /// The plan with every call of it within its room.
    pub(super) fn within(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn one(&self, expr: Expr, schema: &DFSchema) -> Expr {
        match expr {
            Expr::ScalarFunction(call) => {
                let mut ours = self.of_syntax.iter();
                let ours = ours.find(|own| own.name() == call.func.name());
                let func = bounded(ours.unwrap_or(&call.func));
                Expr::ScalarFunction(ScalarFunction::new_udf(func, call.args))
            }
            Expr::HigherOrderFunction(call) => {
                let constants = call.args.iter().map(of_lambda).sum();
                let func = lambdas::bounded(&call.func, constants);
                Expr::HigherOrderFunction(HigherOrderFunction::new(func, call.args))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                self.operator(*left, op, *right, schema)
            }
            Expr::Cast(Cast { expr, field })
                if is_text_of_nested(&expr, field.data_type(), schema) =>
            {
                self.as_text(*expr, field.data_type())
            }
            Expr::TryCast(TryCast { expr, field })
                if is_text_of_nested(&expr, field.data_type(), schema) =>
            {
                self.as_text(*expr, field.data_type())
            }
            other => other,
        }
    }

    fn operator(&self, left: Expr, op: Operator, right: Expr, schema: &DFSchema) -> Expr {
        use Operator::{RegexIMatch, RegexMatch, RegexNotIMatch, RegexNotMatch, StringConcat};
        let is_text = |expr: &Expr| expr.get_type(schema).is_ok_and(|it| it.is_string());
        match op {
            StringConcat if is_text(&left) && is_text(&right) => {
                self.joined.call(vec![left, right])
            }
            RegexMatch | RegexNotMatch | RegexIMatch | RegexNotIMatch if !is_plain(&right) => {
                let any_case = matches!(op, RegexIMatch | RegexNotIMatch);
                let not = matches!(op, RegexNotMatch | RegexNotIMatch);
                self.matches(left, right, any_case, not, op)
            }
            _ => Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))),
        }
    }

    /// A pattern that is no constant is compiled by the function, which knows what that takes; one that DataFusion would take
    /// for another is left to it, too.
    fn matches(&self, text: Expr, pattern: Expr, any_case: bool, not: bool, op: Operator) -> Expr {
        let Some(function) = &self.regexp_like else {
            return Expr::BinaryExpr(BinaryExpr::new(Box::new(text), op, Box::new(pattern)));
        };
        let mut arguments = vec![text, pattern];
        if any_case {
            arguments.push(lit("i"));
        }
        let call = function.call(arguments);
        if not { !call } else { call }
    }

    fn as_text(&self, expr: Expr, to: &DataType) -> Expr {
        let text = self.nested_as_text.call(vec![expr]);
        match to {
            DataType::Utf8 => text,
            to => datafusion_expr::cast(text, to.clone()),
        }
    }
}

fn is_text_of_nested(expr: &Expr, to: &DataType, schema: &DFSchema) -> bool {
    to.is_string() && expr.get_type(schema).is_ok_and(|from| from.is_nested())
}

/// Bytes of the constants of a lambda, which are there once for each element.
fn of_lambda(argument: &Expr) -> u64 {
    match argument {
        Expr::Lambda(lambda) => constants_above(&lambda.body, 0),
        _ => 0,
    }
}

/// Bytes of the large constants in an expression, without those of lambdas.
pub(super) fn of_constants(expr: &Expr) -> u64 {
    constants_above(expr, SMALL)
}

fn constants_above(expr: &Expr, least: u64) -> u64 {
    let mut sum = 0_u64;
    let walked = expr.apply(|expr| match expr {
        Expr::Literal(value, _) => {
            let bytes = bytes::of_scalar(value);
            if bytes > least {
                sum = sum.saturating_add(bytes);
            }
            Ok(TreeNodeRecursion::Continue)
        }
        Expr::Lambda(_) => Ok(TreeNodeRecursion::Jump),
        _ => Ok(TreeNodeRecursion::Continue),
    });
    debug_assert!(walked.is_ok(), "a walk that looks at constants can't fail");
    sum
}

impl AnalyzerRule for Bounds {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        self.within(plan)
    }

    fn name(&self) -> &str {
        "calls_within_their_room"
    }
}
