//! `coalesce`, `nvl` and `ifnull` take values of one kind: a number behind a text is refused. DataFusion would make numbers of all texts
//! of a column, and fail at the first that is none. Of decimals another rule says more.
//!
//! A null of the query is of every kind, whatever its type: in it there is nothing to convert.

use arrow::datatypes::DataType;
use datafusion_common::config::ConfigOptions;
use datafusion_common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion_expr::{Expr, LogicalPlan};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::lambdas::each_part;
use super::nulls::is_null;
use super::over_expressions;
use super::settled::type_of;
use crate::functions::coalesce::NAME;

/// The rule; it runs before the types are made equal.
#[derive(Debug)]
pub(super) struct Kinds;

impl AnalyzerRule for Kinds {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            each_part(expr, schema, &|part| one(part, schema))
        })
    }

    fn name(&self) -> &str {
        "values_of_one_kind"
    }
}

fn one(mut expr: Expr, schema: &DFSchema) -> Result<Expr> {
    if let Expr::ScalarFunction(call) = &mut expr
        && call.func.name() == NAME
    {
        of_one_kind(&mut call.args, schema)?;
    }
    Ok(expr)
}

fn of_one_kind(args: &mut [Expr], schema: &DFSchema) -> Result<()> {
    let types = args.iter().map(|arg| match is_null(arg) {
        true => DataType::Null,
        false => type_of(arg, schema).unwrap_or(DataType::Null),
    });
    let types: Vec<DataType> = types.collect();
    let mut known = types.iter().filter(|own| !own.is_null());
    let Some(first) = known.next() else {
        return Ok(());
    };
    if first.is_string() && known.any(|own| own.is_integer() || own.is_floating()) {
        return plan_err!(
            "{NAME} takes values of one type, and no number behind a text: write a text such as '0', or convert one of them with CAST(… AS …)"
        );
    }
    for arg in args {
        if is_null(arg) && type_of(arg, schema).is_ok_and(|own| are_of_two_kinds(&own, first)) {
            *arg = Expr::Literal(ScalarValue::Null, None);
        }
    }
    Ok(())
}

/// Whether one type is of texts, and the other one of numbers.
fn are_of_two_kinds(one: &DataType, other: &DataType) -> bool {
    (one.is_string() && other.is_numeric()) || (one.is_numeric() && other.is_string())
}
