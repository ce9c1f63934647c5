//! Expressions as they run.
//!
//! DataFusion evaluates both sides of AND and OR for all rows where the left side is true of some of them. What fails is
//! found by taking rows apart, but the elements that a lambda is given stay together: there the right side is evaluated where
//! the left one leaves it open. `coalesce`, which DataFusion writes as a CASE with each argument twice, has one of its own.

mod first;
mod guarded;

use std::sync::Arc;

use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, DataFusionError};
use datafusion_expr::Expr;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_physical_expr::expressions::LambdaExpr;
use datafusion_physical_expr::{PhysicalExpr, ScalarFunctionExpr, create_physical_expr};

use self::first::FirstNotNull;
use self::guarded::Guarded;
use crate::functions::coalesce;

/// What DataFusion answers.
pub(crate) type DfResult<T> = std::result::Result<T, DataFusionError>;

/// The expression ready to run over columns of `schema`.
pub(crate) fn physical(expr: &Expr, schema: &DFSchema) -> DfResult<Arc<dyn PhysicalExpr>> {
    let expr = create_physical_expr(
        expr,
        schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )?;
    Ok(expr.transform_up(as_needed)?.data)
}

/// A part that evaluates no more than it needs.
fn as_needed(part: Arc<dyn PhysicalExpr>) -> DfResult<Transformed<Arc<dyn PhysicalExpr>>> {
    if let Some(call) = part.downcast_ref::<ScalarFunctionExpr>()
        && call.name() == coalesce::NAME
    {
        let first: Arc<dyn PhysicalExpr> = Arc::new(FirstNotNull::of(call));
        return Ok(Transformed::yes(first));
    }
    let body = part
        .downcast_ref::<LambdaExpr>()
        .map(|lambda| Arc::clone(lambda.body()));
    let Some(body) = body else {
        return Ok(Transformed::no(part));
    };
    let body = body.transform_up(|part| Ok(with_guard(part)))?;
    if !body.transformed {
        return Ok(Transformed::no(part));
    }
    Ok(Transformed::yes(part.with_new_children(vec![body.data])?))
}

fn with_guard(part: Arc<dyn PhysicalExpr>) -> Transformed<Arc<dyn PhysicalExpr>> {
    match Guarded::of(&part) {
        Some(guarded) => Transformed::yes(Arc::new(guarded)),
        None => Transformed::no(part),
    }
}
