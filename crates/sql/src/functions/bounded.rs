//! Every function keeps within its [room], whatever a record asks of it.
//!
//! - A function whose arguments say how large its result is asks for room before it makes anything.
//! - One that puts its arguments together asks for what is more than the largest of them.
//! - Any other makes at most so many times what it is given, which `linear` says of each by its name. What it made beyond
//!   the largest of its arguments is taken afterwards, so that a chain of them does not grow without end.
//!
//! So no value of an evaluation is larger than the largest column and the room together.

pub(crate) mod bytes;
mod estimates;
pub(crate) mod lambdas;
#[cfg(test)]
mod linear;
#[cfg(test)]
mod tests;
mod values;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion_common::{Result, ScalarValue, exec_err};
use datafusion_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use self::estimates::Bound;
use self::values::Values;
use super::over::over;
use super::room;

/// Functions of `theirs` that need more than an estimate.
pub(super) fn functions(theirs: &[Arc<ScalarUDF>]) -> Vec<Arc<ScalarUDF>> {
    [
        over(theirs, "lpad", pad),
        over(theirs, "rpad", pad),
        over(theirs, "levenshtein", levenshtein),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How many pairs of characters `levenshtein` compares for what is a byte of others.
const COMPARED: u64 = 4;

/// Constants up to so many bytes are no matter however many rows there are.
const SMALL: u64 = 1 << 10;

/// `lpad` and `rpad`. Less than no characters are none.
fn pad(below: &ScalarUDF, mut arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    if let Some(count) = arguments.args.get_mut(1) {
        *count = not_negative(count);
    }
    below.invoke_with_args(arguments)
}

fn not_negative(count: &ColumnarValue) -> ColumnarValue {
    match count {
        ColumnarValue::Array(array) if array.data_type() == &DataType::Int64 => {
            let counts = array.as_primitive::<Int64Type>();
            let counts = counts.unary::<_, Int64Type>(|count| count.max(0));
            ColumnarValue::Array(Arc::new(counts))
        }
        ColumnarValue::Scalar(ScalarValue::Int64(Some(count))) => {
            ColumnarValue::Scalar(ScalarValue::Int64(Some((*count).max(0))))
        }
        other => other.clone(),
    }
}

/// Every character of one text is compared with every one of the other: it is the time that is bounded, not the memory.
fn levenshtein(below: &ScalarUDF, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
    let values = Values::of(&arguments)?;
    let pairs = values.over_rows(|row| values.length(0, row).saturating_mul(values.length(1, row)));
    if room::take(below.name(), pairs / COMPARED).is_err() {
        return exec_err!(
            "levenshtein would compare {pairs} pairs of characters, and compares at most {} at once",
            room::ROOM * COMPARED
        );
    }
    below.invoke_with_args(arguments)
}

/// `function` within its room.
pub(crate) fn bounded(function: &Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    if function.inner().is::<Bounded>() {
        return Arc::clone(function);
    }
    Arc::new(ScalarUDF::from(Bounded {
        below: Arc::clone(function),
        bound: estimates::bound(function.name()),
    }))
}

struct Bounded {
    below: Arc<ScalarUDF>,
    /// None for a function whose result is at most so many times what it is given.
    bound: Option<Bound>,
}

impl Bounded {
    /// Asks for room before the call is made; the rest of it is asked for after it if none can be told before.
    fn ask(&self, call: &ScalarFunctionArgs) -> Result<()> {
        let name = self.below.name();
        match self.bound {
            Some(Bound::Makes(bytes)) => room::take(name, bytes(&Values::of(call)?)),
            Some(Bound::Joins(bytes)) => {
                let more = bytes(&Values::of(call)?).saturating_sub(largest(&call.args));
                room::take(name, more)
            }
            None => {
                let rows = call.number_rows as u64;
                let constants = call.args.iter().filter_map(|value| match value {
                    ColumnarValue::Scalar(value) => Some(bytes::of_scalar(value)),
                    ColumnarValue::Array(_) => None,
                });
                let constants = constants.filter(|bytes| *bytes > SMALL).sum::<u64>();
                room::fits(name, constants.saturating_mul(rows))
            }
        }
    }
}

/// Bytes of the largest argument.
fn largest(arguments: &[ColumnarValue]) -> u64 {
    arguments.iter().map(bytes_of).max().unwrap_or(0)
}

pub(crate) fn bytes_of(value: &ColumnarValue) -> u64 {
    match value {
        ColumnarValue::Array(array) => bytes::of_all(array),
        ColumnarValue::Scalar(value) => bytes::of_scalar(value),
    }
}

/// Takes what `made` has more than the largest of what it was made of, whose bytes are `given`.
pub(crate) fn settle(name: &str, given: u64, made: &ColumnarValue) -> Result<()> {
    room::take(name, bytes_of(made).saturating_sub(given))
}

impl std::fmt::Debug for Bounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bounded({:?})", self.below)
    }
}

impl PartialEq for Bounded {
    /// The bound follows from the name.
    fn eq(&self, other: &Self) -> bool {
        self.below == other.below
    }
}

impl Eq for Bounded {}

impl Hash for Bounded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.below.hash(state);
    }
}

impl ScalarUDFImpl for Bounded {
    fn name(&self) -> &str {
        self.below.name()
    }

    fn aliases(&self) -> &[String] {
        self.below.aliases()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.below.schema_name(args)
    }

    fn signature(&self) -> &Signature {
        self.below.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.below.return_type(arg_types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        self.below.return_field_from_args(args)
    }

    fn is_strict(&self) -> bool {
        self.below.inner().is_strict()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.ask(&args)?;
        if self.bound.is_some() {
            return self.below.invoke_with_args(args);
        }
        let given = largest(&args.args);
        let made = self.below.invoke_with_args(args)?;
        settle(self.below.name(), given, &made)?;
        Ok(made)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        self.below.simplify(args, info)
    }

    fn conditional_arguments<'a>(
        &self,
        args: &'a [Expr],
    ) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.below.conditional_arguments(args)
    }

    fn short_circuits(&self) -> bool {
        self.below.short_circuits()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.below.coerce_types(arg_types)
    }
}
