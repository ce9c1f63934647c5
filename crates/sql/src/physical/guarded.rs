//! AND and OR whose right side is evaluated for no row of which the left one says all.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::{and_kleene, or_kleene};
use arrow::datatypes::{DataType, Schema};
use datafusion_common::cast::as_boolean_array;
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::{ColumnarValue, Operator};
use datafusion_physical_expr::PhysicalExpr;
use datafusion_physical_expr::expressions::BinaryExpr;

/// One of them.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Guarded {
    /// What is evaluated first, and what it guards.
    sides: [Arc<dyn PhysicalExpr>; 2],
    /// What is the answer where the left side is it: true for OR, false for AND.
    decides: bool,
}

impl Guarded {
    /// The same as `expr`, if that is AND or OR.
    pub(super) fn of(expr: &Arc<dyn PhysicalExpr>) -> Option<Self> {
        let expr = expr.downcast_ref::<BinaryExpr>()?;
        let decides = match expr.op() {
            Operator::And => false,
            Operator::Or => true,
            _ => return None,
        };
        Some(Self {
            sides: [Arc::clone(expr.left()), Arc::clone(expr.right())],
            decides,
        })
    }
}

impl Display for Guarded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [left, right] = &self.sides;
        let word = if self.decides { "OR" } else { "AND" };
        write!(f, "({left}) {word} ({right})")
    }
}

impl PhysicalExpr for Guarded {
    fn data_type(&self, _schema: &Schema) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        let [left, right] = &self.sides;
        Ok(left.nullable(schema)? || right.nullable(schema)?)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let [left, right] = &self.sides;
        let left = match left.evaluate(batch)? {
            ColumnarValue::Scalar(ScalarValue::Boolean(Some(told))) if told == self.decides => {
                return Ok(ColumnarValue::Scalar(ScalarValue::from(told)));
            }
            value => value.into_array(rows)?,
        };
        let told = as_boolean_array(&left)?;
        let open: BooleanArray = told
            .iter()
            .map(|value| Some(value != Some(self.decides)))
            .collect();
        if open.true_count() == 0 {
            return Ok(ColumnarValue::Array(left));
        }
        let right = right.evaluate_selection(batch, &open)?.into_array(rows)?;
        let right = as_boolean_array(&right)?;
        let both = if self.decides {
            or_kleene(told, right)?
        } else {
            and_kleene(told, right)?
        };
        Ok(ColumnarValue::Array(Arc::new(both)))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.sides.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        let Ok(sides) = <[Arc<dyn PhysicalExpr>; 2]>::try_from(children) else {
            return exec_err!("AND and OR have two sides");
        };
        Ok(Arc::new(Self {
            sides,
            decides: self.decides,
        }))
    }

    fn fmt_sql(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
