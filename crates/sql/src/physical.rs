//! Expressions as they run.

use std::sync::Arc;

use datafusion_common::{DFSchema, DataFusionError};
use datafusion_expr::Expr;
use datafusion_expr::execution_props::ExecutionProps;
use datafusion_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion_physical_expr::{PhysicalExpr, create_physical_expr};

/// What DataFusion answers.
pub(crate) type DfResult<T> = std::result::Result<T, DataFusionError>;

/// The expression ready to run over columns of `schema`.
pub(crate) fn physical(expr: &Expr, schema: &DFSchema) -> DfResult<Arc<dyn PhysicalExpr>> {
    create_physical_expr(
        expr,
        schema,
        &ExecutionProps::new(),
        &PhysicalPlanningContext::default(),
    )
}
