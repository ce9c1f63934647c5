//! What texts and days are taken for at each place of what meets, as far as the types tell it: beside a day a text is a day, and beside a
//! time both are times.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion_common::utils::base_type;

use super::days::is_day;
use super::micros;

/// The types with days and times in the places of texts that meet them. Structs among them have the same fields already (`shapes`).
pub(in crate::plan) fn taken_for(types: &[DataType]) -> Vec<DataType> {
    let met = types
        .iter()
        .fold(DataType::Null, |met, own| both(&met, own));
    types.iter().map(|own| as_met(own, &met)).collect()
}

/// What stands at each place, without arrays around.
fn both(met: &DataType, own: &DataType) -> DataType {
    let (met, own) = (base_type(met), base_type(own));
    if met == own || own.is_null() {
        return met;
    }
    match (&met, &own) {
        (DataType::Null, _) => own.clone(),
        (DataType::Struct(ours), DataType::Struct(theirs)) if ours.len() == theirs.len() => {
            let fields = ours.iter().zip(theirs.iter());
            let fields = fields.map(|(our, their)| with_both(our, their));
            DataType::Struct(fields.collect())
        }
        (DataType::Map(ours, sorted), DataType::Map(theirs, _)) => {
            DataType::Map(with_both(ours, theirs), *sorted)
        }
        (DataType::Timestamp(_, zone), _) | (_, DataType::Timestamp(_, zone)) => {
            micros(zone.clone())
        }
        _ if is_day(&met) => met.clone(),
        _ if is_day(&own) => own.clone(),
        _ => met.clone(),
    }
}

fn with_both(our: &FieldRef, their: &FieldRef) -> FieldRef {
    let met = both(our.data_type(), their.data_type());
    Arc::new(Field::clone(our).with_data_type(met))
}

/// The type `own` with what its texts, days and times are taken for.
fn as_met(own: &DataType, met: &DataType) -> DataType {
    let with = |field: &FieldRef, met: &DataType| -> FieldRef {
        let taken = as_met(field.data_type(), met);
        Arc::new(Field::clone(field).with_data_type(taken))
    };
    match (own, base_type(met)) {
        (DataType::List(item), met) => DataType::List(with(item, &met)),
        (DataType::LargeList(item), met) => DataType::LargeList(with(item, &met)),
        (DataType::FixedSizeList(item, size), met) => {
            DataType::FixedSizeList(with(item, &met), *size)
        }
        (DataType::Struct(theirs), DataType::Struct(ours)) if ours.len() == theirs.len() => {
            let fields = theirs.iter().zip(ours.iter());
            let fields = fields.map(|(their, our)| with(their, our.data_type()));
            DataType::Struct(fields.collect())
        }
        (DataType::Map(theirs, sorted), DataType::Map(ours, _)) => {
            DataType::Map(with(theirs, ours.data_type()), *sorted)
        }
        (own, met) if own.is_string() && is_day(&met) => met,
        (own, met @ DataType::Timestamp(TimeUnit::Microsecond, _))
            if own.is_string() || is_day(own) || matches!(own, DataType::Timestamp(..)) =>
        {
            met
        }
        _ => own.clone(),
    }
}
