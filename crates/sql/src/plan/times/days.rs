//! Days beside whole numbers: `day < 20240101` means a day of 2024, and never one that lies 20,240,101 days after 1970.
//!
//! DataFusion takes such numbers for days since 1970 wherever something is compared or handed on. Beside times, and with a
//! point, it refuses them itself. A day that is moved (`day + …`, `day - …`) is no comparison.

use arrow::datatypes::DataType;
use datafusion_common::{DFSchema, Result, plan_err};
use datafusion_expr::expr::{InList, ScalarFunction};
use datafusion_expr::{Between, BinaryExpr, Case, Expr, Operator};

use super::super::settled::type_of;
use crate::functions::quantified;
use crate::functions::times::CHOOSING;

/// Refuses an expression in which a day meets a whole number.
///
/// # Errors
/// What meets, in words that `plan/plain.rs` has a next step for.
pub(super) fn refuse_numbers(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if super::meets(*op) && *op != Operator::Minus =>
        {
            let types = types_of([left.as_ref(), right.as_ref()], schema);
            match (types.as_slice(), meeting(&types)) {
                ([left, right], Some(_)) => {
                    plan_err!("there is no comparison {left} {op} {right}, as a day is no number")
                }
                _ => Ok(()),
            }
        }
        Expr::Between(Between {
            expr, low, high, ..
        }) => {
            let all = [expr.as_ref(), low.as_ref(), high.as_ref()];
            refuse("BETWEEN", &types_of(all, schema))
        }
        Expr::InList(InList { expr, list, .. }) => {
            let all = std::iter::once(expr.as_ref()).chain(list);
            refuse("IN", &types_of(all, schema))
        }
        Expr::Case(case) => refuse_in_case(case, schema),
        Expr::ScalarFunction(call) => {
            let what = match call.func.name() {
                "make_array" => "an array",
                name => name,
            };
            refuse(what, &given(call, schema))
        }
        _ => Ok(()),
    }
}

/// Refuses a day and a whole number that stand at one place in what is compared or handed on whole.
///
/// # Errors
/// What meets, in words that `plan/plain.rs` has a next step for.
pub(super) fn refuse_at_place(found: &[Expr], schema: &DFSchema) -> Result<()> {
    refuse("what meets whole", &types_of(found, schema))
}

pub(super) fn is_day(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

fn refuse_in_case(case: &Case, schema: &DFSchema) -> Result<()> {
    if let Some(operand) = &case.expr {
        let whens = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
        let compared = std::iter::once(operand.as_ref()).chain(whens);
        refuse("CASE", &types_of(compared, schema))?;
    }
    let results = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
    let results = results.chain(case.else_expr.as_deref());
    refuse("CASE", &types_of(results, schema))
}

/// Functions over arrays that compare or join what they are given with the elements, and how many of their arguments
/// are such.
const OF_ELEMENTS: &[(&str, usize)] = &[
    ("array_append", 2),
    ("array_concat", usize::MAX),
    ("array_except", 2),
    ("array_has", 2),
    ("array_has_all", 2),
    ("array_has_any", 2),
    ("array_intersect", 2),
    ("array_position", 2),
    ("array_positions", 2),
    ("array_prepend", 2),
    ("array_remove", 2),
    ("array_remove_all", 2),
    ("array_remove_n", 2),
    ("array_replace", 3),
    ("array_replace_all", 3),
    ("array_replace_n", 3),
    ("array_union", 2),
];

/// The types that a function makes one of.
fn given(call: &ScalarFunction, schema: &DFSchema) -> Vec<DataType> {
    let name = call.func.name();
    if CHOOSING.contains(&name) {
        return types_of(&call.args, schema);
    }
    let types = types_of(call.args.iter().take(joined(name)), schema);
    types.into_iter().map(of_element).collect()
}

/// How many arguments of a function over arrays are compared or joined with the elements; none of any other function.
pub(in crate::plan) fn joined(name: &str) -> usize {
    if quantified::is_one(name) {
        return 2;
    }
    let known = OF_ELEMENTS.iter().find(|(known, _)| *known == name);
    known.map_or(0, |(_, count)| *count)
}

fn of_element(data_type: DataType) -> DataType {
    match data_type {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            item.data_type().clone()
        }
        other => other,
    }
}

/// Types that are known: the parameter of a lambda may have none here.
fn types_of<'a>(exprs: impl IntoIterator<Item = &'a Expr>, schema: &DFSchema) -> Vec<DataType> {
    let types = exprs.into_iter();
    types
        .filter_map(|expr| type_of(expr, schema).ok())
        .collect()
}

/// A day and a whole number among the types.
fn meeting(types: &[DataType]) -> Option<(&DataType, &DataType)> {
    let day = types.iter().find(|data_type| is_day(data_type))?;
    let number = types.iter().find(|data_type| data_type.is_integer())?;
    Some((day, number))
}

fn refuse(what: &str, types: &[DataType]) -> Result<()> {
    match meeting(types) {
        Some((day, number)) => {
            plan_err!("{what} has {day} beside {number}, and a day is no number")
        }
        None => Ok(()),
    }
}
