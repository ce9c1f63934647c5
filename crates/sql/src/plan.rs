//! From a parsed and checked `SELECT` to physical expressions over the columns it needs.

mod any;
mod apart;
mod asked;
mod bounds;
mod called;
mod casts;
mod chains;
mod comparisons;
pub(crate) mod conditions;
mod decimals;
mod digits;
mod elements;
mod items;
mod keys;
mod kinds;
mod lambdas;
mod literals;
mod messages;
mod nested;
mod nulls;
mod numbers;
mod parts;
mod places;
mod plain;
mod provider;
mod settled;
mod similar;
mod texts;
mod times;
mod whens;
mod whole;
mod zeros;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, DataFusionError, plan_err};
use datafusion_expr::{Expr, LogicalPlan};
use datafusion_optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion_optimizer::simplify_expressions::SimplifyExpressions;
use datafusion_optimizer::{Analyzer, AnalyzerRule, Optimizer, OptimizerContext};
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::cast;
use datafusion_sql::planner::{ParserOptions, SqlToRel};
use datafusion_sql::sqlparser::ast::{Query as Ast, Spanned, Statement};
use millstream_core::Result;
use millstream_core::type_names::in_words;

pub(crate) use self::messages::{describe, mistake};
pub(crate) use self::times::micros::of_nanoseconds;

use self::bounds::{Bounds, of_constants};
use self::casts::{Casts, in_own_units};
use self::chains::Chains;
use self::conditions::{ColumnCondition, conditions};
use self::decimals::Decimals;
use self::digits::Digits;
use self::keys::Keys;
use self::kinds::Kinds;
use self::messages::planning_error;
use self::nulls::Nulls;
use self::parts::Parts;
use self::places::Places;
use self::provider::Provider;
use self::similar::Similar;
use self::texts::Texts;
use self::times::Times;
use self::whens::Whens;
use self::zeros::Zeros;
use crate::functions::Functions;
use crate::physical::{DfResult, physical};
use crate::place::{Place, invalid, too_deep};
use crate::trial::{reads_made_text, refuse_vain, try_constants};

/// The column of an array that becomes rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unnest {
    /// Its place among the output columns.
    pub(crate) column: usize,
    /// Whether a row without values stays, with a null.
    pub(crate) outer: bool,
}

/// A query ready to run: nothing in it is planned again.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Indices into the table's columns of those that the query reads, ascending.
    pub(crate) needed: Vec<usize>,
    /// The schema of the `needed` columns.
    pub(crate) input: SchemaRef,
    /// WHERE, over `input`; none if every row is kept.
    pub(crate) predicate: Option<Arc<dyn PhysicalExpr>>,
    /// What is so of every row that WHERE keeps, of single columns.
    pub(crate) conditions: Vec<ColumnCondition>,
    /// Indices into `input` of the columns that the projection reads, ascending.
    pub(crate) kept: Vec<usize>,
    /// The schema of the `kept` columns.
    pub(crate) kept_schema: SchemaRef,
    /// One expression for each output column, over `kept_schema`.
    pub(crate) projection: Vec<Arc<dyn PhysicalExpr>>,
    /// Of each column: whether it is nothing but nulls, and of no type.
    pub(crate) nothing: Vec<bool>,
    /// The columns of the projection, all of them nullable.
    pub(crate) projected: SchemaRef,
    /// The column of arrays whose values become rows.
    pub(crate) unnest: Option<Unnest>,
    /// The output's columns: those of the projection, with a value in the place of an array that becomes rows.
    pub(crate) output: SchemaRef,
    /// Bytes of the large constants in the expressions, which each row may be given.
    pub(crate) constants: u64,
    /// Whether values made up tell nothing of it.
    pub(crate) reads_made_text: bool,
}

/// Plans `query` over the table `name` with `schema`.
///
/// # Errors
/// SQL_INVALID where types do not fit, SQL_UNSUPPORTED for what DataFusion does not offer.
pub(crate) fn plan(
    mut query: Box<Ast>,
    name: &str,
    schema: &Schema,
    functions: Functions,
) -> Result<Plan> {
    let place = Place::of(query.span());
    let called = called::by_own_names(&mut query, &functions, schema)?;
    any::as_calls(&mut query)?;
    asked::once(&mut query)?;
    literals::as_calls(&mut query)?;
    let wrong = |error: DataFusionError| called.as_written(planning_error(&error));
    let table = Arc::new(schema.clone());
    let provider = Provider::new(name, Arc::clone(&table), functions);
    let logical = logical_plan(query, &provider).map_err(wrong)?;
    try_constants(&logical).map_err(wrong)?;
    let parts = Parts::of(&logical)?;
    let mut plan = physical_plan(parts).map_err(wrong)?;
    let deepest = plan.projection.iter().chain(&plan.predicate).map(levels);
    if deepest.max() > Some(LEVELS) {
        // With its place: it would be looked for by planning each part anew.
        let error = too_deep();
        return Err(invalid(place, error.message()).next(error.next_step()));
    }
    // This evaluates, so only what the stack has room for.
    plan.reads_made_text = reads_made_text(&logical).map_err(wrong)?;
    Ok(plan)
}

/// Levels of an expression that are evaluated: the stack of a worker has room for them.
const LEVELS: usize = 500;

fn levels(expr: &Arc<dyn PhysicalExpr>) -> usize {
    1 + expr.children().into_iter().map(levels).max().unwrap_or(0)
}

fn logical_plan(query: Box<Ast>, provider: &Provider) -> DfResult<LogicalPlan> {
    let options = ParserOptions::new()
        .with_enable_ident_normalization(false)
        .with_map_string_types_to_utf8view(false)
        .with_collect_spans(true);
    let planner = SqlToRel::new_with_options(provider, options);
    let plan = planner.sql_statement_to_plan(Statement::Query(query))?;
    let bounds = Arc::new(Bounds::new(provider.functions()));
    let zeros = Arc::new(Zeros::new());
    let rules = Analyzer::with_rules(vec![
        Arc::new(Chains),
        Arc::new(Places),
        Arc::new(Keys),
        Arc::new(Whens),
        Arc::new(Kinds),
        Arc::new(Times),
        Arc::new(Decimals),
        Arc::new(Similar),
        Arc::new(TypeCoercion::new()),
        Arc::new(Texts::new()),
        Arc::new(Digits::new()),
        Arc::new(Casts::new()),
        Arc::new(Nulls::new()),
        Arc::clone(&zeros) as Arc<dyn AnalyzerRule + Send + Sync>,
        Arc::clone(&bounds) as Arc<dyn AnalyzerRule + Send + Sync>,
    ]);
    let plan = rules.execute_and_check(plan, &provider.options, |_, _| {})?;
    refuse_vain(&plan)?;
    // The other rules move nodes about, and there are only two nodes.
    let simplify = Optimizer::with_rules(vec![Arc::new(SimplifyExpressions::new())]);
    let context = OptimizerContext::new().without_query_execution_start_time();
    let plan = simplify.optimize(apart::set(plan)?, &context, |_, _| {})?;
    let plan = apart::taken_back(plan)?;
    bounds.within(in_own_units(zeros.plain_in(plan)?)?)
}

/// Does `change` to every expression of the plan; it is told the columns that the expression reads.
fn over_expressions(
    plan: LogicalPlan,
    change: impl Fn(Expr, &DFSchema) -> DfResult<Expr>,
) -> DfResult<LogicalPlan> {
    let plan = plan.transform_up(|plan| {
        let Some(schema) = plan
            .inputs()
            .first()
            .map(|input| Arc::clone(input.schema()))
        else {
            return Ok(Transformed::no(plan));
        };
        let changed = plan.map_expressions(|expr| Ok(Transformed::yes(change(expr, &schema)?)))?;
        changed.map_data(LogicalPlan::recompute_schema)
    })?;
    Ok(plan.data)
}

fn physical_plan(parts: Parts<'_>) -> DfResult<Plan> {
    let filter = parts.filter.filter(|filter| !is_true(filter));
    let of_projection = columns_of(parts.projection.iter(), parts.input)?;
    let of_filter = columns_of(filter.into_iter(), parts.input)?;
    let needed: Vec<usize> = of_projection.union(&of_filter).copied().collect();
    let input = select(parts.input, &needed)?;
    let kept: Vec<usize> = (0..needed.len())
        .filter(|i| {
            needed
                .get(*i)
                .is_some_and(|column| of_projection.contains(column))
        })
        .collect();
    let kept_schema = select(&input, &kept)?;

    let constants = parts
        .projection
        .iter()
        .chain(filter)
        .map(of_constants)
        .sum();
    let predicate = filter.map(|filter| physical(filter, &input)).transpose()?;
    let mut projection = Vec::with_capacity(parts.projection.len());
    let mut output = Vec::with_capacity(parts.projection.len());
    let mut nothing = Vec::with_capacity(parts.projection.len());
    for (expr, name) in parts.projection.iter().zip(&parts.names) {
        let mut expr = physical(&expr.clone().unalias(), &kept_schema)?;
        let data_type = expr.data_type(kept_schema.as_arrow())?;
        let plain = plain_type(&data_type);
        nothing.push(data_type.is_null());
        if plain != data_type {
            expr = cast(expr, kept_schema.as_arrow(), plain.clone())?;
        }
        projection.push(expr);
        output.push(Field::new(name, plain, true));
    }
    let projected = Schema::new(output.clone());
    if let Some(Unnest { column, .. }) = parts.unnest
        && let Some(field) = output.get_mut(column)
    {
        let Some(item) = item_type(field.data_type()) else {
            let (name, kind) = (field.name(), in_words(&field.data_type().to_string()));
            return plan_err!("column `{name}`: unnest takes an array, and this is {kind}");
        };
        *field = Field::new(field.name(), plain_type(&item), true);
    }
    Ok(Plan {
        needed,
        input: Arc::new(input.as_arrow().clone()),
        predicate,
        conditions: filter.map_or_else(Vec::new, |filter| conditions(filter, parts.input)),
        kept,
        kept_schema: Arc::new(kept_schema.as_arrow().clone()),
        projection,
        nothing,
        projected: Arc::new(projected),
        unnest: parts.unnest,
        output: Arc::new(Schema::new(output)),
        constants,
        reads_made_text: false,
    })
}

fn is_true(filter: &Expr) -> bool {
    matches!(filter, Expr::Literal(value, _) if *value == datafusion_common::ScalarValue::from(true))
}

fn columns_of<'a>(
    exprs: impl Iterator<Item = &'a Expr>,
    schema: &DFSchema,
) -> DfResult<BTreeSet<usize>> {
    exprs
        .flat_map(Expr::column_refs)
        .map(|column| schema.index_of_column(column))
        .collect()
}

fn select(schema: &DFSchema, columns: &[usize]) -> DfResult<DFSchema> {
    let fields = columns.iter().map(|i| {
        let (qualifier, field) = schema.qualified_field(*i);
        (qualifier.cloned(), Arc::clone(field))
    });
    DFSchema::new_with_metadata(fields.collect(), HashMap::new())
}

/// The type that a column of `data_type` leaves the query with: strings are always Utf8, whichever
/// layout a function gives them, and a column of nothing but nulls is a string column.
fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::List(item) => {
            let plain = item
                .as_ref()
                .clone()
                .with_data_type(plain_type(item.data_type()));
            DataType::List(Arc::new(plain))
        }
        other => other.clone(),
    }
}

/// The type of the values of an array.
fn item_type(array: &DataType) -> Option<DataType> {
    match array {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Some(item.data_type().clone())
        }
        _ => None,
    }
}
