//! Arrays that stand in FROM: `cross join unnest(array) as t (value)` as Flink has it, and `lateral view explode(array) t as value`
//! as Hive has it, become a column of the SELECT.

use std::ops::ControlFlow;

use datafusion_sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, Join, JoinConstraint, JoinOperator, LateralView,
    ObjectName, Select, SelectItem, Spanned, TableAlias, TableFactor, Value, ValueWithSpan, Visit,
    visit_expressions,
};
use millstream_core::Result;

use super::{NAMES, array_of, is_marked, marked};
use crate::place::{Place, unsupported};

/// An array in FROM, whose values are a column.
struct Found {
    array: Expr,
    outer: bool,
    /// What may stand before the name of the column.
    table: Option<String>,
    column: String,
    place: Option<Place>,
}

/// Takes an array out of FROM. Its column must stand alone in the SELECT, once; `*` has it, too.
///
/// # Errors
/// SQL_UNSUPPORTED where it stands elsewhere, or not at all.
pub(super) fn into_columns(select: &mut Select) -> Result<()> {
    let Some(found) = out_of_from(select) else {
        return Ok(());
    };
    let alone = format!(
        "let `{0}` stand alone as a column of the SELECT, once, and choose rows by it in the system that reads the sink",
        found.column
    );
    let items = std::mem::take(&mut select.projection);
    let mut elsewhere = found.place_in(&*select);
    for item in items {
        let name = match &item {
            SelectItem::UnnamedExpr(expr) if found.is_it(expr) => Some(found.column.clone()),
            SelectItem::ExprWithAlias { expr, alias } if found.is_it(expr) => {
                Some(alias.value.clone())
            }
            SelectItem::Wildcard(_) => {
                select.projection.push(item.clone());
                Some(found.column.clone())
            }
            _ => None,
        };
        let position = select.projection.len();
        select.projection.push(match name {
            Some(name) => marked(found.array.clone(), found.outer, position, &name),
            None => {
                elsewhere = elsewhere.or_else(|| found.place_in(&item));
                item
            }
        });
    }
    if let Some(place) = elsewhere {
        let column = &found.column;
        let what = format!("an expression or a condition of `{column}`, a value of an array,");
        return Err(unsupported(place, &what, &alone));
    }
    let columns = select.projection.iter();
    if columns.filter(|item| is_marked(item)).count() != 1 {
        let column = &found.column;
        let what =
            format!("an array in FROM whose value `{column}` is not one column of the SELECT");
        return Err(unsupported(found.place, &what, &alone));
    }
    Ok(())
}

impl Found {
    /// Where its column stands in what is left, if it does.
    fn place_in(&self, part: &impl Visit) -> Option<Option<Place>> {
        let found = visit_expressions(part, |expr| match self.is_it(expr) {
            true => ControlFlow::Break(Place::of(expr.span())),
            false => ControlFlow::Continue(()),
        });
        found.break_value()
    }

    /// Whether an expression is its column.
    fn is_it(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Identifier(name) => name.value == self.column,
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [table, name] => {
                    Some(&table.value) == self.table.as_ref() && name.value == self.column
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// The one array in FROM, taken off. `None`: there is none, or more than that.
fn out_of_from(select: &mut Select) -> Option<Found> {
    if let [view] = select.lateral_views.as_slice() {
        let found = of_view(view)?;
        select.lateral_views.clear();
        return Some(found);
    }
    match select.from.as_mut_slice() {
        [_, second] if second.joins.is_empty() => {
            let found = of_table(&second.relation, false)?;
            select.from.pop();
            Some(found)
        }
        [first] => {
            let [join] = first.joins.as_slice() else {
                return None;
            };
            let found = of_table(&join.relation, outer_of(join)?)?;
            first.joins.clear();
            Some(found)
        }
        _ => None,
    }
}

/// Whether a join keeps rows without values. `None`: it is another one than that of each row with its own values.
fn outer_of(join: &Join) -> Option<bool> {
    let is_always = |constraint: &JoinConstraint| {
        matches!(
            constraint,
            JoinConstraint::On(Expr::Value(ValueWithSpan {
                value: Value::Boolean(true),
                ..
            })) | JoinConstraint::None
        )
    };
    match &join.join_operator {
        JoinOperator::CrossJoin(constraint)
        | JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
            if is_always(constraint) =>
        {
            Some(false)
        }
        JoinOperator::Left(constraint) | JoinOperator::LeftOuter(constraint)
            if is_always(constraint) =>
        {
            Some(true)
        }
        _ => None,
    }
}

fn of_table(table: &TableFactor, outer: bool) -> Option<Found> {
    let TableFactor::Table {
        name,
        alias: Some(alias),
        args: Some(args),
        with_ordinality: false,
        sample: None,
        ..
    } = table
    else {
        return None;
    };
    let (_, keeps) = called(name)?;
    let [FunctionArg::Unnamed(FunctionArgExpr::Expr(array))] = args.args.as_slice() else {
        return None;
    };
    let (table, column) = names(alias)?;
    Some(Found {
        array: array.clone(),
        outer: outer || keeps,
        table,
        column,
        place: Place::of(name.span()),
    })
}

fn of_view(view: &LateralView) -> Option<Found> {
    let Expr::Function(function) = &view.lateral_view else {
        return None;
    };
    let (outer, array) = array_of(function)?;
    let [Ident { value, .. }] = view.lateral_col_alias.as_slice() else {
        return None;
    };
    let table = view.lateral_view_name.0.last();
    let table = table.and_then(|part| part.as_ident());
    Some(Found {
        array,
        outer: outer || view.outer,
        table: table.map(|name| name.value.clone()),
        column: value.clone(),
        place: Place::of(function.span()),
    })
}

/// The names of the function that a name is one of.
fn called(name: &ObjectName) -> Option<(&'static str, bool)> {
    let [part] = name.0.as_slice() else {
        return None;
    };
    let name = part.as_ident()?.value.to_ascii_lowercase();
    NAMES.iter().find(|(known, _)| *known == name).copied()
}

/// What the values are called: `t (value)`, or `value` alone.
fn names(alias: &TableAlias) -> Option<(Option<String>, String)> {
    match alias.columns.as_slice() {
        [] => Some((None, alias.name.value.clone())),
        [column] => Some((Some(alias.name.value.clone()), column.name.value.clone())),
        _ => None,
    }
}
