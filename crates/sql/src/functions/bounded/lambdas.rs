//! Functions that take a lambda. What a lambda has of its own or of the record is there once for each element.

use std::any::Any;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion_common::{Result, exec_err};
use datafusion_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDF, HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda,
};

use super::super::over::short_name;
use super::super::room;
use super::{bytes, bytes_of, settle};

/// `function` within its room; its lambdas have constants of so many bytes.
pub(crate) fn bounded(function: &Arc<HigherOrderUDF>, constants: u64) -> Arc<HigherOrderUDF> {
    let inner: &dyn Any = function.inner().as_ref();
    let below = match inner.downcast_ref::<Lambdas>() {
        Some(bounded) => Arc::clone(&bounded.below),
        None => Arc::clone(function),
    };
    Arc::new(HigherOrderUDF::new_from_impl(Lambdas { below, constants }))
}

#[derive(Debug)]
struct Lambdas {
    below: Arc<HigherOrderUDF>,
    /// Bytes of the constants in its lambdas.
    constants: u64,
}

impl PartialEq for Lambdas {
    /// The constants stand in the call.
    fn eq(&self, other: &Self) -> bool {
        self.below == other.below
    }
}

impl Eq for Lambdas {}

impl Hash for Lambdas {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.below.hash(state);
    }
}

impl Lambdas {
    fn ask(&self, call: &HigherOrderFunctionArgs) -> Result<()> {
        let name = self.below.name();
        for argument in &call.args {
            let ValueOrLambda::Value(value) = argument else {
                continue;
            };
            if let ColumnarValue::Scalar(value) = value {
                let each = bytes::of_scalar(value);
                room::take(name, each.saturating_mul(call.number_rows as u64))?;
            }
            let list = value.to_array(call.number_rows)?;
            room::take(name, self.of_elements(&list, &call.args))?;
        }
        Ok(())
    }

    /// What the lambdas among `arguments` take for the elements of `list` beside them.
    fn of_elements(
        &self,
        list: &ArrayRef,
        arguments: &[ValueOrLambda<ColumnarValue, LambdaArgument>],
    ) -> u64 {
        let length = |row: usize| {
            let elements = bytes::elements(list, row).filter(|_| list.is_valid(row));
            elements.map_or(0, |(_, _, count)| count as u64)
        };
        let elements = (0..list.len()).map(length).fold(0, u64::saturating_add);
        let lambdas = arguments.iter().map(|argument| match argument {
            ValueOrLambda::Lambda(lambda) => spread(lambda, length),
            ValueOrLambda::Value(_) => 0,
        });
        let constants = elements.saturating_mul(self.constants);
        lambdas.fold(constants, u64::saturating_add)
    }
}

/// Bytes of what the lambda takes from the record, once for each element: how many there are in a row `length` says.
fn spread(lambda: &LambdaArgument, length: impl Fn(usize) -> u64) -> u64 {
    let made = Cell::new(0_u64);
    let none = || exec_err!("only what the lambda captures is looked at");
    let parameters: [&dyn Fn() -> Result<ArrayRef>; 8] = [&none; 8];
    // Captures are looked at first, and the evaluation ends with that: an error is what is wanted.
    let looked = lambda.evaluate(&parameters, |captures| {
        for capture in captures {
            let each = (0..capture.len())
                .map(|row| length(row).saturating_mul(bytes::of_rows(capture, row, 1)));
            made.set(each.fold(made.get(), u64::saturating_add));
        }
        none().map(|_| Vec::new())
    });
    drop(looked);
    made.get()
}

fn nullable(item: &FieldRef) -> FieldRef {
    Arc::new(item.as_ref().clone().with_nullable(true))
}

impl HigherOrderUDFImpl for Lambdas {
    fn name(&self) -> &str {
        self.below.name()
    }

    fn aliases(&self) -> &[String] {
        self.below.aliases()
    }

    fn schema_name(&self, _args: &[Expr]) -> Result<String> {
        Ok(short_name(self.name()))
    }

    fn signature(&self) -> &HigherOrderSignature {
        self.below.signature()
    }

    fn lambda_parameters(
        &self,
        step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        self.below.lambda_parameters(step, fields)
    }

    fn coerce_values_for_lambdas(
        &self,
        fields: &[ValueOrLambda<DataType, DataType>],
    ) -> Result<Option<Vec<DataType>>> {
        self.below.coerce_values_for_lambdas(fields)
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        let field = self.below.return_field_from_args(args)?;
        // What the lambda gives may be planned as never null, and be so no longer when it is simplified.
        let items = match field.data_type() {
            DataType::List(item) if !item.is_nullable() => DataType::List(nullable(item)),
            DataType::LargeList(item) if !item.is_nullable() => DataType::LargeList(nullable(item)),
            _ => return Ok(field),
        };
        Ok(Arc::new(field.as_ref().clone().with_data_type(items)))
    }

    fn clear_null_values(&self) -> bool {
        self.below.clear_null_values()
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        self.ask(&args)?;
        let given = args.args.iter().map(|argument| match argument {
            ValueOrLambda::Value(value) => bytes_of(value),
            ValueOrLambda::Lambda(_) => 0,
        });
        let given = given.max().unwrap_or(0);
        let made = self.below.invoke_with_args(args)?;
        settle(self.below.name(), given, &made)?;
        Ok(made)
    }

    fn short_circuits(&self) -> bool {
        self.below.short_circuits()
    }

    fn conditional_arguments<'a>(
        &self,
        args: &'a [Expr],
    ) -> Option<(Vec<&'a Expr>, Vec<&'a Expr>)> {
        self.below.conditional_arguments(args)
    }

    fn coerce_value_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.below.coerce_value_types(arg_types)
    }
}
