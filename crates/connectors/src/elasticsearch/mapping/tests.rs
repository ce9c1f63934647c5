use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use serde_json::json;

use super::{is_whole, misfits};

#[test]
fn columns_are_held_against_fields() {
    let object = DataType::Struct(Fields::from(vec![Field::new("a", DataType::Int64, true)]));
    let time = DataType::Timestamp(TimeUnit::Millisecond, None);
    let list = DataType::new_list(DataType::Utf8, true);
    for (kind, field_type, expected) in [
        (DataType::Int64, "long", None),
        (DataType::Int64, "integer", Some(false)),
        (DataType::Int32, "integer", None),
        (DataType::UInt64, "long", Some(false)),
        (DataType::UInt32, "long", None),
        (DataType::UInt64, "unsigned_long", None),
        (DataType::Int64, "unsigned_long", Some(false)),
        (DataType::Int64, "half_float", Some(false)),
        (DataType::Int16, "half_float", None),
        (DataType::Float64, "half_float", Some(false)),
        (DataType::Float64, "float", None),
        (DataType::Int64, "keyword", None),
        (DataType::Int64, "boolean", Some(true)),
        (DataType::Int64, "date", Some(false)),
        (DataType::Int64, "geo_shape", None),
        (DataType::Float64, "long", Some(false)),
        (DataType::Float64, "double", None),
        (DataType::Utf8, "long", Some(false)),
        (DataType::Utf8, "date", Some(false)),
        (DataType::Utf8, "object", Some(true)),
        (DataType::Boolean, "long", Some(true)),
        (DataType::Boolean, "boolean", None),
        (time.clone(), "date", None),
        (time.clone(), "date_nanos", Some(false)),
        (DataType::Date32, "date_nanos", Some(false)),
        (time.clone(), "long", Some(true)),
        (time, "text", None),
        (list.clone(), "keyword", None),
        (list, "object", Some(true)),
        (object.clone(), "object", None),
        (object.clone(), "nested", None),
        (object, "keyword", Some(true)),
        (DataType::Binary, "binary", None),
        (DataType::Binary, "ip", Some(true)),
    ] {
        let shown = format!("{kind} in {field_type}");
        let schema = Schema::new(vec![Field::new("c", kind, true)]);
        let mapping = json!({"properties": {"c": {"type": field_type}, "other": {"type": "long"}}});
        let found = misfits(&mapping, &schema);
        assert_eq!(
            found.first().map(|misfit| misfit.never),
            expected,
            "{shown}"
        );
        assert!(found.iter().all(|misfit| misfit.why.contains(field_type)));
    }
}

#[test]
fn a_strict_mapping_takes_no_other_fields() {
    let schema = Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Int64, true),
    ]);
    let mapping = json!({"dynamic": "strict", "properties": {"a": {"type": "long"}}});
    let found = misfits(&mapping, &schema);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].column.as_str(), found[0].never), ("b", true));
    assert_eq!(is_whole(&mapping, "a"), Some(true));
    assert_eq!(is_whole(&mapping, "b"), None);
    let integer = json!({"properties": {"version": {"type": "integer"}}});
    assert_eq!(is_whole(&integer, "version"), Some(true));
    let text = json!({"properties": {"a": {"properties": {}}, "version": {"type": "text"}}});
    assert_eq!(is_whole(&text, "version"), Some(false));
    assert!(misfits(&text, &schema)[0].never, "an object without a type");
}

#[test]
fn fields_within_columns_are_named_by_their_path() {
    let inner = Fields::from(vec![
        Field::new("at", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("n", DataType::Int64, true),
        Field::new("new", DataType::Int64, true),
    ]);
    let object = DataType::Struct(inner);
    let list = DataType::new_list(object.clone(), true);
    let schema = Schema::new(vec![
        Field::new("a", object, true),
        Field::new("b", list.clone(), true),
        Field::new("off", list, true),
    ]);
    let fields = json!({"at": {"type": "boolean"}, "n": {"type": "integer"}});
    let mapping = json!({"dynamic": "strict", "properties": {
        "a": {"properties": fields},
        "b": {"type": "nested", "dynamic": "true", "properties": fields},
        "off": {"type": "object", "enabled": false},
    }});
    let found = misfits(&mapping, &schema);
    let found: Vec<_> = found
        .iter()
        .map(|misfit| (misfit.column.as_str(), misfit.never))
        .collect();
    let expected = [
        ("a.at", true),
        ("a.n", false),
        ("a.new", true),
        ("b.at", true),
        ("b.n", false),
    ];
    assert_eq!(found, expected);
}
