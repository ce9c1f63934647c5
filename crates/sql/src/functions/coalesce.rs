//! `coalesce`. DataFusion makes a CASE of it that has each argument twice, and of one within another four times, and so on: here a
//! call stays one, which `physical` evaluates as far as it is needed.

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::compute::is_null;
use arrow::compute::kernels::zip::zip;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF};

/// Its name, also where it is called `nvl` or `ifnull`.
pub(crate) const NAME: &str = "coalesce";

/// Whether the query tells which argument it is: then nothing is there twice.
pub(super) fn is_told(arguments: &[Expr]) -> bool {
    match arguments {
        [_] => true,
        [Expr::Literal(value, _), ..] => !value.is_null(),
        _ => false,
    }
}

/// What it gives where all arguments are there: while a query is planned, of constants.
pub(super) fn of_all(below: &ScalarUDF, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let mut arguments = call.args.into_iter();
    let Some(first) = arguments.next() else {
        return exec_err!("{} takes at least one argument", below.name());
    };
    let mut made = first.into_array(call.number_rows)?;
    for argument in arguments {
        let missing = is_null(&made)?;
        made = filled(&made, &missing, &argument.into_array(call.number_rows)?)?;
    }
    Ok(ColumnarValue::Array(made))
}

/// `made` with the values of `next` where it is `missing` one.
pub(crate) fn filled(made: &ArrayRef, missing: &BooleanArray, next: &ArrayRef) -> Result<ArrayRef> {
    if missing.true_count() == made.len() {
        return Ok(ArrayRef::clone(next));
    }
    Ok(zip(missing, next, made)?)
}
