//! Times beside text and days: all of them become times in microseconds before anything is compared.
//!
//! DataFusion would make them times in nanoseconds, which exist from 1677 to 2262 only. Microseconds reach
//! over 290,000 years in both directions, and 9999-12-31 is everybody's word for "never". Functions see to that
//! themselves. A day that is moved by hours becomes a time as well.
//!
//! Times in nanoseconds, which files of columns have, become their microseconds where they meet anything else. Among
//! themselves, and where they are only handed on, they keep all of their digits.

mod days;
pub(super) mod micros;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{InList, ScalarFunction};
use datafusion_expr::{
    Between, BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, Operator, cast,
};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::functions::times::CHOOSING;

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Times;

impl AnalyzerRule for Times {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten = expr.transform_up(|expr| Ok(Transformed::yes(one(expr, schema)?)))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "times_in_microseconds"
    }
}

fn one(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    days::refuse_numbers(&expr, schema)?;
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if moves(&left, op, &right, schema) => {
            let time = micros(None);
            let [left, right] = [*left, *right].map(|side| match is_day(&side, schema) {
                true => cast(side, time.clone()),
                false => side,
            });
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if meets(op) => {
            let [left, right] = together([*left, *right], schema);
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        Expr::Between(Between {
            expr,
            negated,
            low,
            high,
        }) => {
            let [expr, low, high] = together([*expr, *low, *high], schema);
            Expr::Between(Between::new(
                Box::new(expr),
                negated,
                Box::new(low),
                Box::new(high),
            ))
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let mut all = vec![*expr];
            all.extend(list);
            unify(&mut all, schema);
            let expr = Box::new(all.remove(0));
            Expr::InList(InList::new(expr, all, negated))
        }
        Expr::Case(case) => Expr::Case(case_of(case, schema)),
        Expr::ScalarFunction(call) => Expr::ScalarFunction(called(call, schema)),
        other => other,
    })
}

/// Functions that would cut nanoseconds off towards 1970, or leave the years that have them.
const OF_MICROS: &[&str] = &["date_format", "date_trunc", "to_char", "to_timestamp"];

/// The functions make times of text and days themselves, but of nanoseconds only such that are beside them.
fn called(mut call: ScalarFunction, schema: &DFSchema) -> ScalarFunction {
    let in_micros = match call.func.name() {
        // The first one is only looked at.
        "nvl2" => time_among(call.args.get(1..).unwrap_or_default(), schema).is_some(),
        name if CHOOSING.contains(&name) => time_among(&call.args, schema).is_some(),
        name => OF_MICROS.contains(&name),
    };
    if in_micros {
        for arg in &mut call.args {
            if let Ok(DataType::Timestamp(TimeUnit::Nanosecond, zone)) = arg.get_type(schema) {
                *arg = cast(std::mem::take(arg), micros(zone));
            }
        }
    }
    call
}

/// Whether a day is moved by an interval that may not be of whole days.
fn moves(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> bool {
    let interval = match op {
        Operator::Plus if is_day(right, schema) => left,
        Operator::Plus | Operator::Minus if is_day(left, schema) => right,
        _ => return false,
    };
    let spans = matches!(
        interval.get_type(schema),
        Ok(DataType::Interval(_) | DataType::Duration(_))
    );
    spans && !of_whole_days(interval)
}

/// Whether an interval that the query says is of days, months and years.
fn of_whole_days(interval: &Expr) -> bool {
    match interval {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
            interval.nanoseconds == 0
        }
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => {
            interval.milliseconds == 0
        }
        Expr::Literal(ScalarValue::IntervalYearMonth(_), _) => true,
        Expr::Negative(inner) => of_whole_days(inner),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus | Operator::Minus,
            right,
        }) => of_whole_days(left) && of_whole_days(right),
        _ => false,
    }
}

/// Operators that compare or subtract: both sides are of one kind.
fn meets(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, Minus, NotEq};
    matches!(
        op,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom | Minus
    )
}

fn together<const N: usize>(exprs: [Expr; N], schema: &DFSchema) -> [Expr; N] {
    match time_among(&exprs, schema) {
        Some(time) => exprs.map(|expr| as_time(expr, &time, schema)),
        None => exprs,
    }
}

fn unify(exprs: &mut [Expr], schema: &DFSchema) {
    if let Some(time) = time_among(exprs, schema) {
        for expr in exprs {
            let taken = std::mem::take(expr);
            *expr = as_time(taken, &time, schema);
        }
    }
}

/// The operand and what it is compared with are of one kind, and so are the results.
fn case_of(mut case: Case, schema: &DFSchema) -> Case {
    if let Some(operand) = case.expr.take() {
        let mut all = vec![*operand];
        all.extend(case.when_then_expr.iter().map(|(when, _)| *when.clone()));
        unify(&mut all, schema);
        let mut all = all.into_iter();
        case.expr = all.next().map(Box::new);
        for ((when, _), unified) in case.when_then_expr.iter_mut().zip(all) {
            **when = unified;
        }
    }
    let mut results: Vec<Expr> = case
        .when_then_expr
        .iter()
        .map(|(_, then)| *then.clone())
        .chain(case.else_expr.as_deref().cloned())
        .collect();
    unify(&mut results, schema);
    let mut results = results.into_iter();
    for ((_, then), unified) in case.when_then_expr.iter_mut().zip(results.by_ref()) {
        **then = unified;
    }
    if let Some(unified) = results.next() {
        case.else_expr = Some(Box::new(unified));
    }
    case
}

/// The type of times that the expressions become, if there is a time among them. Those in nanoseconds are left to
/// themselves where they meet no others.
fn time_among(exprs: &[Expr], schema: &DFSchema) -> Option<DataType> {
    let types = exprs.iter().filter_map(|expr| expr.get_type(schema).ok());
    let types: Vec<DataType> = types.collect();
    let zone = types.iter().find_map(|data_type| match data_type {
        DataType::Timestamp(_, zone) => Some(zone.clone()),
        _ => None,
    })?;
    let meets_others = types.iter().any(|data_type| match data_type {
        DataType::Timestamp(unit, _) => *unit != TimeUnit::Nanosecond,
        other => other.is_string() || days::is_day(other),
    });
    meets_others.then(|| micros(zone))
}

fn micros(zone: Option<std::sync::Arc<str>>) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, zone)
}

fn as_time(expr: Expr, time: &DataType, schema: &DFSchema) -> Expr {
    match expr.get_type(schema) {
        Ok(DataType::Timestamp(TimeUnit::Nanosecond, zone)) => cast(expr, micros(zone)),
        Ok(other) if other.is_string() || days::is_day(&other) => cast(expr, time.clone()),
        _ => expr,
    }
}

fn is_day(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema)
        .is_ok_and(|data_type| days::is_day(&data_type))
}
