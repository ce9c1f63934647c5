//! Structs that meet have the fields of the first of them: its names, in its order. Fields are the same by their names where two
//! structs have the same ones, and else by their places.
//!
//! DataFusion tells in the same way which fields meet, but casts by names alone, and the last struct tells the order of some. What the
//! query makes of fields is made in their order; anything else is given to a function. That one also makes microseconds of times in
//! nanoseconds, of which a cast of a whole would make those towards 1970.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayData, PrimitiveArray, make_array};
use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
};
use datafusion_common::utils::base_type;
use datafusion_common::{DFSchema, Result, ScalarValue, exec_err};
use datafusion_expr::expr::ScalarFunction;
use datafusion_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};

use super::super::elements::items_of;
use super::super::settled::{results, type_of};
use super::super::times::micros::of_nanoseconds;
use super::has_parts;

/// Gives the expressions the fields of the first struct at each place. How deep they stand in arrays is all one.
pub(in crate::plan) fn same_fields(exprs: &mut [Expr], schema: &DFSchema) {
    let first = known_of(exprs.iter(), schema);
    if !matches!(first, DataType::Struct(_) | DataType::Map(..)) {
        return;
    }
    for expr in exprs {
        arrange(expr, &first, schema);
    }
}

/// The types with the fields of the first struct at each place.
pub(in crate::plan) fn alike(types: &[DataType]) -> Vec<DataType> {
    let first = types
        .iter()
        .fold(DataType::Null, |first, own| both(&first, own));
    types.iter().map(|own| shaped(own, &first)).collect()
}

/// Gives a whole the fields of `to`, and microseconds where `to` has them in the place of nanoseconds.
pub(in crate::plan) fn give_shape(expr: &mut Expr, to: &DataType, schema: &DFSchema) {
    if let Ok(own) = type_of(expr, schema)
        && has_parts(&own)
        && shaped(&own, to) != own
    {
        *expr = with_shape(to.clone()).call(vec![std::mem::take(expr)]);
    }
}

/// What is known of the expressions' fields, without arrays around.
fn known_of<'a>(exprs: impl Iterator<Item = &'a Expr>, schema: &DFSchema) -> DataType {
    exprs.fold(DataType::Null, |first, expr| {
        both(&first, &known(expr, schema))
    })
}

fn known(expr: &Expr, schema: &DFSchema) -> DataType {
    if let Some(items) = items_of(expr) {
        return known_of(items.iter(), schema);
    }
    // Its results need not have a common type before they have the same fields.
    if let Expr::Case(case) = expr {
        return known_of(results(case), schema);
    }
    type_of(expr, schema).unwrap_or(DataType::Null)
}

/// The fields of `first`, and of `other` where `first` has nothing but nulls.
fn both(first: &DataType, other: &DataType) -> DataType {
    let first = base_type(first);
    match (&first, base_type(other)) {
        (DataType::Null, other) => other,
        (DataType::Struct(ours), DataType::Struct(theirs)) => {
            let Some(places) = places(ours, &theirs) else {
                return first.clone();
            };
            let fields = ours.iter().zip(places).map(|(our, place)| {
                let their = theirs.get(place);
                let their = their.map_or(DataType::Null, |field| field.data_type().clone());
                Field::clone(our).with_data_type(both(our.data_type(), &their))
            });
            DataType::Struct(fields.collect())
        }
        (DataType::Map(ours, sorted), DataType::Map(theirs, _)) => {
            let entries = both(ours.data_type(), theirs.data_type());
            DataType::Map(
                Arc::new(Field::clone(ours).with_data_type(entries)),
                *sorted,
            )
        }
        _ => first.clone(),
    }
}

/// The place of the field of `theirs` that meets each of `ours`; none where they are not as many.
fn places(ours: &Fields, theirs: &Fields) -> Option<Vec<usize>> {
    if ours.len() != theirs.len() {
        return None;
    }
    let named = |our: &FieldRef| theirs.iter().position(|it| it.name() == our.name());
    let by_name: Option<Vec<usize>> = ours.iter().map(named).collect();
    let by_name = by_name.filter(|places| {
        let each: HashSet<&usize> = places.iter().collect();
        each.len() == places.len()
    });
    Some(by_name.unwrap_or_else(|| (0..ours.len()).collect()))
}

/// The type `own` with the fields of `to`, and with microseconds where `to` has them in the place of nanoseconds.
fn shaped(own: &DataType, to: &DataType) -> DataType {
    let with = |field: &FieldRef, to: &DataType| -> FieldRef {
        let shaped = shaped(field.data_type(), to);
        Arc::new(Field::clone(field).with_data_type(shaped))
    };
    match (own, base_type(to)) {
        (DataType::List(item), to) => DataType::List(with(item, &to)),
        (DataType::LargeList(item), to) => DataType::LargeList(with(item, &to)),
        (DataType::FixedSizeList(item, size), to) => {
            DataType::FixedSizeList(with(item, &to), *size)
        }
        (DataType::Map(theirs, sorted), DataType::Map(ours, _)) => {
            DataType::Map(with(theirs, ours.data_type()), *sorted)
        }
        (DataType::Struct(theirs), DataType::Struct(ours)) => {
            let Some(places) = places(&ours, theirs) else {
                return own.clone();
            };
            let fields = ours.iter().zip(places).filter_map(|(our, place)| {
                let their = Field::clone(theirs.get(place)?).with_name(our.name());
                let data_type = shaped(their.data_type(), our.data_type());
                Some(their.with_data_type(data_type))
            });
            DataType::Struct(fields.collect())
        }
        (
            DataType::Timestamp(TimeUnit::Nanosecond, zone),
            DataType::Timestamp(TimeUnit::Microsecond, _),
        ) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        _ => own.clone(),
    }
}

/// Values in the type that [`shaped`] tells.
fn shaped_values(values: ArrayData, to: &DataType) -> Result<ArrayData> {
    let wanted = shaped(values.data_type(), to);
    if wanted == *values.data_type() {
        return Ok(values);
    }
    let all = values.child_data();
    let children: Result<Vec<ArrayData>> = match (values.data_type(), base_type(to)) {
        (DataType::Timestamp(_, zone), _) => {
            let nanos = PrimitiveArray::<TimestampNanosecondType>::from(values.clone());
            let micros: PrimitiveArray<TimestampMicrosecondType> = of_nanoseconds(&nanos);
            return Ok(micros.with_timezone_opt(zone.clone()).to_data());
        }
        (DataType::Struct(theirs), DataType::Struct(ours)) => {
            let places = places(&ours, theirs).unwrap_or_default();
            let fields = ours.iter().zip(places);
            let fields = fields.filter_map(|(our, place)| Some((our, all.get(place)?)));
            fields
                .map(|(our, child)| shaped_values(child.clone(), our.data_type()))
                .collect()
        }
        (DataType::Map(..), DataType::Map(entries, _)) => all
            .iter()
            .map(|child| shaped_values(child.clone(), entries.data_type()))
            .collect(),
        (_, item) => all
            .iter()
            .map(|child| shaped_values(child.clone(), &item))
            .collect(),
    };
    let children = children?;
    let shaped = values.into_builder().data_type(wanted).child_data(children);
    Ok(shaped.build()?)
}

/// Gives what `expr` makes the fields of `first`.
fn arrange(expr: &mut Expr, first: &DataType, schema: &DFSchema) {
    match expr {
        Expr::ScalarFunction(call) if call.func.name() == "make_array" => {
            for item in &mut call.args {
                arrange(item, first, schema);
            }
        }
        Expr::Case(case) => {
            let thens = case.when_then_expr.iter_mut();
            let thens = thens.map(|(_, then)| then.as_mut());
            for result in thens.chain(case.else_expr.as_deref_mut()) {
                arrange(result, first, schema);
            }
        }
        Expr::ScalarFunction(call) if call.func.name() == "map" => {
            if let DataType::Map(entries, _) = base_type(first)
                && let DataType::Struct(fields) = entries.data_type()
            {
                for (argument, field) in call.args.iter_mut().zip(fields) {
                    arrange(argument, field.data_type(), schema);
                }
            }
        }
        Expr::ScalarFunction(call) if matches!(call.func.name(), "named_struct" | "struct") => {
            let own = type_of(&call.func.call(call.args.clone()), schema);
            if let (Ok(DataType::Struct(theirs)), DataType::Struct(ours)) = (own, base_type(first))
            {
                arrange_fields(call, &theirs, &ours, schema);
            }
        }
        other => give_shape(other, first, schema),
    }
}

/// The same, of what makes a struct of `theirs`.
fn arrange_fields(call: &mut ScalarFunction, theirs: &Fields, ours: &Fields, schema: &DFSchema) {
    let Some(places) = places(ours, theirs) else {
        return;
    };
    // A name stands before each value of `named_struct`.
    let before = usize::from(call.func.name() == "named_struct");
    let mut names = ours.iter().zip(theirs.iter());
    if names.all(|(our, their)| our.name() == their.name()) {
        let values = call.args.iter_mut().skip(before).step_by(before + 1);
        for (value, our) in values.zip(ours) {
            arrange(value, our.data_type(), schema);
        }
        return;
    }
    let args = std::mem::take(&mut call.args).into_iter();
    let mut values: Vec<Expr> = args.skip(before).step_by(before + 1).collect();
    let mut args = Vec::with_capacity(2 * values.len());
    for (our, place) in ours.iter().zip(places) {
        if let Some(value) = values.get_mut(place) {
            arrange(value, our.data_type(), schema);
            args.push(lit(our.name().clone()));
            args.push(std::mem::take(value));
        }
    }
    *call = ScalarFunction::new_udf(datafusion_functions::core::named_struct(), args);
}

/// The name of the function; no query calls it.
const NAME: &str = "with_fields";

fn with_shape(to: DataType) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(WithShape {
        to,
        signature: Signature::any(1, Volatility::Immutable),
    }))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct WithShape {
    /// What has the fields.
    to: DataType,
    signature: Signature,
}

impl ScalarUDFImpl for WithShape {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let own = types.first();
        Ok(own.map_or(DataType::Null, |own| shaped(own, &self.to)))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [whole] = arguments.args.as_slice() else {
            return exec_err!("{NAME} takes a value");
        };
        let values = whole.to_array(1)?;
        let made = make_array(shaped_values(values.to_data(), &self.to)?);
        Ok(match whole {
            ColumnarValue::Scalar(_) => {
                ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
            }
            ColumnarValue::Array(_) => ColumnarValue::Array(made),
        })
    }
}
