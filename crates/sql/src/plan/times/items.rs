//! Times and days that meet in arrays: what a function compares or joins with the items of an array.
//!
//! Beside a time, times of other units, days and texts are times in microseconds, as where they are compared by themselves. Beside a
//! day a text of the query is the day that it is, and a time where it holds one.

use arrow::datatypes::DataType;
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::{Expr, ExprSchemable};

use super::super::elements::{become_items, each_item, types_of};
use super::super::nested::shapes::give_shape;
use super::{days, micros, texts};
use crate::constants::value_of;

/// Makes one type of the times, days and texts.
///
/// # Errors
/// A text of a record stands beside days, in words that `plan/plain.rs` has a next step for.
pub(super) fn unify(met: &mut [Expr], schema: &DFSchema, name: &str) -> Result<()> {
    let Some(mut types) = types_of(met.iter(), schema) else {
        return Ok(());
    };
    types.retain(|own| !own.is_null());
    let is_known = |own: &DataType| {
        own.is_string() || days::is_day(own) || matches!(own, DataType::Timestamp(..))
    };
    let is_one = types.iter().all(|own| Some(own) == types.first());
    if is_one || !types.iter().all(is_known) {
        return Ok(());
    }
    let zone = types.iter().find_map(|own| match own {
        DataType::Timestamp(_, zone) => Some(zone.clone()),
        _ => None,
    });
    let time = if let Some(zone) = zone {
        let is_of_other =
            |own: &DataType| matches!(own, DataType::Timestamp(_, other) if *other != zone);
        if types.iter().any(is_of_other) {
            return Ok(());
        }
        micros(zone)
    } else {
        let Some(day) = types.iter().find(|own| days::is_day(own)).cloned() else {
            return Ok(());
        };
        if !types.iter().any(DataType::is_string) {
            return Ok(());
        }
        match beside_days(met, &day, schema, name)? {
            true => micros(None),
            false => day,
        }
    };
    for arg in met {
        each_item(arg, &mut |item| {
            // A cast of an array of nanoseconds would cut them off towards 1970.
            give_shape(item, &time, schema);
            become_items(item, &time, schema);
            Ok(())
        })?;
    }
    Ok(())
}

/// Whether a text beside days holds a time.
fn beside_days(met: &mut [Expr], day: &DataType, schema: &DFSchema, name: &str) -> Result<bool> {
    let mut holds_a_time = false;
    for arg in met {
        each_item(arg, &mut |item| {
            let types = types_of([&*item], schema).unwrap_or_default();
            if !types.iter().any(DataType::is_string) {
                return Ok(());
            }
            let is_one = item.get_type(schema).is_ok_and(|own| own.is_string());
            if !is_one || value_of(item).is_none() {
                return plan_err!(
                    "{name} has {day} beside a text, and a text may hold more than a day"
                );
            }
            holds_a_time |= texts::holds_a_time(item, schema);
            Ok(())
        })?;
    }
    Ok(holds_a_time)
}
