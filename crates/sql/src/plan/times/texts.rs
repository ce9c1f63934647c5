//! Texts beside days: one of the query is the day that it is, and a time where it holds one. Whether a text of a record holds a
//! time is not known here; as a day it would lose it.

use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, ExprSchemable, cast};

use super::{days, micros};
use crate::constants::value_of;

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// Whether a text of the query that stands beside a day is a time within one.
pub(super) fn hold_a_time(exprs: &[Expr], schema: &DFSchema) -> bool {
    let is_day = |expr: &Expr| expr.get_type(schema).is_ok_and(|own| days::is_day(&own));
    exprs.iter().any(is_day) && exprs.iter().any(|expr| holds_a_time(expr, schema))
}

/// Whether a text of the query is a time within a day.
pub(super) fn holds_a_time(expr: &Expr, schema: &DFSchema) -> bool {
    if !is_text(expr, schema) {
        return false;
    }
    match value_of(expr).map(|value| value.cast_to(&micros(None))) {
        Some(Ok(ScalarValue::TimestampMicrosecond(Some(time), _))) => {
            time.rem_euclid(MICROS_OF_A_DAY) != 0
        }
        _ => false,
    }
}

/// Makes days of the texts of the query that are handed on beside days.
///
/// # Errors
/// A text among them is of a record, in words that `plan/plain.rs` has a next step for.
pub(super) fn as_days(exprs: &mut [Expr], schema: &DFSchema, what: &str) -> Result<()> {
    let mut types = exprs.iter().filter_map(|expr| expr.get_type(schema).ok());
    let Some(day) = types.find(days::is_day) else {
        return Ok(());
    };
    for expr in exprs {
        if !is_text(expr, schema) {
            continue;
        }
        // What is the same for all records is a text of the query, however it is written.
        if value_of(expr).is_none() {
            return plan_err!(
                "{what} has {day} beside a text, and a text may hold more than a day"
            );
        }
        *expr = cast(std::mem::take(expr), day.clone());
    }
    Ok(())
}

fn is_text(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|own| own.is_string())
}
