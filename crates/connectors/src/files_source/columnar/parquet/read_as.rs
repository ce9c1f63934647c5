//! What is read otherwise than the library does unasked. INT96, the timestamps of older writers, in microseconds, which reach
//! from before to behind all years that are written, where nanoseconds end in 2262, and where Hive has written them as times of the
//! zone that it has noted; enums as the text that they are; and bytes of which the file does not say what they are, which may be text.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::file::metadata::FileMetaData;
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::files_source::columnar::change::unsaid;
use crate::files_source::columnar::times::Hybrid;
use crate::files_source::failure::Unfit;

/// Under what Hive notes whether dates are days of the calendar of today in all times: those of INT96 are not in any case.
const PROLEPTIC: &str = "writer.date.proleptic";
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

/// Of which values of a file Hive has counted days by a hybrid calendar. Files without its note are read as they are.
pub(super) fn hybrid(file: &FileMetaData) -> Hybrid {
    let mut notes = file.key_value_metadata().into_iter().flatten();
    let Some(note) = notes.find(|note| note.key == PROLEPTIC) else {
        return Hybrid::default();
    };
    let value = note.value.as_deref().unwrap_or_default();
    // All times of a file of Hive are written in one way.
    let leaves = file.schema_descr().columns();
    Hybrid {
        dates: !value.eq_ignore_ascii_case("true"),
        times: !leaves.iter().any(|leaf| is_time_of_64_bits(leaf)),
    }
}

fn is_time_of_64_bits(leaf: &ColumnDescriptor) -> bool {
    let is_told = matches!(leaf.logical_type_ref(), Some(LogicalType::Timestamp(_)));
    let older = [
        ConvertedType::TIMESTAMP_MILLIS,
        ConvertedType::TIMESTAMP_MICROS,
    ];
    leaf.physical_type() == Type::INT64 && (is_told || older.contains(&leaf.converted_type()))
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

/// The schema with a mark at its columns of bytes of which the file does not say what they are: Impala and old Hive write texts so.
pub(super) fn with_marks(schema: &SchemaRef, file: &SchemaDescriptor) -> SchemaRef {
    let leaves = file.columns().iter().enumerate();
    let unsaid_leaves = leaves.filter(|(_, leaf)| is_unsaid(leaf));
    let places: Vec<usize> = unsaid_leaves
        .map(|(leaf, _)| file.get_column_root_idx(leaf))
        .collect();
    if places.is_empty() {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().enumerate().map(|(place, field)| {
        match places.contains(&place) && *field.data_type() == DataType::Binary {
            true => Arc::new(unsaid(field)),
            false => Arc::clone(field),
        }
    });
    let fields: Fields = fields.collect();
    let metadata = schema.metadata().clone();
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Whether a column is no part of another one, and holds bytes of which nothing is said.
fn is_unsaid(leaf: &ColumnDescriptor) -> bool {
    leaf.physical_type() == Type::BYTE_ARRAY
        && leaf.logical_type_ref().is_none()
        && leaf.converted_type() == ConvertedType::NONE
        && leaf.path().parts().len() == 1
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
    use std::sync::Arc;

    use parquet::file::metadata::{FileMetaData, KeyValue};
    use parquet::schema::parser::parse_message_type;
    use parquet::schema::types::SchemaDescriptor;

    use super::{Hybrid, hybrid, named};

    #[test]
    fn days_are_those_of_a_hybrid_calendar_where_hive_says_so() {
        let int96 = "message m { optional int32 d (DATE); optional int96 t; }";
        let int64 = "message m { optional int32 d (DATE); optional int64 t (TIMESTAMP_MICROS); }";
        for (columns, note, dates, times) in [
            (int96, None, false, false),
            (int96, Some(Some("false")), true, true),
            (int96, Some(Some("true")), false, true),
            (int96, Some(None), true, true),
            (int64, Some(Some("false")), true, false),
        ] {
            let columns = parse_message_type(columns).expect("a schema");
            let columns = Arc::new(SchemaDescriptor::new(Arc::new(columns)));
            let note = note.map(|value| {
                let key = "writer.date.proleptic".to_owned();
                let value = value.map(str::to_owned);
                vec![KeyValue { key, value }]
            });
            let file = FileMetaData::new(1, 0, None, note, columns, None);
            assert_eq!(hybrid(&file), Hybrid { dates, times }, "{file:?}");
        }
    }

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
