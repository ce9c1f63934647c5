//! What is compared with a decimal: nothing is rounded before it is.
//!
//! - Beside a Double a decimal is the Double that is next to it: not each Double is a decimal.
//! - Texts are the numbers that they are.
//! - Beside whole numbers, numbers of the query with a point are decimals where Doubles would not tell them apart.
//! - Where the digits of two decimals have no room in one type, one that has twice as many holds both.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, cast};

use super::elements::{each_number, handed_numbers};
use super::numbers::{is_written, worked_out};
use super::settled::type_of;
use super::whole::{GAPS, in_digits, may_be_long, no_double};
use crate::functions::exact::{self, WIDEST, is_number};
use crate::functions::written::{decimal, text_of};

/// Makes one kind of the expressions that are compared, if there is a decimal among them.
pub(super) fn compared<'a>(
    exprs: impl IntoIterator<Item = &'a mut Expr>,
    schema: &DFSchema,
) -> Result<()> {
    let mut exprs: Vec<&mut Expr> = exprs.into_iter().collect();
    if !any(&exprs, schema, DataType::is_decimal) {
        return Ok(());
    }
    for expr in &mut exprs {
        literal_text(expr)?;
        in_digits(expr);
    }
    if any(&exprs, schema, DataType::is_floating) {
        for expr in exprs {
            if is(expr, schema, DataType::is_decimal) {
                *expr = cast(std::mem::take(expr), DataType::Float64);
            }
        }
        return Ok(());
    }
    if any(&exprs, schema, DataType::is_string) {
        for expr in exprs {
            if is(expr, schema, DataType::is_string) {
                *expr = exact::read().call(vec![std::mem::take(expr)]);
            } else if is(expr, schema, DataType::is_numeric) {
                *expr = cast(std::mem::take(expr), WIDEST);
            }
        }
        return Ok(());
    }
    let digits = exprs.iter().filter_map(|expr| digits(expr, schema));
    let (before, behind) = digits.fold((0, 0), |(before, behind), (digits, scale)| {
        (before.max(digits.saturating_sub(scale)), behind.max(scale))
    });
    if before + behind > DECIMAL128_MAX_PRECISION
        && let Ok(scale) = i8::try_from(behind)
    {
        let both = DataType::Decimal256(before + behind, scale);
        for expr in exprs {
            if is(expr, schema, DataType::is_numeric) {
                *expr = cast(std::mem::take(expr), both.clone());
            }
        }
    }
    Ok(())
}

/// A text of the query that stands beside a decimal is the number that it is.
///
/// # Errors
/// It is none.
pub(super) fn literal_text(expr: &mut Expr) -> Result<()> {
    let Expr::Literal(value, _) = &*expr else {
        return Ok(());
    };
    let Some(Some(text)) = value.try_as_str() else {
        return Ok(());
    };
    if !is_number(text) {
        return plan_err!("'{text}' is no number, and stands beside a decimal");
    }
    let trimmed = text.trim();
    let number = decimal(trimmed.strip_prefix('+').unwrap_or(trimmed));
    let Some(number) = number else {
        return plan_err!("the number {trimmed} can't be exact beside a decimal here");
    };
    *expr = Expr::Literal(number, None);
    Ok(())
}

/// Numbers of the query that are compared with whole numbers alone count with all of their digits, also where they are worked out or
/// handed on.
///
/// # Errors
/// A number has no room in a decimal that was looked for to hold it, which can't be.
pub(super) fn beside_whole_numbers(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<()> {
    if !any(exprs, schema, DataType::is_integer) || any(exprs, schema, DataType::is_decimal) {
        return Ok(());
    }
    for expr in exprs.iter_mut() {
        each_number(expr, schema, &mut |number| {
            worked_out(number, schema);
            Ok(())
        })?;
    }
    let is_other = |expr: &Expr| {
        let is_of_query = matches!(expr, Expr::Literal(..)) || is_written(expr);
        !is_of_query && is(expr, schema, DataType::is_floating)
    };
    // One long number alone is told from numbers of few digits by Doubles, too.
    let may_be = |expr: &Expr| may_be_long(expr, schema);
    let long = exprs
        .iter()
        .filter(|expr| any_of(expr, schema, &may_be))
        .count();
    let is_long = long > 1 || any_number(exprs, schema, &has_long_digits);
    if any_number(exprs, schema, &is_other) || !is_long {
        return Ok(());
    }
    for expr in exprs {
        if handed_numbers(expr, schema).is_some() {
            handed_in_digits(expr, schema)?;
        } else if let Some(number) = decimal_of(expr).filter(|_| is_written(expr)) {
            **expr = Expr::Literal(whole(number), None);
        }
    }
    Ok(())
}

/// Whether a number of the query has more digits than a Double tells for certain.
fn has_long_digits(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Float64(Some(number)), _) => number.abs() >= GAPS as f64,
        other => text_of(other).is_some(),
    }
}

/// The decimal that a number of the query is; none of what has no room in one.
fn decimal_of(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(number, _) if number.is_null() => Some(ScalarValue::Decimal128(None, 1, 0)),
        // Where Doubles leave whole numbers out, their shortest digits are those of another number.
        Expr::Literal(ScalarValue::Float64(Some(number)), _) if number.abs() >= GAPS as f64 => {
            decimal(&format!("{number:.0}"))
        }
        Expr::Literal(ScalarValue::Float64(Some(number)), _) => decimal(&number.to_string()),
        Expr::Literal(number, _) if number.data_type().is_integer() => decimal(&number.to_string()),
        other => decimal(text_of(other)?),
    }
}

/// A decimal that is a whole number, as one if it has room there.
fn whole(number: ScalarValue) -> ScalarValue {
    match number {
        ScalarValue::Decimal128(Some(value), _, 0) => match i64::try_from(value) {
            Ok(value) => ScalarValue::Int64(Some(value)),
            Err(_) => number,
        },
        other => other,
    }
}

/// Makes decimals of one type of the numbers of the query that an expression hands on, if all that it hands on has room there.
fn handed_in_digits(expr: &mut Expr, schema: &DFSchema) -> Result<()> {
    let numbers = handed_numbers(expr, schema).unwrap_or_default();
    let Some(all) = type_of_all(&numbers, schema) else {
        return Ok(());
    };
    each_number(expr, schema, &mut |number| {
        if let Some(exact) = decimal_of(number) {
            *number = Expr::Literal(exact.cast_to(&all)?, None);
        }
        Ok(())
    })
}

/// The decimals that hold all of the numbers; none where those are whole, or have too many digits.
fn type_of_all(numbers: &[&Expr], schema: &DFSchema) -> Option<DataType> {
    let is_whole = |number: &&Expr| is(number, schema, |own| own.is_integer() || own.is_null());
    if numbers.iter().all(is_whole) {
        return None;
    }
    let (mut before, mut behind) = (1, 0);
    for number in numbers {
        let own = match decimal_of(number) {
            Some(exact) => exact.data_type(),
            None => type_of(number, schema).ok()?,
        };
        let (digits, scale) = digits_of(&own)?;
        before = before.max(digits.saturating_sub(scale));
        behind = behind.max(scale);
    }
    let scale = i8::try_from(behind).ok()?;
    let has_room = before + behind <= DECIMAL128_MAX_PRECISION;
    has_room.then_some(DataType::Decimal128(before + behind, scale))
}

/// Whether whole numbers that no Double holds are handed on beside numbers of the query alone.
pub(super) fn long_beside_numbers(exprs: &[&mut Expr], schema: &DFSchema) -> bool {
    // Beside a decimal one of the query is looked at elsewhere.
    let decimals = exprs
        .iter()
        .any(|expr| is(expr, schema, DataType::is_decimal));
    let is_long = |expr: &Expr| {
        let of_record = !matches!(expr, Expr::Literal(..)) && may_be_long(expr, schema);
        of_record || (!decimals && no_double(expr).is_some())
    };
    let is_other = |expr: &Expr| {
        is(expr, schema, |it| it.is_floating() || it.is_string()) && !is_written(expr)
    };
    any_number(exprs, schema, &is_long) && !any_number(exprs, schema, &is_other)
}

/// Whether floating point of records is among the numbers.
pub(super) fn doubles_of_records(exprs: &[&mut Expr], schema: &DFSchema) -> bool {
    any_number(exprs, schema, &|expr| {
        is(expr, schema, DataType::is_floating) && !is_written(expr)
    })
}

/// Whether `of` is so of one of the expressions, or of a number that one of them hands on.
fn any_number(exprs: &[&mut Expr], schema: &DFSchema, of: &dyn Fn(&Expr) -> bool) -> bool {
    exprs.iter().any(|expr| any_of(expr, schema, of))
}

/// Whether `of` is so of an expression, or of a number that it hands on.
fn any_of(expr: &Expr, schema: &DFSchema, of: &dyn Fn(&Expr) -> bool) -> bool {
    match handed_numbers(expr, schema) {
        Some(numbers) => numbers.into_iter().any(of),
        None => of(expr),
    }
}

/// The digits of a number that is no floating point, and how many of them stand behind the point.
fn digits(expr: &Expr, schema: &DFSchema) -> Option<(u8, u8)> {
    digits_of(&type_of(expr, schema).ok()?)
}

/// The digits of the numbers of a type, and how many of them stand behind the point; none of floating point.
pub(super) fn digits_of(data_type: &DataType) -> Option<(u8, u8)> {
    let digits = match data_type {
        DataType::Decimal128(digits, scale) | DataType::Decimal256(digits, scale) => {
            return Some((*digits, u8::try_from(*scale).unwrap_or(0)));
        }
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 | DataType::UInt64 => 20,
        _ => return None,
    };
    Some((digits, 0))
}

fn any(exprs: &[&mut Expr], schema: &DFSchema, of: fn(&DataType) -> bool) -> bool {
    exprs.iter().any(|expr| is(expr, schema, of))
}

fn is(expr: &Expr, schema: &DFSchema, of: impl Fn(&DataType) -> bool) -> bool {
    type_of(expr, schema).is_ok_and(|data_type| of(&data_type))
}
