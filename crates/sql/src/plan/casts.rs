//! Casts beside constants are done before they are compared.
//!
//! DataFusion casts the constant the other way instead, where it can: `cast(m as int) = 1` becomes `m = 1.00`, which 1.50 is not,
//! and a number that has no room in an Int no longer fails. Casts that lose something, or may fail, are hidden from it.
//!
//! A time of a longer unit loses nothing where it is cast, but the constant would: its fraction is cut off. It is hidden, too,
//! and what can be said of the time in its own unit is said when all is simplified, so that files of columns leave rows out by it.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result, ScalarValue};
use datafusion_expr::expr::{Cast, InList, TryCast};
use datafusion_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::functions::as_cast::{NAME, as_cast};
use crate::functions::times::is_longer;

/// The rule; it runs when every cast is there, also those that nobody wrote.
#[derive(Debug)]
pub(super) struct Casts {
    as_cast: Arc<ScalarUDF>,
}

impl Casts {
    pub(super) fn new() -> Self {
        Self { as_cast: as_cast() }
    }

    fn one(&self, expr: Expr, schema: &DFSchema) -> Expr {
        let (inner, to) = match &expr {
            Expr::Cast(Cast { expr, field }) => (expr.as_ref(), field.data_type()),
            Expr::TryCast(TryCast { expr, field }) => (expr.as_ref(), field.data_type()),
            _ => return expr,
        };
        // A constant is cast at once, and what is wrong with it told.
        if matches!(inner, Expr::Literal(..)) {
            return expr;
        }
        match inner.get_type(schema) {
            Ok(from) if is_looked_through(&from, to) && !is_safe(&from, to) => {
                self.as_cast.call(vec![expr])
            }
            _ => expr,
        }
    }
}

impl AnalyzerRule for Casts {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "casts_before_comparisons"
    }
}

/// Whether DataFusion casts constants of the type `to` to `from`.
fn is_looked_through(from: &DataType, to: &DataType) -> bool {
    let is_known = |data_type: &DataType| {
        use DataType::{Date32, Date64, Decimal32, Decimal64, Decimal128, Timestamp};
        data_type.is_integer()
            || data_type.is_string()
            || matches!(
                data_type,
                Date32 | Date64 | Decimal32(..) | Decimal64(..) | Decimal128(..) | Timestamp(..)
            )
    };
    from != to && is_known(from) && is_known(to)
}

/// Whether the constant may be cast in the place of the values: each value has one of its own in `to`, and none fails.
fn is_safe(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        // To a longer unit, and between days and times, it looks through no cast itself.
        (DataType::Timestamp(own, zone), DataType::Timestamp(unit, other)) => {
            zone == other && !is_longer(*own, *unit)
        }
        _ if from.is_temporal() && to.is_temporal() => true,
        // It takes only constants that are written as a text of the value is.
        _ if to.is_string() => true,
        _ if from.is_integer() && to.is_integer() => has_room(from, to),
        _ => match (digits_of(from), digits_held(to)) {
            (Some((before, behind)), Some((most_before, most_behind))) => {
                before <= most_before && behind <= most_behind
            }
            _ => false,
        },
    }
}

/// Whether the whole numbers of `to` are all of those of `from`, and more.
fn has_room(from: &DataType, to: &DataType) -> bool {
    let (width, room) = (from.primitive_width(), to.primitive_width());
    match (from.is_signed_integer(), to.is_signed_integer()) {
        (true, false) => false,
        (false, true) => width < room,
        _ => width <= room,
    }
}

/// How many digits the numbers of a type have before and behind the point.
fn digits_of(data_type: &DataType) -> Option<(i16, i16)> {
    match data_type {
        DataType::Int8 | DataType::UInt8 => Some((3, 0)),
        DataType::Int16 | DataType::UInt16 => Some((5, 0)),
        DataType::Int32 | DataType::UInt32 => Some((10, 0)),
        DataType::Int64 => Some((19, 0)),
        DataType::UInt64 => Some((20, 0)),
        other => of_decimal(other),
    }
}

/// How many digits a number may have in any case, to have room in a type.
fn digits_held(data_type: &DataType) -> Option<(i16, i16)> {
    match data_type {
        DataType::Int8 => Some((2, 0)),
        DataType::Int16 => Some((4, 0)),
        DataType::Int32 => Some((9, 0)),
        DataType::Int64 => Some((18, 0)),
        other => of_decimal(other),
    }
}

fn of_decimal(data_type: &DataType) -> Option<(i16, i16)> {
    match *data_type {
        DataType::Decimal32(digits, scale)
        | DataType::Decimal64(digits, scale)
        | DataType::Decimal128(digits, scale)
            if scale >= 0 =>
        {
            let scale = i16::from(scale);
            Some((i16::from(digits) - scale, scale))
        }
        _ => None,
    }
}

/// The plan with times compared in their own unit where that says the same. All of `plan` must have been simplified.
pub(super) fn in_own_units(plan: LogicalPlan) -> Result<LogicalPlan> {
    over_expressions(plan, |expr, schema| {
        let rewritten = expr.transform_up(|mut expr| {
            while let Some(next) = in_own_unit(&expr, schema) {
                expr = next;
            }
            Ok(Transformed::yes(expr))
        })?;
        Ok(rewritten.data)
    })
}

fn in_own_unit(expr: &Expr, schema: &DFSchema) -> Option<Expr> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (time, op, constant) = match (left.as_ref(), right.as_ref()) {
                (time, Expr::Literal(constant, _)) => (time, *op, constant),
                (Expr::Literal(constant, _), time) => (time, op.swap()?, constant),
                _ => return None,
            };
            let (time, unit) = of_longer_unit(time, schema)?;
            let (op, constant) = beside(unit, op, constant)?;
            let constant = Expr::Literal(constant, None);
            let compared = BinaryExpr::new(Box::new(time.clone()), op, Box::new(constant));
            Some(Expr::BinaryExpr(compared))
        }
        Expr::InList(InList {
            expr,
            list,
            negated,
        }) => {
            let (time, unit) = of_longer_unit(expr, schema)?;
            let list = list.iter().map(|constant| match constant {
                Expr::Literal(constant, _) => {
                    let (_, constant) = beside(unit, Operator::Eq, constant)?;
                    Some(Expr::Literal(constant, None))
                }
                _ => None,
            });
            let list = list.collect::<Option<_>>()?;
            let list = InList::new(Box::new(time.clone()), list, *negated);
            Some(Expr::InList(list))
        }
        _ => None,
    }
}

/// The time that a hidden cast makes one of a shorter unit, and its own unit. Nanoseconds do not reach all times: that cast
/// may fail.
fn of_longer_unit<'a>(expr: &'a Expr, schema: &DFSchema) -> Option<(&'a Expr, TimeUnit)> {
    let Expr::ScalarFunction(call) = expr else {
        return None;
    };
    let [Expr::Cast(Cast { expr, field })] = call.args.as_slice() else {
        return None;
    };
    if call.func.name() != NAME {
        return None;
    }
    match (expr.get_type(schema).ok()?, field.data_type()) {
        (DataType::Timestamp(own, zone), DataType::Timestamp(unit, other))
            if zone == *other && is_longer(own, *unit) && *unit != TimeUnit::Nanosecond =>
        {
            Some((expr.as_ref(), own))
        }
        _ => None,
    }
}

/// What a comparison with `constant` says of times of `unit`; none where no comparison does.
fn beside(unit: TimeUnit, op: Operator, constant: &ScalarValue) -> Option<(Operator, ScalarValue)> {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    let (time, fine, zone) = match constant {
        ScalarValue::TimestampMillisecond(time, zone) => (time, TimeUnit::Millisecond, zone),
        ScalarValue::TimestampMicrosecond(time, zone) => (time, TimeUnit::Microsecond, zone),
        _ => return None,
    };
    let step = in_a_second(fine)? / in_a_second(unit)?;
    let is_whole = time.is_none_or(|time| time.rem_euclid(step) == 0);
    let op = match op {
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom if is_whole => op,
        // A time is never between the constant and the one of its unit before it.
        Lt | LtEq => LtEq,
        Gt | GtEq => Gt,
        _ => return None,
    };
    let time = time.map(|time| time.div_euclid(step));
    let constant = match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(time, zone.clone()),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(time, zone.clone()),
        _ => return None,
    };
    Some((op, constant))
}

fn in_a_second(unit: TimeUnit) -> Option<i64> {
    match unit {
        TimeUnit::Second => Some(1),
        TimeUnit::Millisecond => Some(1_000),
        TimeUnit::Microsecond => Some(1_000_000),
        TimeUnit::Nanosecond => None,
    }
}
