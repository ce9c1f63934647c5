//! Times beside text and days: all of them become times in microseconds before anything is compared.
//!
//! DataFusion would make them times in nanoseconds, which exist from 1677 to 2262 only. Microseconds reach
//! over 290,000 years in both directions, and 9999-12-31 is everybody's word for "never". Functions see to that
//! themselves. A day that is moved by hours becomes a time as well, and so does one beside a text of the query that is a time
//! within a day. A time of a longer unit that is moved by parts of it becomes one in microseconds.
//!
//! Times in nanoseconds, which files of columns have, become their microseconds where they meet anything else. Among
//! themselves, and where they are only handed on, they keep all of their digits.

pub(super) mod beside;
pub(super) mod chosen;
pub(super) mod days;
mod items;
pub(super) mod micros;
mod texts;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{InList, ScalarFunction};
use datafusion_expr::{
    Between, BinaryExpr, Case, Expr, ExprSchemable, LogicalPlan, Operator, cast,
};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::lambdas::each_part;
use super::nested::shapes::same_fields;
use super::nested::{any_whole, by_place, gives_fields};
use super::over_expressions;
use crate::functions::times::CHOOSING;

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Times;

impl AnalyzerRule for Times {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            each_part(expr, schema, &|part| one(part, schema))
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
            let [left, right] = [*left, *right].map(|side| match side.get_type(schema) {
                Ok(DataType::Timestamp(_, zone)) => cast(side, micros(zone)),
                Ok(day) if days::is_day(&day) => cast(side, micros(None)),
                _ => side,
            });
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if meets(op) => {
            let [left, right] = together([*left, *right], schema)?;
            Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
        }
        Expr::Between(Between {
            expr,
            negated,
            low,
            high,
        }) => {
            let [expr, low, high] = together([*expr, *low, *high], schema)?;
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
            unify(&mut all, schema)?;
            let expr = Box::new(all.remove(0));
            Expr::InList(InList::new(expr, all, negated))
        }
        Expr::Case(case) => Expr::Case(case_of(case, schema)?),
        Expr::ScalarFunction(call) => Expr::ScalarFunction(called(call, schema)?),
        other => other,
    })
}

/// Functions that would cut nanoseconds off towards 1970, or leave the years that have them.
const OF_MICROS: &[&str] = &["date_format", "date_trunc", "to_char", "to_timestamp"];

/// What functions are given that hand it on is of one kind.
fn called(mut call: ScalarFunction, schema: &DFSchema) -> Result<ScalarFunction> {
    if let Some(itself) = chosen::itself(&call.func) {
        call.func = itself;
    }
    let name = call.func.name();
    if CHOOSING.contains(&name) {
        let what = if name == "make_array" {
            "an array"
        } else {
            name
        };
        handed_on(&mut call.args, schema, what)?;
    } else if OF_MICROS.contains(&name) {
        for arg in &mut call.args {
            if let Ok(DataType::Timestamp(TimeUnit::Nanosecond, zone)) = arg.get_type(schema) {
                *arg = cast(std::mem::take(arg), micros(zone));
            }
        }
    } else {
        let count = days::joined(name).min(call.args.len());
        let met = call.args.get_mut(..count).unwrap_or_default();
        if met.iter().any(|arg| gives_fields(arg, schema)) {
            handed_on(met, schema, name)?;
        } else {
            items::unify(met, schema, name)?;
        }
    }
    Ok(call)
}

/// Whether a day is moved by an interval that may not be of whole days, or a time of a longer unit by one that may have parts
/// of it: both have no room for where they come to.
fn moves(left: &Expr, op: Operator, right: &Expr, schema: &DFSchema) -> bool {
    let type_of = |expr: &Expr| expr.get_type(schema).ok();
    let (moved, interval, span) = match (op, type_of(left), type_of(right)) {
        (Operator::Plus, Some(span), Some(moved)) if is_span(&span) => (moved, left, span),
        (Operator::Plus | Operator::Minus, Some(moved), Some(span)) if is_span(&span) => {
            (moved, right, span)
        }
        _ => return false,
    };
    match moved {
        day if days::is_day(&day) => !is_of(interval, &|nanos| nanos == 0),
        DataType::Timestamp(unit, _) if matches!(span, DataType::Interval(_)) => {
            let unit = match unit {
                TimeUnit::Second => 1_000_000_000,
                TimeUnit::Millisecond => 1_000_000,
                TimeUnit::Microsecond | TimeUnit::Nanosecond => return false,
            };
            !is_of(interval, &|nanos| nanos % unit == 0)
        }
        _ => false,
    }
}

fn is_span(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_) | DataType::Duration(_))
}

/// Whether the query says an interval, and `fits` is true of the nanoseconds that it has beside days, months and years.
fn is_of(interval: &Expr, fits: &dyn Fn(i64) -> bool) -> bool {
    match interval {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(interval)), _) => {
            fits(interval.nanoseconds)
        }
        Expr::Literal(ScalarValue::IntervalDayTime(Some(interval)), _) => {
            fits(i64::from(interval.milliseconds) * 1_000_000)
        }
        Expr::Literal(ScalarValue::IntervalYearMonth(_), _) => true,
        Expr::Negative(inner) => is_of(inner, fits),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Plus | Operator::Minus,
            right,
        }) => is_of(left, fits) && is_of(right, fits),
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

fn together<const N: usize>(mut exprs: [Expr; N], schema: &DFSchema) -> Result<[Expr; N]> {
    unify(&mut exprs, schema)?;
    Ok(exprs)
}

/// What is compared is of one kind, and so is what stands at one place in what is compared whole. Structs are of the same fields then.
///
/// # Errors
/// A day stands at one place with a number, in words that `plan/plain.rs` has a next step for.
fn unify(exprs: &mut [Expr], schema: &DFSchema) -> Result<()> {
    if any_whole(exprs, schema) {
        same_fields(exprs, schema);
        by_place(exprs, schema, &|found| days::refuse_at_place(found, schema))?;
    }
    by_place(exprs, schema, &|found| {
        if let Some(time) = time_among(found, schema) {
            for expr in found {
                let taken = std::mem::take(expr);
                *expr = as_time(taken, &time, schema);
            }
        }
        Ok(())
    })
}

/// What is handed on is of one kind, and no text.
fn handed_on(exprs: &mut [Expr], schema: &DFSchema, what: &str) -> Result<()> {
    unify(exprs, schema)?;
    by_place(exprs, schema, &|found| texts::as_days(found, schema, what))
}

/// The operand and what it is compared with are of one kind, and so are the results.
fn case_of(mut case: Case, schema: &DFSchema) -> Result<Case> {
    if let Some(operand) = case.expr.take() {
        let mut all = vec![*operand];
        all.extend(case.when_then_expr.iter().map(|(when, _)| *when.clone()));
        unify(&mut all, schema)?;
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
    handed_on(&mut results, schema, "CASE")?;
    let mut results = results.into_iter();
    for ((_, then), unified) in case.when_then_expr.iter_mut().zip(results.by_ref()) {
        **then = unified;
    }
    if let Some(unified) = results.next() {
        case.else_expr = Some(Box::new(unified));
    }
    Ok(case)
}

/// The type of times that the expressions become, if there is a time among them, or a text that is one beside a day. Those in
/// nanoseconds are left to themselves where they meet no others.
fn time_among(exprs: &[Expr], schema: &DFSchema) -> Option<DataType> {
    let types = exprs.iter().filter_map(|expr| expr.get_type(schema).ok());
    let types: Vec<DataType> = types.collect();
    let zone = types.iter().find_map(|data_type| match data_type {
        DataType::Timestamp(_, zone) => Some(zone.clone()),
        _ => None,
    });
    let Some(zone) = zone else {
        return texts::hold_a_time(exprs, schema).then(|| micros(None));
    };
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
