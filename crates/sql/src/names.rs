//! Names of output columns.
//!
//! A column keeps its name, an alias wins, and an expression without alias is called `EXPR$i`, where
//! `i` is its place among the output columns, from 0. That is Flink's rule.

use arrow::datatypes::Schema;
use datafusion_sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, ObjectName, Query as Ast, SelectItem, SetExpr, Spanned,
    WildcardAdditionalOptions,
};
use millstream_core::{Error, Result};

use crate::place::{Place, invalid};

/// Marks an alias given by us until its place is known; no SQL text can hold this character.
const UNNAMED: &str = "\u{0}unnamed";

/// Marks the array whose values become rows: behind it its place in the SELECT, a zero, and its name, if it has one.
pub(crate) const UNNESTED: &str = "\u{0}unnested";
/// The same where a row without values stays.
pub(crate) const UNNESTED_OUTER: &str = "\u{0}unnested-outer";

/// The name in the mark of an array whose values become rows, and whether rows without values stay; `None`: it is no such mark.
pub(crate) fn unnested(name: &str) -> Option<(bool, &str)> {
    let outer = name.strip_prefix(UNNESTED_OUTER).map(|rest| (true, rest));
    let (outer, rest) = outer.or_else(|| name.strip_prefix(UNNESTED).map(|rest| (false, rest)))?;
    let (_, name) = rest.split_once('\u{0}')?;
    Some((outer, name))
}

/// Gives every expression without a name a provisional one and refuses double names.
///
/// # Errors
/// SQL_INVALID where two output columns have the same name.
pub(crate) fn name_outputs(query: &mut Ast, schema: &Schema) -> Result<()> {
    let SetExpr::Select(select) = query.body.as_mut() else {
        return Ok(());
    };
    let mut seen: Vec<String> = Vec::new();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let place = Place::of(item.span());
        for name in names_of(item, schema) {
            if seen.contains(&name) {
                return Err(double_name(place, &name));
            }
            seen.push(name);
        }
        let SelectItem::UnnamedExpr(expr) = item else {
            continue;
        };
        let alias = match expr {
            Expr::Identifier(_) => continue,
            // A field of a struct is called as the field alone.
            Expr::CompoundIdentifier(parts) => parts.last().map(|part| part.value.clone()),
            _ => None,
        };
        *item = SelectItem::ExprWithAlias {
            expr: expr.clone(),
            alias: Ident::with_quote('`', alias.unwrap_or_else(|| format!("{UNNAMED}{position}"))),
        };
    }
    Ok(())
}

/// The final name of output column `position` whose planned name is `name`.
pub(crate) fn output_name(name: &str, position: usize) -> String {
    match unnested(name) {
        Some((_, "")) => format!("EXPR${position}"),
        Some((_, name)) => name.to_string(),
        None if name.starts_with(UNNAMED) => format!("EXPR${position}"),
        None => name.to_string(),
    }
}

/// The error about two output columns called `name`.
pub(crate) fn double_name(place: Option<Place>, name: &str) -> Error {
    invalid(place, &format!("two output columns are called `{name}`"))
        .next("name one of them otherwise with AS")
}

/// The names that `item` is known to give before planning.
fn names_of(item: &SelectItem, schema: &Schema) -> Vec<String> {
    match item {
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => vec![ident.value.clone()],
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map(|i| i.value.clone()).into_iter().collect()
        }
        SelectItem::ExprWithAlias { alias, .. } => match unnested(&alias.value) {
            Some((_, "")) => Vec::new(),
            Some((_, name)) => vec![name.to_owned()],
            None => vec![alias.value.clone()],
        },
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => {
            let left_out = left_out(options);
            let names = schema.fields().iter().map(|field| field.name());
            let names = names.filter(|name| !left_out.contains(name));
            names.cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// The columns that `* EXCEPT (…)` or `* EXCLUDE (…)` leaves out.
fn left_out(options: &WildcardAdditionalOptions) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if let Some(except) = &options.opt_except {
        names.push(except.first_element.value.clone());
        names.extend(except.additional_elements.iter().map(|i| i.value.clone()));
    }
    let excluded = match &options.opt_exclude {
        None => &[],
        Some(ExcludeSelectItem::Single(name)) => std::slice::from_ref(name),
        Some(ExcludeSelectItem::Multiple(names)) => names.as_slice(),
    };
    let last = |name: &ObjectName| Some(name.0.last()?.as_ident()?.value.clone());
    names.extend(excluded.iter().filter_map(last));
    names
}
