//! What is compared with a decimal: nothing is rounded before it is.
//!
//! - Beside a Double a decimal is the Double that is next to it: not each Double is a decimal.
//! - Texts are the numbers that they are.
//! - Where the digits of two decimals have no room in one type, one that has twice as many holds both.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, cast};

use super::elements::handed_numbers;
use super::settled::type_of;
use super::whole::{in_digits, may_be_long, no_double};
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

/// Numbers of the query that are compared with whole numbers alone count with all of their digits.
pub(super) fn beside_whole_numbers(exprs: &mut [&mut Expr], schema: &DFSchema) {
    let whole = any(exprs, schema, DataType::is_integer);
    let other = exprs.iter().any(|expr| {
        is(expr, schema, |it| it.is_floating() || it.is_decimal()) && number(expr).is_none()
    });
    // One of them alone is told from a number of few digits by Doubles, too.
    let among_others = exprs
        .iter()
        .filter(|expr| may_be_long(expr, schema))
        .count()
        > 1;
    let long = among_others || exprs.iter().any(|expr| text_of(expr).is_some());
    if !whole || other || !long {
        return;
    }
    for expr in exprs {
        let exact = match (text_of(expr), &**expr) {
            (Some(text), _) => decimal(text),
            (None, Expr::Literal(ScalarValue::Float64(Some(short)), _)) => {
                decimal(&short.to_string())
            }
            _ => continue,
        };
        match exact {
            Some(ScalarValue::Decimal128(Some(value), _, 0)) if i64::try_from(value).is_ok() => {
                **expr = Expr::Literal(ScalarValue::Int64(i64::try_from(value).ok()), None);
            }
            Some(exact) => **expr = Expr::Literal(exact, None),
            None => {}
        }
    }
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
        is(expr, schema, |it| it.is_floating() || it.is_string()) && number(expr).is_none()
    };
    any_number(exprs, schema, &is_long) && !any_number(exprs, schema, &is_other)
}

/// Whether floating point of records is among the numbers.
pub(super) fn doubles_of_records(exprs: &[&mut Expr], schema: &DFSchema) -> bool {
    any_number(exprs, schema, &|expr| {
        is(expr, schema, DataType::is_floating) && number(expr).is_none()
    })
}

/// Whether `of` is so of one of the expressions, or of a number that one of them hands on.
fn any_number(exprs: &[&mut Expr], schema: &DFSchema, of: &dyn Fn(&Expr) -> bool) -> bool {
    exprs.iter().any(|expr| match handed_numbers(expr, schema) {
        Some(numbers) => numbers.into_iter().any(of),
        None => of(expr),
    })
}

/// A number with a point, or by its text, that stands in the query.
fn number(expr: &Expr) -> Option<()> {
    let literal = matches!(expr, Expr::Literal(ScalarValue::Float64(Some(_)), _));
    (literal || text_of(expr).is_some()).then_some(())
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
