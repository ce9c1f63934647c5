//! Rows of which the file says that the query leaves them out are not read, and counted all the same: by the statistics of
//! groups and pages, and by bloom filters. Those that may be wanted all come.

use std::sync::Arc;

use crate::columns_support::{format_of, left_out, lines, numbers, source, written_by_others};
use crate::files_source_support::Attempt;
use arrow::array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use millstream_connectors::files_source::{ColumnFormat, Comparison, Condition, Test};
use millstream_connectors::formats::{FileEncoder, FileFormat, OrcFile};

const ID: usize = 0;
const NAME: usize = 1;
const MIXED: usize = 2;
const DAY: usize = 3;

fn is(column: usize, comparison: Comparison, value: impl Into<ArrayOf>) -> Condition {
    holds(column, Test::Compares(comparison, value.into().0))
}

fn holds(column: usize, test: Test) -> Condition {
    Condition {
        column,
        test,
        of_rows: true,
    }
}

struct ArrayOf(ArrayRef);

impl From<i64> for ArrayOf {
    fn from(value: i64) -> Self {
        Self(Arc::new(Int64Array::from(vec![value])))
    }
}

impl From<i32> for ArrayOf {
    fn from(value: i32) -> Self {
        Self(Arc::new(Int32Array::from(vec![value])))
    }
}

impl From<&str> for ArrayOf {
    fn from(value: &str) -> Self {
        Self(Arc::new(StringArray::from(vec![value])))
    }
}

/// How many rows of a file are read with these conditions, and the numbers of the first and the last of them.
fn read(file: &str, conditions: Vec<Condition>) -> (usize, Option<(String, String)>) {
    let source = source(&written_by_others(file), format_of(file), |options| {
        options.sizes.split = 1_000;
    });
    let source = source.with_conditions(conditions);
    let parsed = Attempt::start(&source, 2).read_to_end().expect("is read");
    let mut rows = lines(&parsed, true);
    assert_eq!(
        rows.len() as u64 + left_out(&parsed),
        4_000,
        "{file}: every row is counted"
    );
    rows.sort();
    let number = |row: &String| row.split(' ').nth(2).expect("a number").to_owned();
    (
        rows.len(),
        rows.first().map(number).zip(rows.last().map(number)),
    )
}

#[test]
fn groups_are_left_out_by_their_statistics() {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    let all = |file| {
        let found = read(file, vec![is(ID, GreaterOrEqual, 0_i64)]);
        assert_eq!(found.0, 4_000, "{file}");
    };
    all("pyarrow-pages.parquet");
    all("pyarrow-stripes.orc");
    for file in ["pyarrow-bloom.parquet", "pyarrow-stripes.orc"] {
        for nothing in [
            is(ID, Greater, 3_999_i64),
            is(ID, Less, 0_i64),
            is(NAME, Equal, "name-9"),
            is(MIXED, GreaterOrEqual, 4_000_i32),
            holds(DAY, Test::IsNull),
        ] {
            let told = format!("{file}: {nothing:?}");
            assert_eq!(read(file, vec![nothing]), (0, None), "{told}");
        }
        let (rows, ends) = read(file, vec![is(ID, LessOrEqual, 3_i64)]);
        assert!(rows < 1_100, "{file}: {rows}");
        assert_eq!(ends.expect("some are read").0, "000001", "{file}");
        let days = Arc::new(Date32Array::from(vec![18_262, 0]));
        let test = Test::OneOf(days);
        let (rows, _) = read(file, vec![holds(DAY, test)]);
        assert!((100..1_100).contains(&rows), "{file}: {rows}");
    }
}

#[test]
fn pages_are_left_out_by_their_index() {
    let found = read(
        "pyarrow-pages.parquet",
        vec![
            is(ID, Comparison::GreaterOrEqual, 2_500_i64),
            is(NAME, Comparison::Less, "name-002600"),
        ],
    );
    let (rows, ends) = found;
    let (first, last) = ends.expect("some are read");
    assert!((100..600).contains(&rows), "{rows}");
    assert!(
        *first <= *"002501" && *last >= *"002600",
        "{first} to {last}"
    );
}

#[test]
fn values_are_looked_for_in_bloom_filters() {
    // Every group has smaller and larger numbers than these; each is in one of them.
    let file = "pyarrow-bloom.parquet";
    let mixed = |value: i32| is(MIXED, Comparison::Equal, value);
    let (rows, ends) = read(file, vec![mixed(7_919 % 4_000)]);
    assert!((1..=2_000).contains(&rows), "{rows}");
    assert_eq!(ends.expect("one is read").0, "000001");
    let absent = read(file, vec![is(NAME, Comparison::Equal, "name-000500x")]);
    assert_eq!(absent, (0, None), "it is within the bounds of a group");
}

#[test]
fn columns_that_are_not_wanted_are_not_read() {
    let file = "pyarrow-pages.parquet";
    let whole = source(&written_by_others(file), format_of(file), |_| {});
    let none = whole.clone().with_projection(Vec::new()).expect("none");
    let parsed = Attempt::start(&none, 1).read_to_end().expect("is read");
    assert_eq!(lines(&parsed, false), vec!["{}"; 4_000]);
    let two = whole.with_projection(vec![3, 0]).expect("two columns");
    let parsed = Attempt::start(&two, 1).read_to_end().expect("is read");
    let rows = lines(&parsed, false);
    assert_eq!(rows[3_999], r#"{"day":"2020-02-09","id":3999}"#);
}

/// Of a stripe of our own writer, whose groups of 10,000 rows tell of their values.
#[test]
fn groups_of_rows_within_a_stripe_are_left_out_by_its_index() {
    const ROWS: i64 = 45_000;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("a.orc");
    let rows = numbers(0..ROWS);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = OrcFile::default().encoder();
    let mut bytes = Vec::new();
    encoder.encode(&rows, &mut bytes).expect("rows");
    encoder.finish(&mut bytes).expect("a tail");
    std::fs::write(&path, bytes).expect("is written");
    let read = |conditions: Vec<Condition>| {
        let source = source(&path, ColumnFormat::Orc, |_| {});
        let source = source.with_conditions(conditions);
        let parsed = Attempt::start(&source, 1).read_to_end().expect("is read");
        let read = lines(&parsed, false);
        assert_eq!(read.len() as u64 + left_out(&parsed), ROWS as u64);
        read
    };
    let all = read(Vec::new());
    let (least, most) = (12_345_i64, 23_456_i64);
    let between = read(vec![
        is(ID, Comparison::GreaterOrEqual, least),
        is(ID, Comparison::LessOrEqual, most),
    ]);
    assert_eq!(between, all[10_000..30_000]);
    let last = read(vec![is(NAME, Comparison::Equal, "name 9999")]);
    assert_eq!(last, all[0..10_000], "texts have an order of their own");
    let rest = read(vec![is(ID, Comparison::Greater, 39_999_i64)]);
    assert_eq!(rest, all[40_000..], "the last group is a short one");
    let two = Arc::new(Int64Array::from(vec![1, 44_999]));
    let test = Test::OneOf(two);
    let both = read(vec![holds(ID, test)]);
    assert_eq!(both, [&all[..10_000], &all[40_000..]].concat());
}
