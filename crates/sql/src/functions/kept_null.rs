//! A null that the planner does not see, so that it keeps what stands beside it.

use std::sync::Arc;

use datafusion_expr::ScalarUDF;

use super::of_its_type::kept_as_call;

/// `kept_null(null)`.
pub(crate) fn kept_null() -> Arc<ScalarUDF> {
    kept_as_call("kept_null", Ok)
}
