use std::collections::BTreeMap;

use millstream_hive_thrift::{TArrayTypeEntry, TTypeDesc, TTypeQualifiers};

use super::*;

fn described(name: &str, entry: TTypeEntry) -> TColumnDesc {
    TColumnDesc::new(name.to_owned(), TTypeDesc::new(vec![entry]), 1, None)
}

fn plain(id: TTypeId) -> TTypeEntry {
    TTypeEntry::PrimitiveEntry(TPrimitiveTypeEntry::new(id, None))
}

fn decimal(precision: i32, scale: i32) -> TTypeEntry {
    let value = TTypeQualifierValue::I32Value;
    let qualifiers = BTreeMap::from([
        ("precision".to_owned(), value(precision)),
        ("scale".to_owned(), value(scale)),
    ]);
    let qualifiers = TTypeQualifiers::new(qualifiers);
    TTypeEntry::PrimitiveEntry(TPrimitiveTypeEntry::new(TTypeId::DECIMAL_TYPE, qualifiers))
}

fn read(columns: Vec<TColumnDesc>) -> Result<Vec<Column>, String> {
    columns_of(&TTableSchema::new(columns))
}

#[test]
fn each_type_has_its_own() {
    let micro = DataType::Timestamp(TimeUnit::Microsecond, None);
    let table = [
        (plain(TTypeId::BOOLEAN_TYPE), DataType::Boolean),
        (plain(TTypeId::TINYINT_TYPE), DataType::Int8),
        (plain(TTypeId::SMALLINT_TYPE), DataType::Int16),
        (plain(TTypeId::INT_TYPE), DataType::Int32),
        (plain(TTypeId::BIGINT_TYPE), DataType::Int64),
        (plain(TTypeId::FLOAT_TYPE), DataType::Float32),
        (plain(TTypeId::DOUBLE_TYPE), DataType::Float64),
        (plain(TTypeId::STRING_TYPE), DataType::Utf8),
        (plain(TTypeId::VARCHAR_TYPE), DataType::Utf8),
        (plain(TTypeId::CHAR_TYPE), DataType::Utf8),
        (plain(TTypeId::NULL_TYPE), DataType::Utf8),
        (plain(TTypeId(22)), DataType::Utf8),
        (plain(TTypeId::TIMESTAMP_TYPE), micro),
        (plain(TTypeId::DATE_TYPE), DataType::Date32),
        (plain(TTypeId::BINARY_TYPE), DataType::Binary),
        (decimal(38, 18), DataType::Decimal128(38, 18)),
        (
            TTypeEntry::ArrayEntry(TArrayTypeEntry::new(1)),
            DataType::Utf8,
        ),
    ];
    for (entry, expected) in table {
        let shown = format!("{entry:?}");
        let columns = read(vec![described("t.x", entry)]).expect("columns");
        let [column] = columns.as_slice() else {
            panic!("{columns:?}");
        };
        assert_eq!(
            (column.name.as_str(), column.kind.data_type()),
            ("x", expected),
            "{shown}"
        );
    }
}

#[test]
fn names_that_are_not_those_of_one_column_are_refused() {
    let int = || plain(TTypeId::INT_TYPE);
    let error = read(vec![described("a.id", int()), described("b.ID", int())]);
    assert!(error.expect_err("two").contains("`id`"));
    assert!(read(vec![described("x", plain(TTypeId::DECIMAL_TYPE))]).is_err());
}
