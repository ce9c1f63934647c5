//! Numbers that are handed on: by CASE, `coalesce`, an array, and the like.

use arrow::datatypes::DataType;
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::Expr;

use super::super::comparisons::{doubles_of_records, literal_text, long_beside_numbers};
use super::super::elements::{each_number, hands_on};
use super::super::items;
use super::super::numbers::worked_out;
use super::super::whole::{in_digits, may_be_long, no_double, refuse_beside_doubles};
use super::{any_with_parts, beside, is};
use crate::functions::written::{is_certain, text_of};

/// Those of the [choosing functions](crate::functions::times::CHOOSING) that would round texts to the digits of a decimal beside them.
const OF_TEXTS: &[&str] = &[
    "coalesce",
    "greatest",
    "least",
    "make_array",
    "nullif",
    "nvl",
];

/// What is handed on has one type. Neither holds all values of the other where a decimal meets a Double, apart from the
/// numbers of the query; DataFusion would take decimals with half of the digits.
pub(super) fn chosen(mut exprs: Vec<&mut Expr>, schema: &DFSchema, name: &str) -> Result<()> {
    if any_with_parts(&exprs, schema) {
        items::of_numbers(&mut exprs, schema, name)?;
    }
    let decimals = numbers_in_digits(&mut exprs, schema)?;
    let is_text = |expr: &&mut Expr| is(expr, schema, DataType::is_string);
    if !decimals && name == "CASE" && exprs.iter().any(is_text) {
        // Each of them becomes a text by itself.
        for expr in &mut exprs {
            if no_double(expr).is_some() {
                in_digits(expr);
            }
        }
        return beside(exprs, schema);
    }
    refuse_beside_doubles(&exprs, schema, name)?;
    if decimals {
        refuse_beside_decimals(&mut exprs, schema, name)?;
    } else if (name == "make_array" || hands_on(name)) && items::wait(&exprs, schema) {
        return Ok(());
    }
    beside(exprs, schema)
}

/// Makes decimals of the numbers of the query beside decimals and beside whole numbers that no Double holds, also where what is given
/// hands them on. Tells whether there were decimals.
fn numbers_in_digits(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<bool> {
    let is_exact = |expr: &&mut Expr| {
        let may_be = may_be_long(expr, schema) || no_double(expr).is_some();
        may_be || is(expr, schema, DataType::is_decimal)
    };
    if !exprs.iter().any(is_exact) {
        return Ok(false);
    }
    for expr in exprs.iter_mut() {
        each_number(expr, schema, &mut |number| {
            worked_out(number, schema);
            Ok(())
        })?;
    }
    let long = long_beside_numbers(exprs, schema);
    let mut all = exprs.iter();
    let decimals = all.any(|expr| is(expr, schema, DataType::is_decimal));
    // Of decimals beside Doubles that are handed on together DataFusion makes decimals: they stay Doubles, and are refused.
    if long || (decimals && !doubles_of_records(exprs, schema)) {
        for expr in exprs.iter_mut() {
            each_number(expr, schema, &mut |number| {
                if long || text_of(number).is_none_or(is_certain) {
                    in_digits(number);
                }
                Ok(())
            })?;
        }
    }
    Ok(decimals)
}

/// Refuses what is no decimal, and makes decimals of texts of the query.
fn refuse_beside_decimals(exprs: &mut [&mut Expr], schema: &DFSchema, name: &str) -> Result<()> {
    if OF_TEXTS.contains(&name) {
        for expr in exprs.iter_mut() {
            literal_text(expr)?;
            if is(expr, schema, DataType::is_string) {
                let what = items::subject(name);
                return plan_err!(
                    "{what} gives either a decimal or a text here, and a text is no decimal"
                );
            }
        }
    }
    let is_double =
        |expr: &&mut Expr| text_of(expr).is_none() && is(expr, schema, DataType::is_floating);
    if exprs.iter().any(is_double) {
        return plan_err!(
            "{name} gives either a decimal or a Double here, and no type holds the values of both"
        );
    }
    match exprs.iter().find_map(|expr| text_of(expr)) {
        Some(text) => plan_err!("the number {text} can't be exact beside a decimal here"),
        None => Ok(()),
    }
}
