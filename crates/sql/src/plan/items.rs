//! Numbers that meet in arrays: what a function compares or joins with the items of an array, and arrays that are compared or
//! handed on whole.
//!
//! DataFusion makes Doubles of whole numbers beside a number with a point, and refuses decimals of two types. Here
//! - long whole numbers, decimals, and numbers of the query beside them are decimals of one type, which holds all of their digits;
//! - beside floating point of a record they are refused;
//! - a text of the query beside the items of an array is a number of their type; whatever is compared whole with a decimal in it
//!   compares texts as they are by themselves;
//! - what is joined with an array of texts of the query becomes a text.

pub(super) mod planned;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType};
use datafusion_common::utils::{base_type, list_ndims};
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::type_coercion::binary::type_union_coercion;
use datafusion_expr::{Expr, cast};

use super::comparisons::{compared, digits_of, literal_text};
use super::elements::{become_items, each_item, each_result, handed_numbers, items_of, types_of};
use super::nested::{each_place, gives_fields};
use super::numbers::{is_written, worked_out, written};
use super::settled::{results, type_of};
use super::times::days::joined;
use super::whole::{in_digits, no_double, refuse_beside_doubles};
use crate::functions::quantified;
use crate::functions::written::{decimal, is_whole, text_of};

/// What messages call operators that compare arrays whole.
pub(super) const COMPARISON: &str = "the comparison";

/// What compares items and hands none of them on: decimals of twice as many digits may hold them.
const COMPARING: &[&str] = &[
    COMPARISON,
    "array_has",
    "array_has_all",
    "array_has_any",
    "array_position",
    "array_positions",
];

/// Whether a function of this name compares items.
fn compares(name: &str) -> bool {
    COMPARING.contains(&name) || quantified::is_one(name)
}

/// What counts: none of the numbers that it gives is one that Doubles leave out.
const COUNTING: &[&str] = &[
    "array_length",
    "array_ndims",
    "array_position",
    "cardinality",
];

/// What stands among the numbers that meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    /// A whole number that a Double may not tell from its neighbours.
    Long,
    Decimal,
    /// A number of the query with a point, or by its text.
    Written,
    /// Floating point that is not such a number.
    Double,
    /// A null of the query that is said to be floating point.
    NullDouble,
    TextOfQuery,
    TextOfRecord,
    /// No number, or of a type that is not known yet.
    Other,
}

/// Makes the numbers one type where DataFusion would lose digits, or refuse them.
///
/// # Errors
/// No type holds all of them, in words that `plan/plain.rs` has a next step for.
pub(super) fn of_numbers(exprs: &mut [&mut Expr], schema: &DFSchema, name: &str) -> Result<()> {
    if exprs.iter().any(|expr| gives_fields(expr, schema)) {
        return each_place(exprs, schema, &|found| {
            let mut found: Vec<&mut Expr> = found.iter_mut().collect();
            of_numbers(&mut found, schema, name)?;
            match joined(name) {
                3 => of_one_type(&mut found, schema),
                _ => Ok(()),
            }
        });
    }
    for expr in exprs.iter_mut() {
        each_result(expr, schema, &mut |item| {
            worked_out(item, schema);
            Ok(())
        })?;
    }
    let mut found = Vec::new();
    for expr in exprs.iter() {
        look(expr, schema, false, &mut found);
    }
    let has = |kind: Kind| found.contains(&kind);
    let has_text = has(Kind::TextOfQuery) || has(Kind::TextOfRecord);
    let joins = joined(name) > 0;
    // The results of a CASE become texts beside a text.
    let are_texts = has_text && !joins && (name == "CASE" || !has(Kind::Decimal));
    if has(Kind::Other) || are_texts {
        return Ok(());
    }
    let texts_are_known = has(Kind::TextOfQuery) && !has(Kind::TextOfRecord);
    if joins
        && texts_are_known
        && !compares(name)
        && let Some(text) = texts_of_array(exprs, schema)
    {
        return all_become(exprs, &text, schema);
    }
    let beside_point = has(Kind::Written) || has(Kind::Double);
    let is_exact = has(Kind::Decimal)
        || (has(Kind::Long) && beside_point)
        || (has(Kind::Unsigned) && has(Kind::Signed) && !beside_point);
    if !is_exact {
        if has(Kind::Long) && has(Kind::NullDouble) {
            nulls_of_any_type(exprs, schema)?;
        }
        if texts_are_known {
            texts_as_numbers(exprs, schema)?;
        }
        return Ok(());
    }
    if has(Kind::Double) {
        refuse_beside_doubles(exprs, schema, name)?;
        let own = if has(Kind::Decimal) {
            "a decimal"
        } else {
            "BigInt"
        };
        let what = subject(name);
        return plan_err!("{what} has {own} beside a Double, and no type holds the values of both");
    }
    if has(Kind::TextOfRecord) && name == COMPARISON {
        return each_place(exprs, schema, &|found| {
            for item in found.iter_mut() {
                each_result(item, schema, &mut exactly)?;
            }
            compared(found, schema)
        });
    }
    if has(Kind::TextOfRecord) {
        let what = subject(name);
        return plan_err!("{what} has either a decimal or a text here, and a text is no decimal");
    }
    as_decimals(exprs, schema, name)
}

fn look(expr: &Expr, schema: &DFSchema, is_result: bool, found: &mut Vec<Kind>) {
    if let Some(items) = items_of(expr) {
        for item in items {
            look(item, schema, is_result, found);
        }
        return;
    }
    // The results of a CASE are cast together, so that no text among them is taken for a number.
    if let Expr::Case(case) = expr {
        for result in results(case) {
            look(result, schema, true, found);
        }
        return;
    }
    if let Some(numbers) = handed_numbers(expr, schema) {
        for number in numbers {
            look(number, schema, is_result, found);
        }
        return;
    }
    if is_written(expr) {
        found.push(Kind::Written);
        if text_of(expr).is_some_and(is_whole) {
            found.push(Kind::Long);
        }
        return;
    }
    let Ok(own) = type_of(expr, schema) else {
        found.push(Kind::Other);
        return;
    };
    let literal = matches!(expr, Expr::Literal(..));
    let null = matches!(expr, Expr::Literal(value, _) if value.is_null());
    match base_type(&own) {
        DataType::Null => {}
        own if own.is_decimal() => found.push(Kind::Decimal),
        own if own.is_floating() && null => found.push(Kind::NullDouble),
        own if own.is_floating() => found.push(Kind::Double),
        own if own.is_string() && literal && !is_result => found.push(Kind::TextOfQuery),
        own if own.is_string() => found.push(Kind::TextOfRecord),
        own if own.is_integer() => {
            let is_long = match literal {
                true => no_double(expr).is_some(),
                false => matches!(own, DataType::Int64 | DataType::UInt64) && !counts(expr),
            };
            if is_long {
                found.push(Kind::Long);
            }
            found.push(match own.is_signed_integer() {
                true => Kind::Signed,
                false => Kind::Unsigned,
            });
        }
        _ => found.push(Kind::Other),
    }
}

fn counts(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if COUNTING.contains(&call.func.name()))
}

/// Whether the numbers with a point in an array, or among what is handed on, are all of the query: what meets it may say that they are
/// decimals. Else they become Doubles when all has been looked at.
pub(super) fn wait(exprs: &[&mut Expr], schema: &DFSchema) -> bool {
    exprs.iter().all(|expr| match text_of(expr) {
        Some(text) => !is_whole(text),
        None => {
            let is_double = type_of(expr, schema).is_ok_and(|own| own.is_floating());
            !is_double || is_written(expr)
        }
    })
}

fn as_decimals(exprs: &mut [&mut Expr], schema: &DFSchema, name: &str) -> Result<()> {
    for expr in exprs.iter_mut() {
        each_result(expr, schema, &mut exactly)?;
    }
    let Some(types) = types_of(exprs.iter().map(|expr| &**expr), schema) else {
        return Ok(());
    };
    let digits = types.iter().filter_map(digits_of);
    let (before, behind) = digits.fold((0, 0), |(before, behind), (digits, scale)| {
        (before.max(digits.saturating_sub(scale)), behind.max(scale))
    });
    // A number that is all zeros has one digit.
    let digits = before.saturating_add(behind).max(1);
    let scale = i8::try_from(behind).unwrap_or(i8::MAX);
    let all = if digits <= DECIMAL128_MAX_PRECISION {
        DataType::Decimal128(digits, scale)
    } else if digits <= DECIMAL256_MAX_PRECISION && compares(name) {
        DataType::Decimal256(digits, scale)
    } else {
        let what = subject(name);
        return plan_err!(
            "{what} has numbers of {before} digits before the point beside others of {behind} behind it, and no type holds the values of both"
        );
    };
    all_become(exprs, &all, schema)
}

fn all_become(exprs: &mut [&mut Expr], all: &DataType, schema: &DFSchema) -> Result<()> {
    for expr in exprs.iter_mut() {
        each_item(expr, &mut |item| {
            become_items(item, all, schema);
            Ok(())
        })?;
    }
    Ok(())
}

/// A number or a text of the query is the decimal that it is.
fn exactly(item: &mut Expr) -> Result<()> {
    literal_text(item)?;
    if let Expr::Literal(number, _) = &*item
        && number.data_type().is_integer()
        && let Some(exact) = decimal(&number.to_string())
    {
        *item = Expr::Literal(exact, None);
        return Ok(());
    }
    in_digits(item);
    match written(item) {
        Some(number) => plan_err!("the number {number} can't be exact beside a decimal here"),
        None => Ok(()),
    }
}

/// Numbers at one place of structs are of one type, and so are nulls beside anything: of an array and two others DataFusion makes none.
fn of_one_type(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<()> {
    let types = types_of(exprs.iter().map(|expr| &**expr), schema).unwrap_or_default();
    let known = types.into_iter().filter(|own| !own.is_null()).map(Some);
    let all = known.reduce(|all, own| match (all?, own?) {
        (all, own) if all == own => Some(all),
        (all, own) if all.is_numeric() && own.is_numeric() => type_union_coercion(&all, &own),
        _ => None,
    });
    let Some(all) = all.flatten() else {
        return Ok(());
    };
    for expr in exprs.iter_mut() {
        if type_of(expr, schema).is_ok_and(|own| own.is_null()) {
            **expr = cast(std::mem::take(&mut **expr), all.clone());
        } else {
            become_items(expr, &all, schema);
        }
    }
    Ok(())
}

/// The type of the items that others are joined with, if they are texts: those of the first array of the most levels.
fn texts_of_array(exprs: &[&mut Expr], schema: &DFSchema) -> Option<DataType> {
    let types = exprs.iter().filter_map(|expr| type_of(expr, schema).ok());
    let types = types.filter(|own| !base_type(own).is_null());
    let types: Vec<DataType> = types.collect();
    let levels = types.iter().map(list_ndims).max()?;
    let array = types.iter().find(|own| list_ndims(own) == levels)?;
    Some(base_type(array)).filter(DataType::is_string)
}

/// A null that is said to be a Double makes no Doubles of whole numbers beside it.
fn nulls_of_any_type(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<()> {
    for expr in exprs.iter_mut() {
        each_result(expr, schema, &mut |item| {
            if matches!(item, Expr::Literal(ScalarValue::Float64(None), _)) {
                *item = Expr::Literal(ScalarValue::Null, None);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Texts of the query beside numbers that are no decimals.
fn texts_as_numbers(exprs: &mut [&mut Expr], schema: &DFSchema) -> Result<()> {
    let types = types_of(exprs.iter().map(|expr| &**expr), schema).unwrap_or_default();
    let numbers = types.into_iter().filter(DataType::is_numeric).map(Some);
    let number = numbers.reduce(|all, own| type_union_coercion(&all?, &own?));
    let Some(number) = number.flatten() else {
        return Ok(());
    };
    for expr in exprs.iter_mut() {
        each_item(expr, &mut |item| {
            if type_of(item, schema).is_ok_and(|own| own.is_string()) {
                become_items(item, &number, schema);
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// What messages call it that numbers meet in.
pub(super) fn subject(name: &str) -> &str {
    match name {
        "make_array" => "an array",
        name => name,
    }
}
