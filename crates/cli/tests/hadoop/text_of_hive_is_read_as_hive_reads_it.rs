//! What HiveServer2 makes of fields of text is made of them here, too: dates and times in each form that Hive takes, decimals of many
//! digits, Base64 without padding, delimiters beyond ASCII, lines at the beginning that are left out, and values of partitions.
//! A table whose columns are found by their places is refused, and a metastore that is away is passed over.

use std::fs;
use std::path::Path;

use super::tables_of_hive_are_read_from_their_files::{answered, hive, ingest, read, table};
use crate::common::{ONCE, lines, running};
use millstream_services::hive::Hive;

/// Values that Hive takes, and some that it does not.
const VALUES: &str = "\
1|2020-01-05 00:00:00|2020-01-02T03:04:05|1.25|AP8=
2|2020-1-5|2020-1-2 3:4:5|2.449999999999999999999999999999999999999999|AP8
3|2020-01-05T10|2020-01-02T03:04|-1.25|hello
4|20-01-05|2020-01-02|1.25e1|AA=
5|2020-01-05 x|2020-01-02 03:04:05.|x|Zh
6|2020-02-30|2020-01-02 03:04:05.1234567891|1e-50|A
7| 2020-01-05 |2020-01-02 03:04:05.123456789|999.95|x y
8|2020/01/05|2020-01-02 03:04:05Z|+.5|
";

fn rows_of(hive: &Hive, name: &str) -> Vec<String> {
    let (said, found) = read(hive, &format!("shop.{name}"), &[]);
    assert_eq!(said.code, Some(0), "{name}: {}", said.err);
    found
}

/// Makes a table of text over a directory of its own, which is answered.
fn make(hive: &Hive, name: &str, columns: &str, delimiter: &str, more: &str) -> std::path::PathBuf {
    let place = hive.directory().join(name);
    fs::create_dir(&place).expect("a directory");
    let statement = format!(
        "create external table shop.{name} ({columns}) row format delimited fields terminated by '{delimiter}'
             location 'file:{}' {more}",
        place.display()
    );
    hive.run(&statement).expect("a table");
    place
}

fn write(place: &Path, name: &str, bytes: &[u8]) {
    fs::write(place.join(name), bytes).expect("a file");
}

#[test]
fn values_are_those_that_hive_takes() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let columns = "id int, day date, at timestamp, amount decimal(4,1), data binary";
    let place = make(hive, "values_of_text", columns, "|", "");
    write(&place, "000000_0", VALUES.as_bytes());
    let found = rows_of(hive, "values_of_text");
    assert_eq!(found, answered(hive, "select * from values_of_text"));
    let second =
        r#"{"id":2,"day":"2020-01-05","at":"2020-01-02 03:04:05","amount":2.5,"data":"AP8="}"#;
    assert_eq!(found.get(1).map(String::as_str), Some(second));
}

#[test]
fn lines_at_the_beginning_are_left_out_whatever_they_end_with() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let property = "tblproperties ('skip.header.line.count'='1')";
    let place = make(hive, "headed", "id int, name string", ",", property);
    write(&place, "a", b"id,name\n1,a\n2,b\n");
    write(&place, "b", b"id,name\r\n3,c\r\n4,d\r\n");
    write(&place, "c", b"id,name\r5,e\r6,f\r");
    let found = rows_of(hive, "headed");
    assert_eq!(found.len(), 6, "{found:?}");
    assert_eq!(found, answered(hive, "select * from headed"));
}

#[test]
fn a_delimiter_beyond_ascii_is_one_byte() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let columns = "id int, name string";
    let place = make(hive, "sections", columns, "\u{a7}", "");
    write(&place, "000000_0", b"1\xa7one\n2\xa7two\n");
    let found = rows_of(hive, "sections");
    let rows = [r#"{"id":1,"name":"one"}"#, r#"{"id":2,"name":"two"}"#];
    assert_eq!(found, rows);
    assert_eq!(found, answered(hive, "select * from sections"));
}

#[test]
fn values_of_partitions_have_the_types_of_their_columns() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let place = hive.directory().join("keyed");
    fs::create_dir(&place).expect("a directory");
    write(&place, "000000_0", b"1\n");
    let statements = format!(
        "create external table shop.keyed (id int) partitioned by (price decimal(6,2), at timestamp, flag boolean);
         alter table shop.keyed add partition (price=1.50, at='2020-01-02 03:04:05', flag=true) location 'file:{}'",
        place.display()
    );
    hive.run(&statements).expect("a table");
    let found = rows_of(hive, "keyed");
    let row = r#"{"id":1,"price":1.50,"at":"2020-01-02 03:04:05","flag":true}"#;
    assert_eq!(found, [row]);
    assert_eq!(found, answered(hive, "select * from keyed"));
}

#[test]
fn columns_that_are_found_by_their_places_are_refused() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let statement = "create external table shop.by_place (id int) stored as parquet
             tblproperties ('parquet.column.index.access'='true')";
    hive.run(statement).expect("a table");
    let (said, _) = read(hive, "shop.by_place", &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6061") && error.contains("parquet.column.index.access"),
        "{error}"
    );
}

#[test]
fn a_metastore_that_is_away_is_passed_over() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let two = hive
        .metastore()
        .replace("thrift://", "thrift://127.0.0.1:1,thrift://");
    let parameters = table(hive, "shop.as_orc").into_iter();
    let parameters = parameters.map(|text| match text.starts_with("--source.db.url=") {
        true => format!("--source.db.url={two}"),
        false => text,
    });
    let mut command = ingest(directory.path(), &[], &[ONCE]);
    command.args(parameters);
    let said = running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), 5);
}
