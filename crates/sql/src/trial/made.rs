//! Whether values made up tell nothing of a query: what works for none of them, and not for nulls, may be right all the same.
//!
//! Of nulls most calls make null, so that a query whose columns are merely read works for a record of nulls whatever it reads.
//! What makes something of them (`concat`, `ifnull`, CASE) hands on a value that no record brought, and what comes of that says
//! nothing of those that will come.

use std::cell::Cell;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use datafusion_common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion_common::{DFSchema, Result};
use datafusion_expr::{Expr, ExprSchemable, LogicalPlan};

use super::{READING, each_expression, row_alone, sample_rows, tells_of_types};
use crate::guarded;
use crate::physical::physical;

/// Whether the query reads times or numbers from text that it makes of columns, as in `to_date(concat(a, '-', b))`, or fails for a
/// record of nulls because of what it made of them: of values made here nothing of use comes together, which says nothing of what
/// records bring.
///
/// # Errors
/// The types of an expression do not fit.
pub(crate) fn reads_made_text(plan: &LogicalPlan) -> Result<bool> {
    let found = Cell::new(false);
    each_expression(plan, |expr, schema| {
        let read = match expr {
            Expr::ScalarFunction(call) => {
                let reads = READING.contains(&call.func.name());
                call.args.first().filter(|_| reads)
            }
            // A text that becomes a text of another kind is not read.
            Expr::Cast(cast) if !cast.field.data_type().is_string() => Some(cast.expr.as_ref()),
            _ => None,
        };
        if read.is_some_and(|read| is_made_text(read, schema)) {
            found.set(true);
        }
        Ok(())
    })?;
    Ok(found.get() || fails_for_what_is_made(plan)?)
}

/// Whether an expression is text, and more than a column.
fn is_made_text(expr: &Expr, schema: &DFSchema) -> bool {
    let is_text = || expr.get_type(schema).is_ok_and(|own| own.is_string());
    !matches!(expr, Expr::Column(_)) && !expr.column_refs().is_empty() && is_text()
}

fn fails_for_what_is_made(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply(|node| {
        let inputs = node.inputs();
        let Some(schema) = inputs.first().map(|input| input.schema()) else {
            return Ok(TreeNodeRecursion::Continue);
        };
        let rows = sample_rows(schema.as_arrow())?;
        let rows = Rows { schema, rows };
        node.apply_expressions(|expr| {
            found |= rows.is_null(expr, 0).is_err() && rows.is_up_to_values(expr, LEVELS);
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(found)
}

/// How deep it is looked for what fails: on each level all that is below is evaluated again.
const LEVELS: usize = 64;

/// A row of nulls, and some of values behind it.
struct Rows<'a> {
    schema: &'a Arc<DFSchema>,
    rows: RecordBatch,
}

impl Rows<'_> {
    /// Whether an expression is null for a row; what is said where it fails.
    fn is_null(&self, expr: &Expr, row: usize) -> Result<bool, String> {
        let evaluate = || -> Result<bool> {
            let row = row_alone(&self.rows, row)?;
            let made = physical(expr, self.schema)?.evaluate(&row)?;
            let nulls = made.into_array(1)?.logical_nulls();
            Ok(nulls.is_some_and(|nulls| nulls.null_count() > 0))
        };
        guarded(evaluate)?.map_err(|error| error.to_string())
    }

    /// Whether an expression fails for all values, and not because of what they are.
    fn takes_other_types(&self, expr: &Expr) -> bool {
        (1..self.rows.num_rows()).all(|row| {
            let tried = self.is_null(expr, row);
            tried.is_err_and(|said| tells_of_types(&said))
        })
    }

    /// Of an expression that fails for nulls: whether that is because of what it is given, and not because it can't work.
    fn is_up_to_values(&self, expr: &Expr, levels: usize) -> bool {
        // What a lambda makes of elements is up to them, and its parameters have no value here.
        let is_of_elements = matches!(expr, Expr::HigherOrderFunction(_));
        if levels == 0 || is_of_elements || reads_by_pattern_of_record(expr) {
            return true;
        }
        if self.takes_other_types(expr) {
            return false;
        }
        let (mut fails_below, mut is_up_to, mut is_made) = (false, false, false);
        let walked = expr.apply_children(|child| {
            match self.is_null(child, 0) {
                Ok(null) => is_made |= !null && !child.column_refs().is_empty(),
                Err(_) => {
                    fails_below = true;
                    is_up_to |= self.is_up_to_values(child, levels - 1);
                }
            }
            Ok(TreeNodeRecursion::Continue)
        });
        if walked.is_err() || fails_below {
            return is_up_to;
        }
        // Some work for any values, and not for nulls.
        let mut values = 1..self.rows.num_rows();
        is_made || values.any(|row| self.is_null(expr, row).is_ok())
    }
}

/// Whether text is read by a pattern that each record brings: without one even a text that is right is not read.
fn reads_by_pattern_of_record(expr: &Expr) -> bool {
    let Expr::ScalarFunction(call) = expr else {
        return false;
    };
    let mut patterns = call.args.iter().skip(1);
    READING.contains(&call.func.name()) && patterns.any(|arg| !matches!(arg, Expr::Literal(..)))
}
