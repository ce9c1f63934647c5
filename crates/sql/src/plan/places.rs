//! `round(decimal, places)` has one type from the beginning.
//!
//! DataFusion gives it as many places as its literal says, which it does not see while the types are made equal: what stands
//! beside it would be rounded, or compared with decimals of other places.

use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_expr::{Expr, LogicalPlan};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use crate::constants::value_of;
use crate::functions::over::blind;

/// The rule; it runs before anything asks for types.
#[derive(Debug)]
pub(super) struct Places;

impl AnalyzerRule for Places {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, _| {
            let rewritten = expr.transform_up(|expr| Ok(Transformed::yes(one(expr))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "places_of_round"
    }
}

/// Places that are a constant become the literal that the function takes, and needs no cast. Others never change the type,
/// also where one of them turns out to be a constant.
fn one(mut expr: Expr) -> Expr {
    let Expr::ScalarFunction(call) = &mut expr else {
        return expr;
    };
    if call.func.name() != "round" {
        return expr;
    }
    let Some(places) = call.args.get_mut(1) else {
        return expr;
    };
    match value_of(places) {
        Some(value) => {
            let is_count = value.is_null() || value.data_type().is_integer();
            // What is no count, or has no room, is refused where the types are made equal.
            if let Ok(count) = value.cast_to(&DataType::Int32)
                && is_count
                && count.is_null() == value.is_null()
            {
                *places = Expr::Literal(count, None);
            }
        }
        None => call.func = blind(&call.func),
    }
    expr
}
