//! What a cast gives, handed on as it is, so that nothing looks through the cast.

use std::sync::Arc;

use datafusion_expr::ScalarUDF;

use super::of_its_type::of_its_type;

/// The name by which the plan knows it.
pub(crate) const NAME: &str = "as_cast";

/// `as_cast(value)`.
pub(crate) fn as_cast() -> Arc<ScalarUDF> {
    of_its_type(NAME, Ok)
}
