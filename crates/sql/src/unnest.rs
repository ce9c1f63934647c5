//! `unnest` and `explode`: several rows of one, one for each value of an array.
//!
//! The function is taken off the parsed SELECT, so that its array is a column like any other; behind the projection the
//! rows are spread.

mod tables;

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait, RecordBatch, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion_sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, Query as Ast,
    SelectItem, SetExpr, Spanned,
};
use millstream_core::Result;
use millstream_core::type_names::type_in_words;

use crate::functions::bounded::bytes;
use crate::functions::room;
use crate::names::{UNNESTED, UNNESTED_OUTER, unnested};
use crate::place::{Place, unsupported};
use crate::plan::{Unnest, describe};

/// The names of the function, and whether a row without values stays, with a null.
const NAMES: &[(&str, bool)] = &[
    ("unnest", false),
    ("explode", false),
    ("unnest_outer", true),
    ("explode_outer", true),
];

/// Takes the function off, wherever it stands: its array becomes a column that is [marked](crate::names).
///
/// # Errors
/// SQL_UNSUPPORTED where there are two.
pub(crate) fn take_off(query: &mut Ast) -> Result<()> {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Ok(());
    };
    tables::into_columns(select)?;
    let mut seen = select.projection.iter().any(is_marked);
    for (position, item) in select.projection.iter_mut().enumerate() {
        let (expr, name) = match item {
            SelectItem::UnnamedExpr(expr) => (&*expr, ""),
            SelectItem::ExprWithAlias { expr, alias } => (&*expr, alias.value.as_str()),
            _ => continue,
        };
        let Expr::Function(function) = expr else {
            continue;
        };
        let Some((outer, array)) = array_of(function) else {
            continue;
        };
        if seen {
            let place = Place::of(function.span());
            return Err(unsupported(
                place,
                "a second unnest",
                "unnest one array, or both in two SELECTs",
            ));
        }
        seen = true;
        *item = marked(array, outer, position, name);
    }
    Ok(())
}

/// The column of an array whose values become rows, at a place of the SELECT.
fn marked(array: Expr, outer: bool, position: usize, name: &str) -> SelectItem {
    let mark = if outer { UNNESTED_OUTER } else { UNNESTED };
    let alias = Ident::with_quote('`', format!("{mark}{position}\u{0}{name}"));
    SelectItem::ExprWithAlias { expr: array, alias }
}

fn is_marked(item: &SelectItem) -> bool {
    matches!(item, SelectItem::ExprWithAlias { alias, .. } if unnested(&alias.value).is_some())
}

/// The argument of the function, and whether it is an outer one.
fn array_of(function: &Function) -> Option<(bool, Expr)> {
    let [name] = function.name.0.as_slice() else {
        return None;
    };
    let name = name.as_ident()?.value.to_ascii_lowercase();
    let (_, outer) = NAMES.iter().find(|(known, _)| *known == name)?;
    let is_plain = function.over.is_none() && function.filter.is_none();
    let FunctionArguments::List(list) = &function.args else {
        return None;
    };
    match list.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(array))] if is_plain => {
            Some((*outer, array.clone()))
        }
        _ => None,
    }
}

/// Spreads the rows: the answer has the columns of `output`, and for each of its rows it is told of which row it was made.
///
/// # Errors
/// In words: there is no room, or the arrays are none.
pub(crate) fn spread(
    rows: &RecordBatch,
    unnest: Unnest,
    output: &SchemaRef,
) -> Result<(RecordBatch, Vec<u32>), String> {
    let lists = rows.column(unnest.column);
    let lists = match lists.data_type() {
        DataType::FixedSizeList(item, _) => cast(lists, &DataType::List(Arc::clone(item)))
            .map_err(|error| describe(&error.into()))?,
        _ => Arc::clone(lists),
    };
    let (origins, values) = match lists.data_type() {
        DataType::List(_) => places(lists.as_list::<i32>(), unnest.outer),
        DataType::LargeList(_) => places(lists.as_list::<i64>(), unnest.outer),
        other => {
            let kind = type_in_words(other);
            return Err(format!("unnest takes an array, and this is {kind}"));
        }
    };
    fits(rows, unnest.column, &origins)?;
    let origin_rows = UInt32Array::from(origins.clone());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(rows.num_columns());
    for (number, column) in rows.columns().iter().enumerate() {
        let taken = if number == unnest.column {
            let items = match lists.data_type() {
                DataType::LargeList(_) => Arc::clone(lists.as_list::<i64>().values()),
                _ => Arc::clone(lists.as_list::<i32>().values()),
            };
            let kind = output.field(number).data_type();
            let taken = take(&items, &values, None);
            taken.and_then(|taken| cast(&taken, kind))
        } else {
            take(column, &origin_rows, None)
        };
        columns.push(taken.map_err(|error| describe(&error.into()))?);
    }
    let spread = RecordBatch::try_new(Arc::clone(output), columns);
    let spread = spread.map_err(|error| describe(&error.into()))?;
    Ok((spread, origins))
}

/// For each row that there will be: of which row it is made, and which of all values is in it.
fn places<O: OffsetSizeTrait>(
    lists: &arrow::array::GenericListArray<O>,
    outer: bool,
) -> (Vec<u32>, UInt32Array) {
    let mut origins = Vec::new();
    let mut values: Vec<Option<u32>> = Vec::new();
    let offsets = lists.value_offsets();
    for (row, ends) in offsets.windows(2).enumerate() {
        let row_number = row as u32;
        let before = origins.len();
        if let [from, to] = ends
            && lists.is_valid(row)
        {
            for value in from.as_usize()..to.as_usize() {
                origins.push(row_number);
                values.push(u32::try_from(value).ok());
            }
        }
        if outer && origins.len() == before {
            origins.push(row_number);
            values.push(None);
        }
    }
    (origins, UInt32Array::from(values))
}

/// Whether there is room for what is written once for each value: the other columns of its row.
fn fits(rows: &RecordBatch, unnested: usize, origins: &[u32]) -> Result<(), String> {
    let mut sum = 0_u64;
    for run in origins.chunk_by(|a, b| a == b) {
        let Some(row) = run.first() else {
            continue;
        };
        let columns = rows.columns().iter().enumerate();
        let others = columns.filter(|(number, _)| *number != unnested);
        let bytes: u64 = others
            .map(|(_, column)| bytes::of_rows(column, *row as usize, 1))
            .sum();
        sum = sum.saturating_add(bytes.saturating_mul(run.len() as u64));
    }
    room::fits("unnest", sum).map_err(|error| describe(&error))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, Int32Array, ListArray, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Int32Type, Schema};

    use super::{Unnest, spread};

    #[test]
    fn each_value_is_a_row_beside_the_others_of_its_row() {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
            Some(vec![Some(4)]),
        ]);
        let names = StringArray::from(vec!["a", "b", "c", "d"]);
        let schema = Schema::new(vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("value", lists.data_type().clone(), true),
        ]);
        let rows = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(names), Arc::new(lists)]);
        let rows = rows.expect("a batch");
        let output = Arc::new(Schema::new(vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("value", DataType::Int32, true),
        ]));
        for (outer, origins, values) in [
            (false, vec![0, 0, 3], vec![Some(1), None, Some(4)]),
            (
                true,
                vec![0, 0, 1, 2, 3],
                vec![Some(1), None, None, None, Some(4)],
            ),
        ] {
            let unnest = Unnest { column: 1, outer };
            let (spread, from) = spread(&rows, unnest, &output).expect("room");
            assert_eq!(from, origins);
            assert_eq!(spread.column(1).as_ref(), &Int32Array::from(values));
        }
    }
}
