use arrow::datatypes::TimeUnit;

use super::*;

#[test]
fn where_the_input_lies_is_told_by_its_parameters() {
    let table: [(&[&str], Place); 6] = [
        (&[], Place::Files),
        (&["--source.type", "csv"], Place::Files),
        (&["--source.kafka.brokers=k:1"], Place::Topic),
        (&["--source.db.url=jdbc:hive2://h/d"], Place::Query),
        (&["--source.type", "JDBC"], Place::Query),
        (
            &[
                "--source.db.url",
                "thrift://h",
                "--source.db.type=HIVE_METASTORE",
            ],
            Place::Table,
        ),
    ];
    for (arguments, expected) in table {
        let given: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
        let is_given = |name: &str| value_of(name, &given).is_some();
        assert_eq!(Place::of(&given, &is_given), expected, "{arguments:?}");
    }
}

#[test]
fn numbers_without_a_sign_are_proposed_as_what_has_room_for_them() {
    for (told, kind, why) in [
        (DataType::UInt8, "SmallInt", "unsigned TinyInt"),
        (DataType::UInt16, "Int", "unsigned SmallInt"),
        (DataType::UInt32, "BigInt", "unsigned Int"),
        (DataType::UInt64, "Decimal(20,0)", "unsigned BigInt"),
    ] {
        let schema = Schema::new(vec![Field::new("n", told, true)]);
        let mut columns: Vec<Evidence> = unseen(&schema).into_iter().map(Column::judge).collect();
        as_told(&mut columns, &schema, Place::Files.teller());
        let found = columns
            .iter()
            .map(|column| (column.kind.as_str(), column.why.clone()));
        let expected = (kind, format!("the file says {why}"));
        assert_eq!(found.collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn columns_of_hive_are_known_without_a_row() {
    let timestamp = DataType::Timestamp(TimeUnit::Microsecond, None);
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new("price", DataType::Decimal128(12, 2), true),
        Field::new("at", timestamp, true),
        Field::new("name", DataType::Utf8, true),
    ]);
    let mut columns: Vec<Evidence> = unseen(&schema).into_iter().map(Column::judge).collect();
    as_told(&mut columns, &schema, Place::Query.teller());
    assert_eq!(
        schema_of(&columns),
        r#"{"id": "BigInt", "price": "Decimal(12,2)", "at": "Timestamp", "name": "String"}"#
    );
    assert!(columns.iter().all(|column| column.values == 0
        && column.nulls == 0
        && column.why.starts_with("Hive says ")));
}

#[test]
fn fields_of_any_name_have_a_path() {
    for (name, path) in [
        ("id", "$.id"),
        ("größe_2", "$.größe_2"),
        ("a b", r#"$."a b""#),
        ("a.b", r#"$."a.b""#),
        ("", r#"$."""#),
        ("it's", r#"$."it's""#),
        ("x','y", r#"$."x','y""#),
        ("a']b\"]c", r#"$."a']b\"]c""#),
        ("back\\slash\n", r#"$."back\\slash\n""#),
    ] {
        assert_eq!(path_to(name), path);
    }
}
