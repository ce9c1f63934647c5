//! A `true` that the planner does not see, so that it keeps what is compared with it.

use std::sync::Arc;

use datafusion_expr::ScalarUDF;

use super::of_its_type::kept_as_call;

/// The name by which it is found in a plan; no query calls it.
pub(crate) const NAME: &str = "kept_true";

/// `kept_true(true)`, which gives what it is given.
pub(crate) fn kept_true() -> Arc<ScalarUDF> {
    kept_as_call(NAME, Ok)
}
