//! `coalesce`, which evaluates each argument once, and for no row that has a value before it.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

use arrow::array::{Array, RecordBatch, new_null_array};
use arrow::compute::{cast, is_null};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion_common::Result;
use datafusion_expr::ColumnarValue;
use datafusion_physical_expr::expressions::{Column, Literal};
use datafusion_physical_expr::{PhysicalExpr, ScalarFunctionExpr};

use crate::functions::coalesce::{NAME, filled};

/// A call of it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FirstNotNull {
    values: Vec<Arc<dyn PhysicalExpr>>,
    /// What it gives.
    field: FieldRef,
}

impl FirstNotNull {
    /// The same as `call`.
    pub(super) fn of(call: &ScalarFunctionExpr) -> Self {
        let field = Field::new(NAME, call.return_type().clone(), call.nullable());
        Self {
            values: call.args().to_vec(),
            field: Arc::new(field),
        }
    }
}

impl Display for FirstNotNull {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.values.iter().map(ToString::to_string).collect();
        write!(f, "{NAME}({})", values.join(", "))
    }
}

impl PhysicalExpr for FirstNotNull {
    fn return_field(&self, _schema: &Schema) -> Result<FieldRef> {
        Ok(Arc::clone(&self.field))
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        let rows = batch.num_rows();
        let wanted = self.field.data_type();
        let mut made = new_null_array(wanted, rows);
        for value in &self.values {
            let missing = is_null(&made)?;
            if missing.true_count() == 0 {
                break;
            }
            // These can't fail, and a selection copies all columns of the batch.
            let is_plain = value.downcast_ref::<Literal>().is_some()
                || value.downcast_ref::<Column>().is_some();
            let value = match is_plain {
                true => value.evaluate(batch)?,
                false => value.evaluate_selection(batch, &missing)?,
            };
            let mut value = value.into_array(rows)?;
            if value.data_type() != wanted {
                value = cast(&value, wanted)?;
            }
            made = filled(&made, &missing, &value)?;
        }
        Ok(ColumnarValue::Array(made))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        self.values.iter().collect()
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        Ok(Arc::new(Self {
            values: children,
            field: Arc::clone(&self.field),
        }))
    }

    fn fmt_sql(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
