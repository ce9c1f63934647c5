//! Whole numbers of the query that no Double is, such as 9007199254740993: beside numbers with a point that the query says they
//! are decimals. Beside Doubles of records they would lose digits where they are handed on, and are refused.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::{BinaryExpr, Expr, Operator};

use super::elements::handed_numbers;
use super::settled::{results, type_of};
use crate::functions::written::{as_written, decimal, is_whole, negative, text_of};

/// From here on Doubles leave whole numbers out.
pub(super) const GAPS: u64 = 1 << 53;

/// The digits of such a number; none of any other expression.
pub(super) fn no_double(expr: &Expr) -> Option<String> {
    let number = match expr {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => i128::from(*number),
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => i128::from(*number),
        Expr::Negative(inner) => return no_double(inner).map(|digits| negative(&digits)),
        other => {
            let text = text_of(other).filter(|text| is_whole(text))?;
            match decimal(text) {
                Some(ScalarValue::Decimal128(Some(number), _, 0)) => number,
                _ => return Some(text.to_owned()),
            }
        }
    };
    (!is_double(number)).then(|| number.to_string())
}

/// Whether a Double is the number: without the zeros at its end it has no more binary digits than one has.
fn is_double(number: i128) -> bool {
    let number = number.unsigned_abs();
    number == 0 || (number >> number.trailing_zeros()) < u128::from(GAPS)
}

/// Whether a Double may not tell a whole number from its neighbours.
pub(super) fn may_be_long(expr: &Expr, schema: &DFSchema) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => number.unsigned_abs() >= GAPS,
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => *number >= GAPS,
        other => matches!(
            type_of(other, schema),
            Ok(DataType::Int64 | DataType::UInt64)
        ),
    }
}

/// Makes decimals of the numbers of the query that are reckoned with, if a whole one is among them that a Double may not tell from
/// its neighbours: digits of the others would be lost, also where those are Doubles. Where a decimal has no room for what comes of
/// it, all of them stay what they are.
pub(super) fn reckoned(left: &mut Expr, op: Operator, right: &mut Expr) {
    let is_long = has_long(left) || has_long(right);
    if is_long && result(left, op, right).is_some() {
        all_in_digits(left);
        all_in_digits(right);
    }
}

/// Whether such a number stands in an expression of numbers.
fn has_long(expr: &Expr) -> bool {
    match expr {
        Expr::Negative(inner) => has_long(inner),
        Expr::BinaryExpr(BinaryExpr { left, right, .. }) => has_long(left) || has_long(right),
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => number.unsigned_abs() >= GAPS,
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => *number >= GAPS,
        other => text_of(other).is_some_and(is_whole),
    }
}

/// What numbers of the query come to, as its digits and how many of them stand behind the point; none of anything else, and of what
/// no decimal has room for.
fn exact(expr: &Expr) -> Option<(i128, u32)> {
    let number = match expr {
        Expr::Negative(inner) => return exact(inner).map(|(number, scale)| (-number, scale)),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => return result(left, *op, right),
        Expr::Literal(ScalarValue::Int64(Some(number)), _) => {
            return Some((i128::from(*number), 0));
        }
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => {
            return Some((i128::from(*number), 0));
        }
        Expr::Literal(ScalarValue::Float64(Some(number)), _) => as_written(*number)?,
        Expr::Literal(number, _) => number.clone(),
        other => decimal(text_of(other)?)?,
    };
    match number {
        ScalarValue::Decimal128(Some(number), _, scale) => {
            Some((number, u32::try_from(scale).ok()?))
        }
        _ => None,
    }
}

fn result(left: &Expr, op: Operator, right: &Expr) -> Option<(i128, u32)> {
    let (left, left_scale) = exact(left)?;
    let (right, right_scale) = exact(right)?;
    if op == Operator::Multiply {
        return within((left.checked_mul(right)?, left_scale + right_scale));
    }
    let scale = left_scale.max(right_scale);
    let more = |number: i128, zeros: u32| {
        let number = number.checked_mul(10_i128.checked_pow(zeros)?)?;
        within((number, scale)).map(|(number, _)| number)
    };
    let left = more(left, scale - left_scale)?;
    let right = more(right, scale - right_scale)?;
    let number = match op {
        Operator::Plus => left.checked_add(right)?,
        Operator::Minus => left.checked_sub(right)?,
        Operator::Modulo => left.checked_rem(right)?,
        _ => return None,
    };
    within((number, scale))
}

/// A number that a decimal has room for, with so many digits behind the point.
fn within((number, scale): (i128, u32)) -> Option<(i128, u32)> {
    const MOST: u32 = DECIMAL128_MAX_PRECISION as u32;
    let has_room = scale <= MOST && number.unsigned_abs() < 10_u128.pow(MOST);
    has_room.then_some((number, scale))
}

/// Makes decimals of all numbers that an expression is made of.
fn all_in_digits(expr: &mut Expr) {
    match expr {
        Expr::Negative(inner) => all_in_digits(inner),
        Expr::BinaryExpr(BinaryExpr { left, right, .. }) => {
            all_in_digits(left);
            all_in_digits(right);
        }
        number => in_digits(number),
    }
}

/// Makes a decimal of a number with a point, or by its text, if one has room for it.
pub(super) fn in_digits(expr: &mut Expr) {
    let number = match (text_of(expr), &*expr) {
        (Some(text), _) => decimal(text),
        (None, Expr::Literal(ScalarValue::Float64(Some(number)), _)) => as_written(*number),
        _ => None,
    };
    if let Some(number) = number {
        *expr = Expr::Literal(number, None);
    }
}

/// What is cast to a decimal is the number that was written.
pub(super) fn in_full(expr: &mut Expr) {
    let exact = match (text_of(expr), &*expr) {
        (Some(text), _) => Some(decimal(text).unwrap_or_else(|| ScalarValue::from(text))),
        (None, Expr::Literal(ScalarValue::Float64(Some(number)), _)) => as_written(*number),
        _ => None,
    };
    if let Some(exact) = exact {
        *expr = Expr::Literal(exact, None);
    }
}

/// Refuses such a number beside a Double, also where both stand in arrays.
///
/// # Errors
/// What stands beside a Double, in words that `plan/plain.rs` has a next step for.
pub(super) fn refuse_beside_doubles(
    exprs: &[&mut Expr],
    schema: &DFSchema,
    name: &str,
) -> Result<()> {
    let number = exprs.iter().find_map(|expr| no_double_in(expr, schema));
    match number {
        Some(number) if exprs.iter().any(|expr| gives_doubles(expr, schema)) => {
            let what = if name == "make_array" {
                "an array"
            } else {
                name
            };
            plan_err!("{what} has {number} beside a Double, and no Double is that number")
        }
        _ => Ok(()),
    }
}

/// Such a number by itself, among the elements of an array, among the results of a CASE, or handed on.
fn no_double_in(expr: &Expr, schema: &DFSchema) -> Option<String> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            let mut items = call.args.iter();
            items.find_map(|item| no_double_in(item, schema))
        }
        Expr::Case(case) => results(case).find_map(|result| no_double_in(result, schema)),
        other => no_double(other).or_else(|| {
            let numbers = handed_numbers(other, schema)?;
            numbers.into_iter().find_map(no_double)
        }),
    }
}

/// Whether an expression may give a Double, or an array of them.
fn gives_doubles(expr: &Expr, schema: &DFSchema) -> bool {
    // A number by its text is said to be a Double.
    if let Expr::Case(case) = expr {
        return results(case).any(|result| gives_doubles(result, schema));
    }
    if let Some(numbers) = handed_numbers(expr, schema) {
        let mut numbers = numbers.into_iter();
        return numbers.any(|number| gives_doubles(number, schema));
    }
    let text = text_of(expr).filter(|text| is_whole(text));
    text.is_none() && type_of(expr, schema).is_ok_and(|own| is_of_doubles(&own))
}

fn is_of_doubles(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            is_of_doubles(item.data_type())
        }
        other => other.is_floating(),
    }
}
