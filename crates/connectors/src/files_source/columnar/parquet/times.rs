//! INT96, the timestamps of older writers: read in microseconds, which reach from before to behind all years that are
//! written, where nanoseconds end in 2262.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::Type;
use parquet::schema::types::SchemaDescriptor;

/// The schema with which a file is to be read; `None`: as it is.
pub(super) fn without_int96(schema: &SchemaRef, file: &SchemaDescriptor) -> Option<SchemaRef> {
    let mut leaves = file.columns().iter().map(|leaf| leaf.physical_type());
    if !leaves.any(|leaf| leaf == Type::INT96) {
        return None;
    }
    let mut leaves = file.columns().iter().map(|leaf| leaf.physical_type());
    let fields = schema
        .fields()
        .iter()
        .map(|field| changed(field, &mut leaves));
    let fields: Fields = fields.collect();
    let metadata = schema.metadata().clone();
    Some(Arc::new(Schema::new_with_metadata(fields, metadata)))
}

fn changed(field: &FieldRef, leaves: &mut dyn Iterator<Item = Type>) -> FieldRef {
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
        leaf => match leaves.next() {
            Some(Type::INT96) => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => leaf.clone(),
        },
    };
    let changed: Field = field.as_ref().clone().with_data_type(data_type);
    Arc::new(changed)
}
