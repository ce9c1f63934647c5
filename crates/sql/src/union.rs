//! `UNION ALL`: every record goes through each of several SELECTs. Columns are the same by their places.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion_sql::sqlparser::ast::{Query as Ast, SetExpr, SetOperator, SetQuantifier, Spanned};
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result};

use crate::check::refuse_clauses_of_query;
use crate::place::{Place, invalid, unsupported};
use crate::plan::Plan;

/// SELECTs in one query, at most: each record goes through all of them.
const MOST: usize = 100;

/// The SELECTs of a query: more than one where it is a union.
///
/// # Errors
/// SQL_UNSUPPORTED for what needs to know of other records: every union but UNION ALL, and clauses behind it.
pub(crate) fn selects(query: Box<Ast>) -> Result<Vec<Ast>> {
    if !matches!(*query.body, SetExpr::SetOperation { .. }) {
        return Ok(vec![*query]);
    }
    refuse_clauses_of_query(&query)?;
    let mut found = Vec::new();
    take_apart(*query.body, &mut found)?;
    if found.len() > MOST {
        let message = format!(
            "the query has {} SELECTs, and {MOST} are the most",
            found.len()
        );
        return Err(invalid(None, &message).next("write conditions with OR, and values with CASE"));
    }
    Ok(found)
}

fn take_apart(body: SetExpr, found: &mut Vec<Ast>) -> Result<()> {
    let place = Place::of(body.span());
    match body {
        SetExpr::SetOperation {
            op: SetOperator::Union,
            set_quantifier: SetQuantifier::All,
            left,
            right,
        } => {
            take_apart(*left, found)?;
            take_apart(*right, found)
        }
        SetExpr::SetOperation {
            op, set_quantifier, ..
        } => Err(refused(op, set_quantifier, place)),
        SetExpr::Query(query) => {
            refuse_clauses_of_query(&query)?;
            take_apart(*query.body, found)
        }
        select => {
            found.push(Ast {
                with: None,
                body: Box::new(select),
                order_by: None,
                limit_clause: None,
                fetch: None,
                locks: Vec::new(),
                for_clause: None,
                settings: None,
                format_clause: None,
                pipe_operators: Vec::new(),
            });
            Ok(())
        }
    }
}

fn refused(op: SetOperator, quantifier: SetQuantifier, place: Option<Place>) -> Error {
    let instead = match (op, quantifier) {
        (SetOperator::Union, SetQuantifier::AllByName | SetQuantifier::ByName) => {
            "name the columns of each SELECT in the same order, and write UNION ALL"
        }
        (SetOperator::Union, _) => {
            "write UNION ALL, and drop doubles in a DataStream program (key_by, then process with a value state)"
        }
        _ => "write the condition into the WHERE of one SELECT",
    };
    let what = format!("{op} {quantifier}");
    unsupported(place, what.trim_end(), instead)
}

/// The columns of a union: the names of its first SELECT, and types that hold what all of them give.
///
/// # Errors
/// SQL_INVALID: the SELECTs have not as many columns, or types that have nothing in common.
pub(crate) fn columns(plans: &[Plan]) -> Result<SchemaRef> {
    let Some((first, others)) = plans.split_first() else {
        return Ok(Arc::new(Schema::empty()));
    };
    let mut fields: Vec<Field> = first
        .output
        .fields()
        .iter()
        .map(|it| it.as_ref().clone())
        .collect();
    let mut nothing = first.nothing.clone();
    for (number, plan) in (2..).zip(others) {
        let theirs = plan.output.fields();
        if theirs.len() != fields.len() {
            let message = format!(
                "the first SELECT of the UNION ALL has {}, and SELECT {number} has {}",
                counted(fields.len()),
                counted(theirs.len())
            );
            return Err(invalid(None, &message)
                .next("give all of them the same columns, in the same order"));
        }
        let columns = fields.iter_mut().zip(theirs).enumerate();
        for (place, (ours, theirs)) in columns {
            let is_nothing = |nothing: &[bool]| nothing.get(place).is_some_and(|it| *it);
            let both = match (is_nothing(&nothing), is_nothing(&plan.nothing)) {
                (true, _) => Some(theirs.data_type().clone()),
                (_, true) => Some(ours.data_type().clone()),
                _ => common(ours.data_type(), theirs.data_type())
                    .or_else(|| in_micros(ours.data_type(), theirs.data_type())),
            };
            let both = both.ok_or_else(|| apart(plans, ours, number, place))?;
            *ours = Field::new(ours.name(), both, true);
            if let Some(nothing) = nothing.get_mut(place) {
                *nothing &= is_nothing(&plan.nothing);
            }
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn counted(columns: usize) -> String {
    match columns {
        1 => "1 column".to_owned(),
        columns => format!("{columns} columns"),
    }
}

/// Columns at `place` of SELECT `number`, which is `plan`, and of those before it that have no type in common.
fn apart(plans: &[Plan], ours: &Field, number: usize, place: usize) -> Error {
    let (before, plan) = plans.split_at(number - 1);
    let Some(plan) = plan.first() else {
        return invalid(None, "the UNION ALL has columns of two types");
    };
    let theirs = plan.output.field(place);
    let kind = |field: &Field| type_in_words(field.data_type());
    // What has no name was called so by us, and can't be written.
    let named = |field: &Field| match *field.name() == format!("EXPR${place}") {
        true => kind(field),
        false => format!("{} (`{}`)", kind(field), field.name()),
    };
    let message = format!(
        "column {} of the UNION ALL is {} in the SELECTs before, and {} in SELECT {number}",
        place + 1,
        named(ours),
        named(theirs)
    );
    let is_spread = |plan: &Plan| plan.unnest.is_some_and(|it| it.column == place);
    let spread = (before.iter().any(is_spread), is_spread(plan));
    let next = match made_equal(ours.data_type(), theirs.data_type(), spread) {
        Made::Said(next) => next.to_owned(),
        Made::Left(cast) => {
            format!(
                "cast one of them: write column {} of the SELECTs before as {cast}",
                place + 1
            )
        }
        Made::Right(cast) => {
            format!(
                "cast one of them: write column {} of SELECT {number} as {cast}",
                place + 1
            )
        }
        Made::Both(cast) => format!(
            "cast both of them: write column {} of each of these SELECTs as {cast}",
            place + 1
        ),
    };
    invalid(None, &message).next(next)
}

/// How two columns become of one type.
enum Made {
    Left(String),
    Right(String),
    Both(String),
    /// By something else than a cast.
    Said(&'static str),
}

/// How columns of types that have nothing in common become of one; which of them are values of arrays is told by `spread`.
fn made_equal(one: &DataType, other: &DataType, spread: (bool, bool)) -> Made {
    use DataType::{List, Map, Struct};
    let either = |is_so: fn(&DataType) -> bool| is_so(one) || is_so(other);
    if either(|it| matches!(it, Struct(_) | Map(..))) {
        return Made::Said(
            "give both the same fields of the same types, or take what they hold out of them",
        );
    }
    let (ours, theirs, are_arrays) = match (one, other) {
        (List(ours), List(theirs)) => (ours.data_type(), theirs.data_type(), true),
        _ if either(DataType::is_list) => {
            return Made::Said(
                "take an item out of the array, as in a[1], or make one of the other, as in [x]",
            );
        }
        _ => (one, other, false),
    };
    if ours.is_nested() || theirs.is_nested() {
        return Made::Said("give the items of both the same type");
    }
    let (wanted, word) = match ours.is_numeric() && theirs.is_numeric() {
        true => (DataType::Float64, "double"),
        false => (DataType::Utf8, "string"),
    };
    let cast = |is_spread: bool| match (is_spread, are_arrays) {
        (true, false) => format!("unnest(array_transform(…, x -> cast(x as {word})))"),
        (_, true) => format!("array_transform(…, x -> cast(x as {word}))"),
        (false, false) => format!("cast(… as {word})"),
    };
    match (*ours == wanted, *theirs == wanted) {
        (true, _) => Made::Right(cast(spread.1)),
        (_, true) => Made::Left(cast(spread.0)),
        _ => Made::Both(cast(spread.0 || spread.1)),
    }
}

/// The type that holds all values of both: as files of columns widen, in both directions.
fn common(one: &DataType, other: &DataType) -> Option<DataType> {
    if one == other {
        return Some(one.clone());
    }
    widened(one, other).or_else(|| widened(other, one))
}

/// Times in nanoseconds beside days and other times: microseconds reach over the years of all of them.
fn in_micros(one: &DataType, other: &DataType) -> Option<DataType> {
    let is_time = |it: &DataType| matches!(it, DataType::Date32 | DataType::Timestamp(_, None));
    (is_time(one) && is_time(other)).then_some(DataType::Timestamp(TimeUnit::Microsecond, None))
}

/// Digits before the point of the largest whole number of a type.
fn digits(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Int8 | DataType::UInt8 => Some(3),
        DataType::Int16 | DataType::UInt16 => Some(5),
        DataType::Int32 | DataType::UInt32 => Some(10),
        DataType::Int64 => Some(19),
        DataType::UInt64 => Some(20),
        _ => None,
    }
}

/// What holds a value of `narrow` and of `wide`, if `wide` is the one of more room.
fn widened(narrow: &DataType, wide: &DataType) -> Option<DataType> {
    use DataType::{Date32, Decimal128, Float32, Float64, Int16, Int32, Int64, List, Timestamp};
    use DataType::{Int8, UInt8, UInt16, UInt32};
    Some(match (narrow, wide) {
        (Int8 | UInt8, Int16 | Int32 | Int64)
        | (Int16 | UInt16, Int32 | Int64)
        | (Int32 | UInt32, Int64)
        | (UInt8, UInt16 | UInt32)
        | (UInt16, UInt32)
        | (Int8 | Int16 | UInt8 | UInt16, Float32 | Float64)
        | (Int32 | UInt32 | Float32, Float64) => wide.clone(),
        (whole, Decimal128(precision, scale)) if digits(whole).is_some() => {
            let before = i16::from(*precision) - i16::from(*scale);
            decimal(before.max(i16::from(digits(whole)?)), *scale)?
        }
        (Decimal128(p, s), Decimal128(precision, scale)) => {
            let before = |precision: u8, scale: i8| i16::from(precision) - i16::from(scale);
            decimal(
                before(*p, *s).max(before(*precision, *scale)),
                *s.max(scale),
            )?
        }
        (
            Date32,
            Timestamp(TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond, None),
        ) => Timestamp(TimeUnit::Microsecond, None),
        (Timestamp(unit, None), Timestamp(other, None))
            if ![unit, other].contains(&&TimeUnit::Nanosecond) =>
        {
            Timestamp(*unit.max(other), None)
        }
        (List(narrow), List(wide)) => {
            let items = common(narrow.data_type(), wide.data_type())?;
            List(Arc::new(
                wide.as_ref()
                    .clone()
                    .with_data_type(items)
                    .with_nullable(true),
            ))
        }
        _ => return None,
    })
}

/// A decimal with so many digits before and behind the point, if there is one.
fn decimal(before: i16, scale: i8) -> Option<DataType> {
    let precision = u8::try_from(before + i16::from(scale)).ok()?;
    (precision <= arrow::datatypes::DECIMAL128_MAX_PRECISION)
        .then_some(DataType::Decimal128(precision, scale))
}
