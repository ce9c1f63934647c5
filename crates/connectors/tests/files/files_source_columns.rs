//! Columns are named by a schema, by the first file's header, or by their number; all files agree.

use std::sync::Arc;
use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, read, source, write};
use arrow::datatypes::{DataType, Field, Schema};
use millstream_connectors::files_source::{FileSource, FileSourceOptions, Watch};

fn names(source: &FileSource) -> Option<Vec<String>> {
    let schema = source.schema()?;
    Some(
        schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect(),
    )
}

#[test]
fn names_are_trimmed_and_a_quote_behind_a_blank_is_a_character() {
    let directory = directory(&[("a.csv", b"id , \"full, name\"\n")]);
    let source = source(directory.path(), |options| options.format.header = true);
    assert_eq!(names(&source).expect("known"), ["id", "\"full", "name\""]);
}

#[test]
fn files_with_the_same_header_are_one_table() {
    let directory = directory(&[
        ("a.csv", b"\xEF\xBB\xBFid,\"full, name\",,x\r\n1,2,3,4\n"),
        ("b.csv", b"id,\"full, name\",,x\n5,6,7,8"),
        ("empty.csv", b""),
        ("header.csv", b"id,\"full, name\",,x"),
    ]);
    let source = source(directory.path(), |options| options.format.header = true);
    assert_eq!(
        names(&source).expect("known"),
        ["id", "full, name", "_col2", "x"]
    );
    assert_eq!(read(&source).rows, ["1|2|3|4", "5|6|7|8"]);
}

#[test]
fn without_header_columns_have_numbers_and_the_first_record_is_data() {
    let directory = directory(&[("a.csv", b"\n\na,b\nc,d\n")]);
    let source = source(directory.path(), |_| ());
    assert_eq!(names(&source).expect("known"), ["_col0", "_col1"]);
    assert_eq!(read(&source).rows, ["a|b", "c|d"]);
}

#[test]
fn a_file_with_another_header_is_refused_by_name() {
    let directory = directory(&[("a.csv", b"id,name\n1,2\n"), ("b.csv", b"name,id\n3,4\n")]);
    let source = source(directory.path(), |options| options.format.header = true);
    let error = Attempt::start(&source, 1).fails();
    assert_eq!(error.code(), "MS-6008");
    assert!(
        error.message().contains("b.csv has the columns name, id"),
        "{error}"
    );
    assert!(
        error.message().contains("where id, name are expected"),
        "{error}"
    );
}

#[test]
fn a_schema_may_rename_the_columns_of_the_header_but_not_change_their_number() {
    let directory = directory(&[("a.csv", b"id,name\n1,2\n"), ("b.csv", b"a,b\n3,4\n")]);
    let schema = |names: &[&str]| {
        let field = |name: &&str| Field::new(*name, DataType::Int32, true);
        Some(Arc::new(Schema::new(
            names.iter().map(field).collect::<Vec<_>>(),
        )))
    };
    let typed = |names: &[&str]| {
        source(directory.path(), |options| {
            options.format.header = true;
            options.schema = schema(names);
        })
    };
    assert_eq!(read(&typed(&["x", "y"])).rows, ["1|2", "3|4"]);
    let error = Attempt::start(&typed(&["x", "y", "z"]), 1).fails();
    assert_eq!(error.code(), "MS-6008", "{error}");
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let directory = directory(&[("a.csv", b"id,name,id\n")]);
    let mut options = FileSourceOptions::new(directory.path());
    options.format.header = true;
    let error = FileSource::new(options).expect_err("twice");
    assert_eq!(error.code(), "MS-6008");
    assert!(
        error.message().contains("names columns 1 and 3 both `id`"),
        "{error}"
    );
}

#[test]
fn a_type_that_is_not_read_from_text_is_refused() {
    let directory = directory(&[]);
    let schema = Schema::new(vec![Field::new("id", DataType::UInt8, true)]);
    let options = FileSourceOptions {
        schema: Some(Arc::new(schema)),
        ..FileSourceOptions::new(directory.path())
    };
    let error = FileSource::new(options).expect_err("no such type");
    assert_eq!(
        (error.code(), error.message().contains("`id`")),
        ("MS-5003", true),
        "{error}"
    );
}

#[test]
fn columns_become_known_when_the_first_file_comes_and_are_kept_in_the_snapshot() {
    let directory = directory(&[]);
    let watching = || {
        source(directory.path(), |options| {
            options.format.header = true;
            options.watch = Watch::Continuously {
                interval: Duration::from_millis(5),
            };
        })
    };
    let first = watching();
    assert_eq!(names(&first), None);
    let mut attempt = Attempt::start(&first, 2);
    write(directory.path(), "a.csv", b"id,name\n1,2\n", 0);
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["1|2"]);
    assert_eq!(names(&first).expect("known"), ["id", "name"]);

    let state = attempt.snapshot();
    drop(attempt);
    std::fs::remove_file(directory.path().join("a.csv")).expect("was there");
    write(directory.path(), "b.csv", b"other,names\n3,4\n", 1);
    let error = Attempt::restore(&watching(), 1, Some(state))
        .err()
        .expect("other columns");
    assert_eq!(error.code(), "MS-6008", "{error}");
}
