use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int32Array, StringArray};
use arrow::datatypes::Int32Type;
use millstream_hive_thrift::hive_metastore::{
    FieldSchema, SerDeInfo, StorageDescriptor, Table as Told,
};

use super::super::length::Length;
use super::{Format, LAZY_SIMPLE, ORC, ORC_LIBRARY, PARQUET, PARQUET_LIBRARY, TEXT, Table};

fn field(name: &str, type_: &str) -> FieldSchema {
    FieldSchema::new(name.to_owned(), type_.to_owned(), None)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn storage(
    input: &str,
    library: &str,
    settings: &[(&str, &str)],
    columns: Vec<FieldSchema>,
) -> StorageDescriptor {
    let library = SerDeInfo::new(None, library.to_owned(), map(settings));
    StorageDescriptor::new(
        columns,
        "file:/warehouse/orders".to_owned(),
        input.to_owned(),
        None,
        false,
        -1,
        library,
        None,
    )
}

fn table(storage: StorageDescriptor, properties: &[(&str, &str)], kind: &str) -> Told {
    Told::new(
        "orders".to_owned(),
        "shop".to_owned(),
        storage,
        vec![field("dt", "date")],
        map(properties),
        kind.to_owned(),
    )
}

fn columns() -> Vec<FieldSchema> {
    vec![field("id", "bigint"), field("name", "string")]
}

#[test]
fn tables_of_known_formats_are_read() {
    for (input, library) in [
        (PARQUET, PARQUET_LIBRARY),
        (ORC, ORC_LIBRARY),
        (TEXT, LAZY_SIMPLE),
    ] {
        let told = table(
            storage(input, library, &[], columns()),
            &[],
            "EXTERNAL_TABLE",
        );
        let table = Table::of(&told).expect(input);
        assert_eq!(table.location, Path::new("/warehouse/orders"));
        let names: Vec<_> = table
            .all()
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        assert_eq!(names, ["id", "name", "dt"]);
        assert_eq!(matches!(table.format, Format::Text(_)), input == TEXT);
    }
}

#[test]
fn texts_are_as_long_as_their_types_say() {
    let columns = vec![
        field("id", "bigint"),
        field("code", "char(3)"),
        field("name", "varchar(2)"),
    ];
    let mut told = table(
        storage(TEXT, LAZY_SIMPLE, &[], columns),
        &[],
        "MANAGED_TABLE",
    );
    told.partition_keys = Some(vec![field("hour", "int"), field("kind", "char(2)")]);
    let table = Table::of(&told).expect("a table");
    let lengths: Vec<_> = (0..6).map(|column| table.length(column)).collect();
    let (two, three) = (Length::Exactly(2), Length::Exactly(3));
    let expected = [
        None,
        Some(three),
        Some(Length::Most(2)),
        None,
        Some(two),
        None,
    ];
    assert_eq!(lengths, expected);
    let keys: [ArrayRef; 2] = [
        Arc::new(Int32Array::from(vec![7])),
        Arc::new(StringArray::from(vec!["a"])),
    ];
    let told = table.as_told(&keys);
    assert_eq!(told[0].as_primitive::<Int32Type>().value(0), 7);
    assert_eq!(told[1].as_string::<i32>().value(0), "a ");
}

#[test]
fn what_only_hive_can_read_is_refused_by_name() {
    let parquet = || storage(PARQUET, PARQUET_LIBRARY, &[], columns());
    let nested = vec![field("tags", "array<string>")];
    let table = |storage, properties: &[(&str, &str)]| table(storage, properties, "MANAGED_TABLE");
    let json = "org.apache.hive.hcatalog.data.JsonSerDe";
    let sequence = "org.apache.hadoop.mapred.SequenceFileInputFormat";
    for (told, words) in [
        (
            table(parquet(), &[("transactional", "TRUE")]),
            "transactional (ACID)",
        ),
        (
            table(parquet(), &[("storage_handler", "x.HBaseStorageHandler")]),
            "HBaseStorageHandler",
        ),
        (table(parquet(), &[("table_type", "ICEBERG")]), "Iceberg"),
        (table(storage(TEXT, json, &[], columns()), &[]), "JsonSerDe"),
        (
            table(storage(sequence, LAZY_SIMPLE, &[], columns()), &[]),
            "SequenceFileInputFormat",
        ),
        (
            table(storage(TEXT, LAZY_SIMPLE, &[], nested), &[]),
            "`tags` of the type array<string>",
        ),
        (
            table(
                storage(
                    ORC,
                    ORC_LIBRARY,
                    &[],
                    vec![field("u", "uniontype<int,string>")],
                ),
                &[],
            ),
            "uniontype",
        ),
        (
            table(parquet(), &[("skip.footer.line.count", "1")]),
            "skip.footer",
        ),
        (
            table(parquet(), &[("parquet.column.index.access", "true")]),
            "parquet.column.index.access",
        ),
        (
            table(
                storage(
                    PARQUET,
                    PARQUET_LIBRARY,
                    &[("parquet.column.index.access", "TRUE")],
                    columns(),
                ),
                &[],
            ),
            "parquet.column.index.access",
        ),
        (
            super::tests::table(parquet(), &[], "VIRTUAL_VIEW"),
            "is a view",
        ),
    ] {
        let error = Table::of(&told).expect_err(words);
        let shown = error.to_string();
        assert!(
            shown.contains(words) && shown.contains("table shop.orders"),
            "{shown}"
        );
        assert!(
            shown.contains("jdbc:hive2://") && shown.lines().count() == 1,
            "{shown}"
        );
    }
}

/// A table keeps its properties when it is made one of another format.
#[test]
fn what_is_said_of_parquet_alone_is_no_matter_to_other_formats() {
    let by_place = [("parquet.column.index.access", "true")];
    for (input, library) in [(ORC, ORC_LIBRARY), (TEXT, LAZY_SIMPLE)] {
        let storage = storage(input, library, &by_place, columns());
        let told = table(storage, &by_place, "MANAGED_TABLE");
        Table::of(&told).expect(input);
    }
}

#[test]
fn partitions_whose_files_are_otherwise_are_refused() {
    let comma = [("field.delim", ",")];
    let told = table(
        storage(TEXT, LAZY_SIMPLE, &comma, columns()),
        &[],
        "MANAGED_TABLE",
    );
    let table = Table::of(&told).expect("a table");
    let same = storage(TEXT, LAZY_SIMPLE, &comma, columns());
    table.check("dt=1", &same).expect("as the table");
    for (other, words) in [
        (
            storage(TEXT, LAZY_SIMPLE, &[("field.delim", ";")], columns()),
            "otherwise",
        ),
        (storage(ORC, ORC_LIBRARY, &[], columns()), "OrcInputFormat"),
    ] {
        let error = table.check("dt=1", &other).expect_err(words).to_string();
        assert!(
            error.contains("partition dt=1") && error.contains(words),
            "{error}"
        );
    }
}
