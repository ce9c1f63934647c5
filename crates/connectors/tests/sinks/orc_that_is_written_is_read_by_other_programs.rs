//! Files of ORC that the sink's format writes are read by ORC's own reader in Java and by that in C++, value by value: every
//! type, nulls of columns and of what is in them, decimals of 38 digits, times before 1970, over many stripes; and from any group of rows on, as the
//! index of rows says.

use std::fs;

use crate::orc_support::{every_type, line, many};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use millstream_connectors::formats::{FileEncoder, FileFormat, OrcFile};
use millstream_services::orc;

/// Writes batches into a file with stripes of about so many bytes.
fn file(batches: &[RecordBatch], stripe_bytes: usize) -> tempfile::NamedTempFile {
    let format = OrcFile::default().stripe_bytes(stripe_bytes);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = format.encoder();
    let mut bytes = Vec::new();
    for batch in batches {
        encoder.encode(batch, &mut bytes).expect("rows of ORC");
    }
    encoder.finish(&mut bytes).expect("a tail");
    let file = tempfile::NamedTempFile::with_suffix(".orc").expect("a file");
    fs::write(file.path(), bytes).expect("room for it");
    file
}

/// Holds each row against what a program reads.
fn compare(who: &str, batches: &[RecordBatch], read: &[String]) {
    let rows = batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(move |row| line(batch, row)));
    let rows: Vec<String> = rows.collect();
    for (number, (expected, read)) in rows.iter().zip(read).enumerate() {
        assert_eq!(read, expected, "row {number} in {who}");
    }
    assert_eq!(read.len(), rows.len(), "rows in {who}");
}

#[test]
fn every_type_with_nulls_everywhere() {
    let batches = [every_type()];
    let file = file(&batches, 16 << 20);
    let read = orc::rows_in_java(file.path(), "UTC").expect("ORC's reader in Java");
    compare("Java", &batches, &read);
    let read = orc::rows_in_python(file.path()).expect("pyarrow");
    compare("Python", &batches, &read);
}

#[test]
fn times_of_clocks_are_the_same_in_every_zone() {
    let all = every_type();
    let fields = all.schema_ref().fields().iter().enumerate();
    let without_zone = fields.filter(|(_, field)| field.name() != "instant");
    let places: Vec<usize> = without_zone.map(|(place, _)| place).collect();
    let batches = [all.project(&places).expect("columns that are there")];
    let file = file(&batches, 16 << 20);
    let read = orc::rows_in_java(file.path(), "America/New_York").expect("ORC's reader in Java");
    compare("New York", &batches, &read);
}

#[test]
fn many_stripes_of_rows_in_any_order() {
    let batches = many(8, 1_500);
    let file = file(&batches, 40_000);
    let told = orc::told_by_java(file.path()).expect("ORC's command line");
    let stripes = told.matches("Stripe: offset:").count();
    assert!(stripes > 8, "{stripes} stripes of {told}");
    let read = orc::rows_in_java(file.path(), "UTC").expect("ORC's reader in Java");
    compare("Java", &batches, &read);
    let read = orc::rows_in_python(file.path()).expect("pyarrow");
    compare("Python", &batches, &read);
}

/// Groups of rows of every type, with and without nulls, begun with one by one; and found by what their index says of them.
#[test]
fn any_group_of_rows_may_be_read_without_those_before_it() {
    let mut batches = many(5, 12_000);
    // A stripe begins with rows without nulls, and has some later.
    batches.swap(0, 1);
    let file = file(&batches, 1_000_000);
    let ids = batches[3].column_by_name("id").expect("a column");
    let wanted = ids.as_primitive::<Int64Type>().value(7_000);
    let sought = orc::sought_in_java(file.path(), 10_000, "id", wanted);
    let sought = sought.expect("ORC's reader in Java");
    let row = |number: u64| {
        let number = usize::try_from(number).expect("few rows");
        line(&batches[number / 12_000], number % 12_000)
    };
    let numbers: Vec<u64> = sought.rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [50_000, 40_000, 30_000, 20_000, 10_000, 0]);
    for (number, read) in &sought.rows {
        assert_eq!(read, &row(*number), "row {number}");
    }
    // One group, or two where a stripe has ended between.
    let looked_at = sought.looked_at;
    assert!(
        (1..=10_000).contains(&looked_at),
        "{looked_at} rows of 60,000"
    );
    let told = orc::told_by_java(file.path()).expect("ORC's command line");
    for bounds in [
        "min: -999999.99 max: 12.5",
        "min: 1699-12-31 23:59:59.999",
        "max: 2024-02-03 04:00:00.123",
    ] {
        assert!(told.contains(bounds), "{bounds} in {told}");
    }
    let stripes = told.matches("Stripe: offset:").count();
    assert!((2..20).contains(&stripes), "{stripes} stripes of {told}");
    let read = orc::rows_in_java(file.path(), "UTC").expect("ORC's reader in Java");
    compare("Java", &batches, &read);
    let read = orc::rows_in_python(file.path()).expect("pyarrow");
    compare("Python", &batches, &read);
}
