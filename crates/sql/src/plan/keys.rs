//! `m['a']`, `map_extract(m, 'a')` and `get_field(m, 'a')` find the key of which `key = 'a'` is true.
//!
//! DataFusion casts what is looked for to the type of the keys, which loses digits and times, or refuses it, and takes no key of a
//! record in brackets. Here a lambda compares the two, and all that is so of comparisons is so of it. But keys that are texts are no
//! numbers and days: among them a number or a day is looked for by its text.

use arrow::datatypes::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::TreeNode;
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::{HigherOrderFunction, LambdaVariable};
use datafusion_expr::{
    Expr, ExprSchemable, LogicalPlan, Operator, ScalarUDF, binary_expr, cast, lambda,
};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::lambdas::each_part;
use super::over_expressions;
use super::settled::type_of;
use crate::functions::lookups::{Given, key_and_value, looked_up, parameter};

/// The rule; it runs before those of comparisons.
#[derive(Debug)]
pub(super) struct Keys;

impl AnalyzerRule for Keys {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            each_part(expr, schema, &|part| Ok(one(part, schema)))
        })
    }

    fn name(&self) -> &str {
        "keys_by_comparison"
    }
}

/// The parameters of the lambda. No query can name them.
const KEY: &str = "\u{0}key";
const LOOKED_FOR: &str = "\u{0}looked for";

fn one(expr: Expr, schema: &DFSchema) -> Expr {
    let Expr::ScalarFunction(call) = &expr else {
        return expr;
    };
    let found = match (call.func.name(), call.args.as_slice()) {
        ("map_extract", [map, key]) => of_key(map, key, Given::Array, schema),
        ("get_field", [whole, path @ ..]) => behind(&call.func, whole, path, schema),
        _ => None,
    };
    found.unwrap_or(expr)
}

/// What is behind a path through structs and maps; none where there is no map on it.
fn behind(get_field: &ScalarUDF, whole: &Expr, path: &[Expr], schema: &DFSchema) -> Option<Expr> {
    let mut has_map = false;
    let mut found = whole.clone();
    for step in path {
        found = match of_key(&found, step, Given::Value, schema) {
            Some(value) => {
                has_map = true;
                value
            }
            None => get_field.call(vec![found, step.clone()]),
        };
    }
    has_map.then_some(found)
}

/// What `map` has under `key`; none where it is no map.
fn of_key(map: &Expr, key: &Expr, given: Given, schema: &DFSchema) -> Option<Expr> {
    let own = map.get_type(schema).ok()?;
    let (own, _) = key_and_value(&own)?;
    let wanted = type_of(key, schema).ok()?;
    let (key, wanted) = match own.is_string() && has_a_text(&wanted) {
        true => (cast(key.clone(), DataType::Utf8), DataType::Utf8),
        false => (key.clone(), wanted),
    };
    let mut args = vec![map.clone()];
    let mut parameters = vec![KEY];
    let looked_for = if stands_in_the_lambda(&key) {
        key
    } else {
        args.push(key);
        parameters.push(LOOKED_FOR);
        variable(LOOKED_FOR, &wanted)
    };
    let key = variable(KEY, own);
    args.push(lambda(
        parameters,
        binary_expr(key, Operator::Eq, looked_for),
    ));
    let call = HigherOrderFunction::new(looked_up(given), args);
    Some(Expr::HigherOrderFunction(call))
}

fn variable(name: &str, data_type: &DataType) -> Expr {
    let field = Some(parameter(data_type));
    Expr::LambdaVariable(LambdaVariable::new(name.to_owned(), field))
}

/// Whether values of a type are no texts, and have one each.
fn has_a_text(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_temporal() || *data_type == DataType::Boolean
}

/// Whether the lambda itself has what is looked for: a constant is compared by what it says. Anything else is worked out once for
/// each record, also where the map is empty.
fn stands_in_the_lambda(key: &Expr) -> bool {
    let of_record =
        key.exists(|part| Ok(matches!(part, Expr::Column(_) | Expr::LambdaVariable(_))));
    !(of_record.unwrap_or(true) || key.is_volatile())
}
