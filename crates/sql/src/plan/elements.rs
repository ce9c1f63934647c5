//! What an array of the query is made of, item by item: one type is made of its items before DataFusion makes one of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::utils::base_type;
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{Case, Expr, ExprSchemable, cast};

use super::settled::{results, type_of};

/// Functions that give a number which they are given, or that without its sign.
const HANDING_ON: &[&str] = &["abs", "coalesce", "greatest", "least", "nullif"];

/// Whether what is called so, or CASE, gives one of the numbers that it is given.
pub(super) fn hands_on(name: &str) -> bool {
    name == "CASE" || HANDING_ON.contains(&name)
}

/// What an array of the query is made of.
pub(super) fn items_of(expr: &Expr) -> Option<&[Expr]> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            Some(call.args.as_slice())
        }
        _ => None,
    }
}

/// Does `change` to the expression, or to each item where it is an array of the query, whose type is told by them.
pub(super) fn each_item(
    expr: &mut Expr,
    change: &mut dyn FnMut(&mut Expr) -> Result<()>,
) -> Result<()> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            for item in &mut call.args {
                each_item(item, change)?;
            }
            Ok(())
        }
        other => change(other),
    }
}

/// The same, with each result of a CASE in the place of the CASE, and each number that is handed on in the place of what does.
pub(super) fn each_result(
    expr: &mut Expr,
    schema: &DFSchema,
    change: &mut dyn FnMut(&mut Expr) -> Result<()>,
) -> Result<()> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            for item in &mut call.args {
                each_result(item, schema, change)?;
            }
            Ok(())
        }
        Expr::Case(case) => {
            for result in results_mut(case) {
                each_result(result, schema, change)?;
            }
            Ok(())
        }
        other => each_number(other, schema, change),
    }
}

/// Does `change` to the expression, or to each number that it hands on.
pub(super) fn each_number(
    expr: &mut Expr,
    schema: &DFSchema,
    change: &mut dyn FnMut(&mut Expr) -> Result<()>,
) -> Result<()> {
    if handed_numbers(expr, schema).is_some() {
        each_handed(expr, change)
    } else {
        change(expr)
    }
}

fn each_handed(expr: &mut Expr, change: &mut dyn FnMut(&mut Expr) -> Result<()>) -> Result<()> {
    match expr {
        Expr::Negative(number) => each_handed(number, change),
        Expr::Case(case) => {
            for result in results_mut(case) {
                each_handed(result, change)?;
            }
            Ok(())
        }
        Expr::ScalarFunction(call) if HANDING_ON.contains(&call.func.name()) => {
            for number in &mut call.args {
                each_handed(number, change)?;
            }
            Ok(())
        }
        other => change(other),
    }
}

/// The numbers of which an expression hands one on, or one with another sign, at whatever depth. None of what hands nothing on, and of
/// what may give anything but a number.
pub(super) fn handed_numbers<'a>(expr: &'a Expr, schema: &DFSchema) -> Option<Vec<&'a Expr>> {
    let mut found = Vec::new();
    for value in handed(expr)? {
        add_handed(value, &mut found);
    }
    let mut types = found.iter().map(|value| type_of(value, schema));
    let are_numbers = types.all(|own| own.is_ok_and(|own| own.is_numeric() || own.is_null()));
    are_numbers.then_some(found)
}

fn add_handed<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match handed(expr) {
        Some(values) => {
            for value in values {
                add_handed(value, found);
            }
        }
        None => found.push(expr),
    }
}

/// What an expression gives one of, or with another sign.
fn handed(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Negative(number) => Some(vec![number.as_ref()]),
        Expr::Case(case) => Some(results(case).collect()),
        Expr::ScalarFunction(call) if HANDING_ON.contains(&call.func.name()) => {
            Some(call.args.iter().collect())
        }
        _ => None,
    }
}

fn results_mut(case: &mut Case) -> impl Iterator<Item = &mut Expr> {
    let thens = case.when_then_expr.iter_mut();
    let thens = thens.map(|(_, then)| then.as_mut());
    thens.chain(case.else_expr.as_deref_mut())
}

/// Casts an expression to `item`, or an array to an array of it.
pub(super) fn become_items(expr: &mut Expr, item: &DataType, schema: &DFSchema) {
    let Ok(own) = type_of(expr, schema) else {
        return;
    };
    let wanted = with_items(&own, item);
    // Functions whose arguments are made equal before a CASE among them is take that for what its first result is.
    let is_told = expr.get_type(schema).is_ok_and(|told| told == own);
    if base_type(&own).is_null() || (is_told && own == wanted) {
        return;
    }
    *expr = cast(std::mem::take(expr), wanted);
}

/// The type with `item` in the place of what its arrays are made of.
pub(super) fn with_items(own: &DataType, item: &DataType) -> DataType {
    let of = |field: &FieldRef| -> FieldRef {
        let data_type = with_items(field.data_type(), item);
        Arc::new(Field::clone(field).with_data_type(data_type))
    };
    match own {
        DataType::List(field) => DataType::List(of(field)),
        DataType::LargeList(field) => DataType::LargeList(of(field)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(of(field), *size),
        _ => item.clone(),
    }
}

/// The types of the expressions without arrays around them: of each item of an array of the query, of each result of a CASE, and of
/// each number that is handed on.
/// None where one is not known yet.
pub(super) fn types_of<'a>(
    exprs: impl IntoIterator<Item = &'a Expr>,
    schema: &DFSchema,
) -> Option<Vec<DataType>> {
    let mut types = Vec::new();
    for expr in exprs {
        add_types(expr, schema, &mut types)?;
    }
    Some(types)
}

fn add_types(expr: &Expr, schema: &DFSchema, types: &mut Vec<DataType>) -> Option<()> {
    if let Some(items) = items_of(expr) {
        return items
            .iter()
            .try_for_each(|item| add_types(item, schema, types));
    }
    if let Expr::Case(case) = expr {
        return results(case).try_for_each(|result| add_types(result, schema, types));
    }
    if let Some(numbers) = handed_numbers(expr, schema) {
        let mut numbers = numbers.into_iter();
        return numbers.try_for_each(|number| add_types(number, schema, types));
    }
    types.push(base_type(&type_of(expr, schema).ok()?));
    Some(())
}
