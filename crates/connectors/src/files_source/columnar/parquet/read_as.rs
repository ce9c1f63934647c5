//! What is read otherwise than the library does unasked. INT96, the timestamps of older writers, in microseconds, which reach
//! from before to behind all years that are written, where nanoseconds end in 2262; and enums as the text that they are.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

/// The type of a leaf, if it is another one than the library's.
fn own(leaf: &ColumnDescriptor) -> Option<DataType> {
    let is_enum = leaf.logical_type_ref() == Some(&LogicalType::Enum)
        || leaf.converted_type() == ConvertedType::ENUM;
    match leaf.physical_type() {
        Type::INT96 => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        Type::BYTE_ARRAY if is_enum => Some(DataType::Utf8),
        _ => None,
    }
}

/// The schema with which a file is to be read; `None`: as it is.
pub(super) fn schema(schema: &SchemaRef, file: &SchemaDescriptor) -> Option<SchemaRef> {
    let mut leaves = file.columns().iter().map(|leaf| own(leaf));
    if leaves.all(|own| own.is_none()) {
        return None;
    }
    let mut leaves = file.columns().iter().map(|leaf| own(leaf));
    let fields = schema
        .fields()
        .iter()
        .map(|field| changed(field, &mut leaves));
    let fields: Fields = fields.collect();
    let metadata = schema.metadata().clone();
    Some(Arc::new(Schema::new_with_metadata(fields, metadata)))
}

fn changed(field: &FieldRef, leaves: &mut dyn Iterator<Item = Option<DataType>>) -> FieldRef {
    let data_type = match field.data_type() {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| changed(field, leaves)).collect())
        }
        DataType::List(item) => DataType::List(changed(item, leaves)),
        DataType::LargeList(item) => DataType::LargeList(changed(item, leaves)),
        DataType::FixedSizeList(item, length) => {
            DataType::FixedSizeList(changed(item, leaves), *length)
        }
        DataType::Map(entries, ordered) => DataType::Map(changed(entries, leaves), *ordered),
        leaf => leaves.next().flatten().unwrap_or_else(|| leaf.clone()),
    };
    let changed: Field = field.as_ref().clone().with_data_type(data_type);
    Arc::new(changed)
}
