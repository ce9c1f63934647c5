//! Casts that say what is read and written elsewhere in the job, where DataFusion's say something else.
//!
//! - A time of a longer unit is the one at or before it, also before 1970.
//! - A time as text has the form that sources read: `yyyy-MM-dd HH:mm:ss`, with a fraction where there is one.
//! - A number that is too large for its type is an error, not infinity, which the sinks would write as null.
//! - A decimal becomes the Double that is nearest to it, and a Double the decimal that it is written with.
//! - A text becomes the decimal that it would be in a file: with an exponent, too.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::config::ConfigOptions;
use datafusion_common::tree_node::{Transformed, TreeNode};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::expr::{Cast, TryCast};
use datafusion_expr::{Expr, ExprSchemable, LogicalPlan, ScalarUDF};
use datafusion_optimizer::analyzer::AnalyzerRule;

use super::over_expressions;
use super::times::micros;
use crate::functions::{casts, exact, times};

/// The rule; it runs when every cast is there, also those that nobody wrote.
#[derive(Debug)]
pub(super) struct Texts {
    in_microseconds: Arc<ScalarUDF>,
    time_as_text: Arc<ScalarUDF>,
    finite: Arc<ScalarUDF>,
    finite_or_null: Arc<ScalarUDF>,
}

impl Texts {
    pub(super) fn new() -> Self {
        Self {
            in_microseconds: micros::in_microseconds(),
            time_as_text: casts::time_as_text(),
            finite: casts::finite(false),
            finite_or_null: casts::finite(true),
        }
    }

    fn one(&self, expr: Expr, schema: &DFSchema) -> Expr {
        let (inner, to, tries) = match &expr {
            Expr::Cast(Cast { expr, field }) => (expr, field.data_type(), false),
            Expr::TryCast(TryCast { expr, field }) => (expr, field.data_type(), true),
            _ => return expr,
        };
        let Ok(from) = inner.get_type(schema) else {
            return expr;
        };
        match (&from, to) {
            (
                DataType::Timestamp(TimeUnit::Nanosecond, None),
                DataType::Timestamp(TimeUnit::Microsecond, None),
            ) => self.in_microseconds.call(vec![inner.as_ref().clone()]),
            (DataType::Timestamp(fine, None), DataType::Timestamp(unit, None))
                if times::is_longer(*unit, *fine) =>
            {
                let rounded = times::rounded_down(*unit).call(vec![inner.as_ref().clone()]);
                datafusion_expr::cast(rounded, to.clone())
            }
            (DataType::Timestamp(unit, None), text) if text.is_string() => {
                // Sources read no more than six digits of a fraction.
                let time = match unit {
                    TimeUnit::Nanosecond => self.in_microseconds.call(vec![inner.as_ref().clone()]),
                    _ => inner.as_ref().clone(),
                };
                let text = self.time_as_text.call(vec![time]);
                match to {
                    DataType::Utf8 => text,
                    to => datafusion_expr::cast(text, to.clone()),
                }
            }
            (from, DataType::Float32 | DataType::Float64) if from.is_decimal() => {
                let single = *to == DataType::Float32;
                exact::nearest(single).call(vec![inner.as_ref().clone()])
            }
            (from, DataType::Decimal128(digits, scale))
                if from.is_floating() || from.is_string() =>
            {
                exact::as_decimal(*digits, *scale, tries).call(vec![inner.as_ref().clone()])
            }
            (from, DataType::Float32 | DataType::Float64) if may_be_too_large(from, to) => {
                let function = if tries {
                    &self.finite_or_null
                } else {
                    &self.finite
                };
                function.call(vec![expr.clone(), inner.as_ref().clone()])
            }
            _ => expr,
        }
    }
}

fn may_be_too_large(from: &DataType, to: &DataType) -> bool {
    from.is_string() || (*from == DataType::Float64 && *to == DataType::Float32)
}

impl AnalyzerRule for Texts {
    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        over_expressions(plan, |expr, schema| {
            let rewritten =
                expr.transform_up(|expr| Ok(Transformed::yes(self.one(expr, schema))))?;
            Ok(rewritten.data)
        })
    }

    fn name(&self) -> &str {
        "texts_as_read_and_written"
    }
}
