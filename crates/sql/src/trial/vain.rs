//! What is no error of a function, and in vain for every record: an element 0 of an array, which is always null, a group that a
//! regular expression does not have, and a pattern beside a number, which nothing reads.
//!
//! Calls are looked for as they are written: simplified, a constant is left of some of them. Their constants are looked at
//! for what they come to.

use datafusion_common::{DFSchema, Result, exec_err};
use datafusion_expr::expr::ScalarFunction;
use datafusion_expr::{Expr, ExprSchemable, LogicalPlan};
use regex::Regex;

use super::{READING, each_expression};
use crate::constants::{is_zero, text, whole_number};

/// Refuses what is in vain. The types of `plan` must have been made equal, and nothing of it simplified.
///
/// # Errors
/// What is wrong, in words that `plan/plain.rs` has a next step for.
pub(crate) fn refuse_vain(plan: &LogicalPlan) -> Result<()> {
    each_expression(plan, |expr, schema| match expr {
        Expr::ScalarFunction(call) => refuse(call, schema),
        _ => Ok(()),
    })
}

fn refuse(call: &ScalarFunction, schema: &DFSchema) -> Result<()> {
    // A parameter of a lambda has no type here.
    let is_number = |expr: &Expr| expr.get_type(schema).is_ok_and(|own| own.is_numeric());
    match (call.func.name(), call.args.as_slice()) {
        ("array_element", [array, index]) => refuse_element(array, index),
        ("array_position", [_, _, from]) if whole_number(from).is_some_and(|from| from < 1) => {
            exec_err!("array_position counts from 1, and nothing stands before the first element")
        }
        // Of an array that ends before the slice begins it would be no error.
        ("array_slice", [_, _, _, step]) if whole_number(step) == Some(0) => {
            exec_err!("a slice of an array takes steps of one element or more, and not of 0")
        }
        // The order of the first record would be that of all.
        ("array_sort", [_, order @ ..]) if order.iter().any(|it| !it.column_refs().is_empty()) => {
            exec_err!("array_sort takes its order as a constant, and not from a column")
        }
        ("log", [base, _]) if is_zero(base) => exec_err!("no logarithm has the base 0"),
        ("regexp_instr", [_, pattern, _, _, flags, group]) => {
            // White space and comments in a pattern may hold what looks like groups.
            let plain = text(flags).is_some_and(|flags| !flags.contains('x'));
            match (groups_of(pattern).filter(|_| plain), whole_number(group)) {
                (Some(groups), Some(group)) => refuse_group(groups, group),
                _ => Ok(()),
            }
        }
        ("split_part", [_, separator, part]) => refuse_part(separator, part),
        (name, [first, _, ..]) if READING.contains(&name) && is_number(first) => {
            exec_err!("`{name}` takes a pattern beside a text, and none beside a number")
        }
        _ => Ok(()),
    }
}

/// An element that no array has, or none that a regular expression makes.
fn refuse_element(array: &Expr, index: &Expr) -> Result<()> {
    let Some(index) = whole_number(index) else {
        return Ok(());
    };
    let array = match array {
        Expr::Cast(cast) => cast.expr.as_ref(),
        array => array,
    };
    let matched = match array {
        Expr::ScalarFunction(call) if call.func.name() == "regexp_match" => Some(&call.args),
        _ => None,
    };
    match matched.map(Vec::as_slice) {
        None if index == 0 => exec_err!("indices count from 1, so that no array has an element 0"),
        None => Ok(()),
        // `regexp_extract` comes to this where it is given a number below 0.
        Some(_) if index == 0 => no_group(),
        // Without groups the whole match is the one element.
        Some([_, pattern]) => match groups_of(pattern) {
            Some(groups) => refuse_group(groups.max(1), index.saturating_abs()),
            None => Ok(()),
        },
        Some(_) => Ok(()),
    }
}

/// How many groups a pattern has that is a constant; none of one that is wrong, which is told elsewhere.
fn groups_of(pattern: &Expr) -> Option<usize> {
    let pattern = Regex::new(&text(pattern)?).ok()?;
    Some(pattern.captures_len() - 1)
}

fn refuse_group(groups: usize, group: i64) -> Result<()> {
    match usize::try_from(group) {
        Ok(group) if group > groups => no_group(),
        _ => Ok(()),
    }
}

fn no_group() -> Result<()> {
    exec_err!("the regular expression has no group of this number")
}

/// A part of a text that nothing cuts: it is empty for every text.
fn refuse_part(separator: &Expr, part: &Expr) -> Result<()> {
    match whole_number(part) {
        // The part 0 is an error of the function, which is tried.
        None | Some(-1..=1) => Ok(()),
        Some(part) if text(separator).is_some_and(|separator| separator.is_empty()) => {
            exec_err!("there is no part {part} of a text that an empty separator leaves whole")
        }
        Some(_) => Ok(()),
    }
}
