//! What a map has under a key; plans hold these, and no query calls them.
//!
//! Whether a key is the one is told by a lambda of it and, where each record has its own, of the one that is looked for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{take, take_arrays};
use arrow::datatypes::{ArrowNativeType, DataType, Field, FieldRef};
use datafusion_common::{Result, exec_err, plan_err};
use datafusion_expr::{
    ColumnarValue, Expr, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDF, HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::bounded::bytes;
use super::over::short_name;
use super::room;

/// What is given for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Given {
    /// Its value, or null where the map does not have it.
    Value,
    /// An array of that alone.
    Array,
}

/// The function of a map, of what is looked for if the records have it, and of the lambda.
pub(crate) fn looked_up(given: Given) -> Arc<HigherOrderUDF> {
    Arc::new(HigherOrderUDF::new_from_impl(LookedUp {
        given,
        signature: HigherOrderSignature::variadic_any(Volatility::Immutable),
    }))
}

/// The types of the keys and of the values of a map.
pub(crate) fn key_and_value(map: &DataType) -> Option<(&DataType, &DataType)> {
    let DataType::Map(entries, _) = map else {
        return None;
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return None;
    };
    match &**fields {
        [key, value] => Some((key.data_type(), value.data_type())),
        _ => None,
    }
}

/// The parameter of a lambda that is given values of the type. What is known not to be null may be so no longer when the query is
/// simplified: the parameter would be another one then.
pub(crate) fn parameter(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new("", data_type.clone(), true))
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct LookedUp {
    given: Given,
    signature: HigherOrderSignature,
}

impl LookedUp {
    /// The types of the keys and of the values.
    fn types<'a>(&self, map: Option<&'a DataType>) -> Result<(&'a DataType, &'a DataType)> {
        match map.and_then(key_and_value) {
            Some(types) => Ok(types),
            None => plan_err!("{} takes a map first", self.name()),
        }
    }

    /// What is looked for, beside each of the keys that are in `rows`.
    fn beside(&self, looked_for: &ArrayRef, rows: &UInt64Array) -> Result<ArrayRef> {
        let each = rows.values().iter();
        let each = each.map(|row| bytes::of_rows(looked_for, row.as_usize(), 1));
        room::take(self.name(), each.fold(0, u64::saturating_add))?;
        Ok(take(looked_for, rows, None)?)
    }
}

/// The entries of all maps that are not null.
struct Entries {
    keys: ArrayRef,
    /// In which map each of them is.
    rows: UInt64Array,
    /// Where among the entries of the array it stands.
    places: UInt64Array,
}

impl Entries {
    fn of(maps: &MapArray) -> Result<Self> {
        let (mut rows, mut places) = (Vec::new(), Vec::new());
        for (row, ends) in maps.value_offsets().windows(2).enumerate() {
            let [from, to] = ends else {
                continue;
            };
            if maps.is_valid(row) {
                let own = from.as_usize()..to.as_usize();
                rows.extend(own.clone().map(|_| row as u64));
                places.extend(own.map(|place| place as u64));
            }
        }
        let places = UInt64Array::from(places);
        let first = maps.value_offsets().first().map_or(0, |at| at.as_usize());
        let keys = match maps.null_count() {
            0 => maps.keys().slice(first, places.len()),
            _ => take(maps.keys(), &places, None)?,
        };
        Ok(Self {
            keys,
            rows: UInt64Array::from(rows),
            places,
        })
    }
}

impl HigherOrderUDFImpl for LookedUp {
    fn name(&self) -> &str {
        match self.given {
            // As it is mostly written.
            Given::Value => "brackets",
            Given::Array => "map_extract",
        }
    }

    fn schema_name(&self, _args: &[Expr]) -> Result<String> {
        Ok(short_name(self.name()))
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let mut values = fields.iter().filter_map(|field| match field {
            ValueOrLambda::Value(field) => Some(field.data_type()),
            ValueOrLambda::Lambda(_) => None,
        });
        let (key, _) = self.types(values.next())?;
        let parameters = std::iter::once(key).chain(values).map(parameter).collect();
        Ok(LambdaParametersProgress::Complete(vec![parameters]))
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs) -> Result<FieldRef> {
        let map = match args.arg_fields.first() {
            Some(ValueOrLambda::Value(map)) => Some(map.data_type()),
            _ => None,
        };
        let (_, value) = self.types(map)?;
        let made = match self.given {
            Given::Value => value.clone(),
            Given::Array => DataType::new_list(value.clone(), true),
        };
        Ok(Arc::new(Field::new(self.name(), made, true)))
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let (map, looked_for, lambda) = match args.args.as_slice() {
            [ValueOrLambda::Value(map), ValueOrLambda::Lambda(lambda)] => (map, None, lambda),
            [
                ValueOrLambda::Value(map),
                ValueOrLambda::Value(looked_for),
                ValueOrLambda::Lambda(lambda),
            ] => (map, Some(looked_for), lambda),
            _ => return exec_err!("{} is given other arguments", self.name()),
        };
        let maps = map.to_array(args.number_rows)?;
        let Some(maps) = maps.as_map_opt() else {
            return exec_err!("{} takes a map first", self.name());
        };
        let entries = Entries::of(maps)?;
        let key = || Ok(Arc::clone(&entries.keys));
        let looked_for = || match looked_for {
            Some(value) => self.beside(&value.to_array(args.number_rows)?, &entries.rows),
            None => exec_err!("{} is given nothing to look for", self.name()),
        };
        let is_it = lambda
            .evaluate(&[&key, &looked_for], |captures| {
                Ok(take_arrays(captures, &entries.rows, None)?)
            })?
            .into_array(entries.keys.len())?;
        let Some(is_it) = is_it.as_boolean_opt() else {
            return exec_err!("{} takes a condition of keys", self.name());
        };
        let mut found: Vec<Option<u64>> = vec![None; maps.len()];
        let places = entries.rows.values().iter().zip(entries.places.values());
        for (is_it, (row, place)) in is_it.iter().zip(places) {
            if is_it == Some(true)
                && let Some(found) = found.get_mut(row.as_usize())
                && found.is_none()
            {
                *found = Some(*place);
            }
        }
        let values = take(maps.values(), &UInt64Array::from(found), None)?;
        let made: ArrayRef = match self.given {
            Given::Value => values,
            Given::Array => {
                let item = Field::new_list_field(values.data_type().clone(), true);
                let each = OffsetBuffer::from_lengths(std::iter::repeat_n(1, maps.len()));
                Arc::new(ListArray::try_new(Arc::new(item), each, values, None)?)
            }
        };
        Ok(ColumnarValue::Array(made))
    }
}
