use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field as SchemaField, Int32Type};

use super::super::super::format::Dialect;
use super::super::fields::FieldTable;
use super::Column;

fn table(text: &str) -> FieldTable {
    let dialect = Dialect::new(Some(b",".to_vec()), b"\n".to_vec(), None, true);
    let mut table = FieldTable::default();
    table.clear(2, 4);
    assert!(table.find_plain(&dialect, text.as_bytes()));
    table
}

#[test]
fn missing_values_are_null_and_misfits_are_told() {
    let text = "1,x\n,y\n 7 ,\nz,long text that is longer than sixteen bytes\n";
    let table = table(text);
    let mut numbers = Column::new(&SchemaField::new("n", DataType::Int32, true)).expect("a type");
    let mut misfits = Vec::new();
    numbers.append(&table, 0, text.as_bytes(), &mut |row, _| misfits.push(row));
    assert_eq!(misfits, [3]);
    numbers.truncate(3);
    let numbers = numbers.finish().expect("an array");
    let numbers: Vec<Option<i32>> = numbers.as_primitive::<Int32Type>().iter().collect();
    assert_eq!(numbers, [Some(1), None, Some(7)]);

    let mut texts = Column::new(&SchemaField::new("s", DataType::Utf8, true)).expect("a type");
    texts.append(&table, 1, text.as_bytes(), &mut |_, _| {
        panic!("every text fits")
    });
    texts.truncate(3);
    texts.append(&table, 1, text.as_bytes(), &mut |_, _| {
        panic!("every text fits")
    });
    let texts = texts.finish().expect("an array");
    let last = "long text that is longer than sixteen bytes";
    let expected = [
        Some("x"),
        Some("y"),
        None,
        Some("x"),
        Some("y"),
        None,
        Some(last),
    ];
    assert_eq!(
        texts.as_string::<i32>().iter().collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_column_starts_anew_after_it_was_taken() {
    let mut texts = Column::new(&SchemaField::new("s", DataType::Utf8, true)).expect("a type");
    for _ in 0..2 {
        let text = "a,\n";
        texts.append(&table(text), 1, text.as_bytes(), &mut |_, _| {
            panic!("every text fits")
        });
        let array = texts.finish().expect("an array");
        assert_eq!((array.len(), array.null_count()), (1, 1));
    }
}
