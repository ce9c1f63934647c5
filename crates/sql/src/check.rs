//! What a stream can't answer, and what the SQL names that is not there.
//!
//! The check walks the parsed text before planning: here the places are known, and a refusal can
//! say what to use instead.

mod expressions;

use arrow::datatypes::Schema;
use datafusion_sql::sqlparser::ast::{
    Distinct, GroupByExpr, ObjectName, Query as Ast, Select, SetExpr, Spanned, TableAlias,
    TableFactor, TableWithJoins,
};
use millstream_core::{Error, Result};

use crate::functions::Functions;
use crate::place::{Place, invalid, unsupported};

const AGGREGATE: &str = "aggregate in a DataStream program (key_by, then reduce or sum), or in \
                         the system that reads the sink";
const JOIN: &str = "join in the system that reads the sink, or look values up in a DataStream \
                    program (process)";
const SPREAD: &str = "give it one array and a name for its values (lateral view explode(arraySplit(tags)) t as tag), or join in \
                      the system that reads the sink";
const SUBQUERY: &str = "write the condition out with WHERE, CASE or an IN list of values";
const WINDOW: &str = "keep what you need of earlier rows in the state of a DataStream program \
                      (key_by, then process)";
const SORT: &str = "sort in the system that reads the sink";
const LIMIT: &str = "choose rows with WHERE, or cut in the system that reads the sink";
const ONE_TABLE: &str = "select from the one table of the job, without options";

/// What the names in the SQL can refer to.
pub(crate) struct Scope<'a> {
    pub(crate) table: &'a str,
    pub(crate) schema: &'a Schema,
    pub(crate) functions: &'a Functions,
}

/// Refuses what is not projection, filter and functions over the scope's one table.
///
/// # Errors
/// SQL_UNSUPPORTED with what to use instead; SQL_INVALID for a table, column or function that does
/// not exist, with the nearest names.
pub(crate) fn check(query: &Ast, scope: &Scope<'_>) -> Result<()> {
    refuse_clauses_of_query(query)?;
    let select = match query.body.as_ref() {
        SetExpr::Select(select) => select,
        other => return Err(not_a_select(other, scope.table)),
    };
    refuse_clauses_of_select(select)?;
    let qualifier = check_from(&select.from, scope)?;
    expressions::check(select, qualifier, scope)
}

/// The first of `clauses` that is there, as an error.
fn refuse(clauses: &[(bool, Option<Place>, &str, &str)]) -> Result<()> {
    match clauses.iter().find(|(present, ..)| *present) {
        Some((_, place, what, instead)) => Err(unsupported(*place, what, instead)),
        None => Ok(()),
    }
}

fn place_of(clause: &Option<impl Spanned>) -> Option<Place> {
    clause.as_ref().and_then(|clause| Place::of(clause.span()))
}

pub(crate) fn refuse_clauses_of_query(query: &Ast) -> Result<()> {
    let with = "write the expressions of the WITH into the SELECT";
    let options = "leave it out";
    refuse(&[
        (query.with.is_some(), place_of(&query.with), "WITH", with),
        (
            query.order_by.is_some(),
            place_of(&query.order_by),
            "ORDER BY",
            SORT,
        ),
        (
            query.limit_clause.is_some(),
            place_of(&query.limit_clause),
            "LIMIT or OFFSET",
            LIMIT,
        ),
        (query.fetch.is_some(), None, "FETCH", LIMIT),
        (!query.locks.is_empty(), None, "FOR UPDATE", options),
        (query.for_clause.is_some(), None, "FOR", options),
        (query.settings.is_some(), None, "SETTINGS", options),
        (query.format_clause.is_some(), None, "FORMAT", options),
        (!query.pipe_operators.is_empty(), None, "|>", options),
    ])
}

fn not_a_select(body: &SetExpr, table: &str) -> Error {
    let place = Place::of(body.span());
    match body {
        SetExpr::Values(_) => {
            let instead = format!("select from the table `{table}`");
            unsupported(place, "VALUES", &instead)
        }
        SetExpr::Query(_) => unsupported(
            place,
            "a SELECT in parentheses",
            "leave the parentheses out",
        ),
        _ => unsupported(
            place,
            "a statement that is not a SELECT",
            "give only the SELECT; the sink's parameters say where its rows go",
        ),
    }
}

fn refuse_clauses_of_select(select: &Select) -> Result<()> {
    let distinct = matches!(select.distinct, Some(Distinct::Distinct | Distinct::On(_)));
    let grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(by, modifiers) => !by.is_empty() || !modifiers.is_empty(),
    };
    let once = "drop doubles in a DataStream program (key_by, then process with a value state)";
    let sink = "leave INTO out; the sink's parameters say where rows go";
    let filter = "use WHERE";
    let first = Place::of(select.select_token.0.span);
    let view = select.lateral_views.first();
    let view = view.map(|view| Place::of(view.lateral_view.span()));
    refuse(&[
        (distinct, first, "DISTINCT", once),
        (select.top.is_some(), first, "TOP", LIMIT),
        (select.into.is_some(), place_of(&select.into), "INTO", sink),
        (
            grouped,
            Place::of(select.group_by.span()),
            "GROUP BY",
            AGGREGATE,
        ),
        (
            select.having.is_some(),
            place_of(&select.having),
            "HAVING",
            AGGREGATE,
        ),
        (!select.sort_by.is_empty(), None, "SORT BY", SORT),
        (!select.cluster_by.is_empty(), None, "CLUSTER BY", SORT),
        (
            !select.distribute_by.is_empty(),
            None,
            "DISTRIBUTE BY",
            SORT,
        ),
        (!select.named_window.is_empty(), None, "WINDOW", WINDOW),
        (
            select.qualify.is_some(),
            place_of(&select.qualify),
            "QUALIFY",
            WINDOW,
        ),
        (view.is_some(), view.flatten(), "LATERAL VIEW", SPREAD),
        (select.prewhere.is_some(), None, "PREWHERE", filter),
        (!select.connect_by.is_empty(), None, "CONNECT BY", JOIN),
    ])
}

/// Checks that FROM is the one table, and gives the name that qualifies its columns.
fn check_from<'a>(from: &'a [TableWithJoins], scope: &Scope<'a>) -> Result<&'a str> {
    let table = scope.table;
    let Some((first, more)) = from.split_first() else {
        return Err(invalid(None, "there is no FROM").next(format!("add FROM `{table}`")));
    };
    let joined = more.first().or((!first.joins.is_empty()).then_some(first));
    if let Some(joined) = joined {
        return Err(unsupported(Place::of(joined.span()), "a join", JOIN));
    }
    let place = Place::of(first.relation.span());
    match &first.relation {
        TableFactor::Table {
            name,
            alias,
            args: None,
            version: None,
            with_ordinality: false,
            json_path: None,
            sample: None,
            ..
        } => {
            check_table(name, table)?;
            qualifier(alias.as_ref(), table)
        }
        TableFactor::Derived { .. } => Err(unsupported(
            place,
            "a subquery in FROM",
            "write one SELECT over the table",
        )),
        TableFactor::NestedJoin { .. } => Err(unsupported(place, "a join", JOIN)),
        _ => Err(unsupported(
            place,
            "FROM with a table function or table option",
            ONE_TABLE,
        )),
    }
}

fn check_table(name: &ObjectName, table: &str) -> Result<()> {
    let single = match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    };
    if single.is_some_and(|ident| ident.value == table) {
        return Ok(());
    }
    let hint = match single {
        Some(ident) if ident.value.to_lowercase() == table.to_lowercase() => {
            "; upper and lower case differ"
        }
        _ => "",
    };
    Err(invalid(
        Place::of(name.span()),
        &format!(
            "there is no table `{}`{hint}",
            name.to_string().replace('`', "")
        ),
    )
    .next(format!("select from `{table}`, the one table of this job")))
}

fn qualifier<'a>(alias: Option<&'a TableAlias>, table: &'a str) -> Result<&'a str> {
    match alias {
        None => Ok(table),
        Some(alias) if alias.columns.is_empty() => Ok(&alias.name.value),
        Some(alias) => Err(unsupported(
            Place::of(alias.name.span),
            "a table alias with column names",
            "name columns with AS in the SELECT",
        )),
    }
}

/// The names of functions that need many rows, in lower case: why they are refused, and what to use.
///
/// Names that Flink knows are here too, so that its users read the reason and not `no such function`.
fn many_rows(function: &str) -> Option<(&'static str, &'static str)> {
    const AGGREGATES: &str = "any_value approx_count_distinct approx_distinct approx_median \
        approx_percentile_cont approx_percentile_cont_with_weight array_agg avg bit_and bit_or \
        bit_xor bool_and bool_or collect corr count covar covar_pop covar_samp every first_value \
        grouping json_arrayagg json_objectagg last_value listagg max mean median min mode \
        nth_value percentile_cont quantile_cont regr_avgx regr_avgy regr_count regr_intercept \
        regr_r2 regr_slope regr_sxx regr_sxy regr_syy some stddev stddev_pop stddev_samp \
        string_agg sum var var_pop var_population var_samp var_sample variance";
    const WINDOWS: &str = "cume_dist cumulate cumulate_end cumulate_start dense_rank hop hop_end \
        hop_start lag lead ntile percent_rank rank row_number session session_end session_start \
        tumble tumble_end tumble_rowtime tumble_start";
    const ROWS: &str = "explode explode_outer unnest unnest_outer";
    let many_rows = "let it stand alone as a column of the SELECT, with one array: unnest(arraySplit(tags)) as tag";
    [
        (AGGREGATES, "the aggregate", AGGREGATE),
        (WINDOWS, "the window function", WINDOW),
        (ROWS, "the function", many_rows),
    ]
    .into_iter()
    .find(|(names, ..)| names.split_whitespace().any(|name| name == function))
    .map(|(_, what, instead)| (what, instead))
}
