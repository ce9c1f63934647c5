//! Which types of Arrow ORC has, and how it calls them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use orc_rust::proto::Type;
use orc_rust::proto::r#type::Kind;

/// The most digits of a decimal.
const DIGITS: u8 = 38;

/// The type as which a column is written: the same, or one that holds all of its values. `None`: ORC has none.
pub(super) fn stored(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Timestamp(..)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Binary
        | DataType::LargeBinary => data_type.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Null | DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Decimal32(digits, behind)
        | DataType::Decimal64(digits, behind)
        | DataType::Decimal128(digits, behind)
        | DataType::Decimal256(digits, behind)
            if *digits <= DIGITS && *behind >= 0 =>
        {
            DataType::Decimal128(*digits, *behind)
        }
        DataType::Dictionary(_, values) => stored(values)?,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => DataType::List(stored_field(item)?),
        DataType::Struct(fields) => DataType::Struct(stored_fields(fields)?),
        DataType::Map(entries, sorted) => DataType::Map(stored_field(entries)?, *sorted),
        _ => return None,
    })
}

fn stored_fields(fields: &Fields) -> Option<Fields> {
    fields.iter().map(stored_field).collect()
}

fn stored_field(field: &FieldRef) -> Option<FieldRef> {
    let data_type = stored(field.data_type())?;
    Some(Arc::new(Field::new(
        field.name(),
        data_type,
        field.is_nullable(),
    )))
}

/// The types of a file: the struct of its columns, and behind it each column with what is in it.
pub(super) fn types_of(columns: &Fields) -> Vec<Type> {
    let mut types = Vec::new();
    push(&DataType::Struct(columns.clone()), &mut types);
    types
}

/// Appends a type and its parts, and gives its number.
fn push(data_type: &DataType, types: &mut Vec<Type>) -> u32 {
    let place = types.len();
    types.push(Type::default());
    let mut made = Type {
        kind: Some(kind_of(data_type).into()),
        ..Type::default()
    };
    match data_type {
        DataType::Decimal128(digits, behind) => {
            made.precision = Some(u32::from(*digits));
            made.scale = Some(u32::from(behind.unsigned_abs()));
        }
        DataType::List(item) => made.subtypes = vec![push(item.data_type(), types)],
        DataType::Struct(fields) => {
            made.field_names = fields.iter().map(|field| field.name().clone()).collect();
            let parts = fields.iter().map(|field| push(field.data_type(), types));
            made.subtypes = parts.collect();
        }
        DataType::Map(entries, _) => {
            if let DataType::Struct(both) = entries.data_type() {
                let parts = both.iter().map(|field| push(field.data_type(), types));
                made.subtypes = parts.collect();
            }
        }
        _ => {}
    }
    if let Some(type_of) = types.get_mut(place) {
        *type_of = made;
    }
    place as u32
}

/// How ORC calls a type that is [`stored`].
fn kind_of(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Boolean => Kind::Boolean,
        DataType::Int8 => Kind::Byte,
        DataType::Int16 => Kind::Short,
        DataType::Int32 => Kind::Int,
        DataType::Int64 => Kind::Long,
        DataType::Float32 => Kind::Float,
        DataType::Float64 => Kind::Double,
        DataType::Date32 => Kind::Date,
        DataType::Timestamp(_, None) => Kind::Timestamp,
        DataType::Timestamp(_, Some(_)) => Kind::TimestampInstant,
        DataType::Decimal128(..) => Kind::Decimal,
        DataType::Binary | DataType::LargeBinary => Kind::Binary,
        DataType::List(_) => Kind::List,
        DataType::Struct(_) => Kind::Struct,
        DataType::Map(..) => Kind::Map,
        _ => Kind::String,
    }
}
