//! What is read otherwise than the library does unasked. INT96, the timestamps of older writers, in microseconds, which reach
//! from before to behind all years that are written, where nanoseconds end in 2262, and where Hive has written them as times of the
//! zone that it has noted; and enums as the text that they are.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::FileMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::files_source::failure::Unfit;

/// Under what Hive notes the zone by whose clock it shows times.
const ZONE: &str = "writer.time.zone";

/// The zone that a file names; `None`: times are those that stand there.
///
/// # Errors
/// It is none.
pub(super) fn zone(file: &FileMetaData) -> Result<Option<String>, Unfit> {
    let mut notes = file.key_value_metadata().into_iter().flatten();
    let zone = notes.find(|note| note.key == ZONE);
    match zone.and_then(|note| note.value.as_deref()) {
        Some(zone) => named(zone),
        None => Ok(None),
    }
}

fn named(zone: &str) -> Result<Option<String>, Unfit> {
    // Java's names of offsets: `GMT+08:00`, `UTC+08:00`, `Z`.
    let short = ["GMT", "UTC", "UT"].into_iter();
    let offset = short.filter_map(|name| zone.strip_prefix(name));
    let mut offset = offset.filter(|rest| rest.is_empty() || rest.starts_with(['+', '-']));
    match offset.next().unwrap_or(zone) {
        "" | "Z" => Ok(None),
        known if known.parse::<Tz>().is_ok() => Ok(Some(known.to_owned())),
        _ => Err(Unfit::Damaged(format!(
            "its times are by the clock of `{zone}`, which is no zone that is known"
        ))),
    }
}

/// The type of a leaf, if it is another one than the library's.
fn own(leaf: &ColumnDescriptor, zone: Option<&str>) -> Option<DataType> {
    let is_enum = leaf.logical_type_ref() == Some(&LogicalType::Enum)
        || leaf.converted_type() == ConvertedType::ENUM;
    match leaf.physical_type() {
        Type::INT96 => {
            let zone = zone.map(Arc::from);
            Some(DataType::Timestamp(TimeUnit::Microsecond, zone))
        }
        Type::BYTE_ARRAY if is_enum => Some(DataType::Utf8),
        _ => None,
    }
}

/// The schema with which a file is to be read, INT96 as times of `zone`; `None`: as it is.
pub(super) fn schema(
    schema: &SchemaRef,
    file: &SchemaDescriptor,
    zone: Option<&str>,
) -> Option<SchemaRef> {
    let mut leaves = file.columns().iter().map(|leaf| own(leaf, zone));
    if leaves.all(|own| own.is_none()) {
        return None;
    }
    let mut leaves = file.columns().iter().map(|leaf| own(leaf, zone));
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

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn zones_are_those_of_java() {
        for (told, known) in [
            ("Asia/Shanghai", Some("Asia/Shanghai")),
            ("GMT+08:00", Some("+08:00")),
            ("-03:30", Some("-03:30")),
            ("UTC", None),
            ("Z", None),
        ] {
            let named = named(told).expect(told);
            assert_eq!(named.as_deref(), known, "{told}");
        }
        assert!(named("Mars/Olympus").is_err());
    }
}
