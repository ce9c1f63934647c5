//! A null, or what else is never true, that the planner does not see, so that it keeps what stands beside it.

use std::sync::Arc;

use datafusion_expr::ScalarUDF;

use super::of_its_type::kept_as_call;

/// The name by which the planner finds it; no query calls it.
pub(crate) const NAME: &str = "kept_null";

/// `kept_null(null)`, which gives what it is given.
pub(crate) fn kept_null() -> Arc<ScalarUDF> {
    kept_as_call(NAME, Ok)
}
