//! What an array of the query is made of, item by item: one type is made of its items before DataFusion makes one of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion_common::utils::base_type;
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{Expr, ExprSchemable, cast};

use super::whole::results;

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

/// The same, with each result of a CASE in the place of the CASE.
pub(super) fn each_result(
    expr: &mut Expr,
    change: &mut dyn FnMut(&mut Expr) -> Result<()>,
) -> Result<()> {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            for item in &mut call.args {
                each_result(item, change)?;
            }
            Ok(())
        }
        Expr::Case(case) => {
            let results = case
                .when_then_expr
                .iter_mut()
                .map(|(_, then)| then.as_mut());
            for result in results.chain(case.else_expr.as_deref_mut()) {
                each_result(result, change)?;
            }
            Ok(())
        }
        other => change(other),
    }
}

/// Casts an expression to `item`, or an array to an array of it.
pub(super) fn become_items(expr: &mut Expr, item: &DataType, schema: &DFSchema) {
    let Ok(own) = expr.get_type(schema) else {
        return;
    };
    let wanted = with_items(&own, item);
    // Before the types are made equal, that of a CASE is the one of its first result.
    let is_sure = !matches!(expr, Expr::Case(_));
    if base_type(&own).is_null() || (is_sure && own == wanted) {
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

/// The types of the expressions without arrays around them: of each item of an array of the query, and of each result of a CASE.
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
    types.push(base_type(&expr.get_type(schema).ok()?));
    Some(())
}
