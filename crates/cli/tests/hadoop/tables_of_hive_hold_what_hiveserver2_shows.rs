//! What HiveServer2 makes of files when it reads them is made of them here, too: days before 1582-10-15, which Hive writes as days of
//! the Julian calendar; texts of types with a length, whatever the files hold. And a table that is overwritten is not read in part.

use std::fs;

use super::tables_of_hive_are_read_from_their_files::{answered, hive, ingest, read, table};
use crate::common::{Running, lines};
use millstream_services::hive::Hive;

/// Days of both calendars.
const OLD: &str = "\
1|0001-01-01|0001-01-01 00:00:00
2|0004-02-29|0100-02-28 05:06:07.123456
3|1000-03-01|1000-03-01 00:00:00
4|1200-02-29|1200-02-29 23:59:59.5
5|1582-10-04|1582-10-04 12:00:00
6|1582-10-15|1582-10-16 00:00:00
7|1700-01-01|1700-01-01 00:00:00
8|2020-01-01|2020-01-01 00:00:00
";

/// Texts that are shorter and longer than the types of their columns.
const TEXTS: &str = "\
1|ab|abcdef|abcdef
2|abcdefg|x|y
3|\\N|\\N|z
4|\u{e9}\u{4e2d}|\u{e9}\u{4e2d}\u{6587}\u{5b57}|q
5|abcd|ab  |
";

/// Makes a table of text of the rows, and tables of columns of the same ones.
fn make(hive: &Hive, name: &str, columns: &str, rows: &str) {
    let place = hive.directory().join(name);
    fs::create_dir(&place).expect("a directory");
    fs::write(place.join("000000_0"), rows).expect("a file");
    let place = place.display();
    let statements = format!(
        "create external table shop.{name}_text ({columns}) row format delimited fields terminated by '|'
             location 'file:{place}';
         create external table shop.{name}_orc ({columns}) stored as orc location 'file:{place}-orc';
         create external table shop.{name}_parquet ({columns}) stored as parquet location 'file:{place}-parquet';
         from shop.{name}_text insert into table shop.{name}_orc select * insert into table shop.{name}_parquet select *"
    );
    hive.run(&statements).expect("tables");
}

const FORMATS: [&str; 3] = ["text", "orc", "parquet"];

/// A query over the table, by its files.
#[track_caller]
fn queried(hive: &Hive, name: &str, query: &str) -> Vec<String> {
    let sql = format!("--stream.sql={query}");
    let more = ["--stream.sql.enable=true", &sql];
    let (said, found) = read(hive, &format!("shop.{name}"), &more);
    assert_eq!(said.code, Some(0), "{name}: {}", said.err);
    found
}

#[test]
fn days_are_called_as_hive_calls_them() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    make(hive, "days", "id int, day date, at timestamp", OLD);
    for format in FORMATS {
        let name = format!("days_{format}");
        let (said, found) = read(hive, &format!("shop.{name}"), &[]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        assert_eq!(
            found,
            answered(hive, &format!("select * from {name}")),
            "{name}"
        );
        let first = r#"{"id":1,"day":"0001-01-01","at":"0001-01-01 00:00:00"}"#;
        assert_eq!(found.first().map(String::as_str), Some(first), "{name}");
        // Nor are rows left out by what files say of such days.
        for (condition, ids) in [
            ("day = date '1200-02-29'", &[4][..]),
            ("day < date '1582-10-15'", &[1, 2, 3, 4, 5][..]),
            ("day >= date '1582-10-15'", &[6, 7, 8][..]),
        ] {
            let query = format!("select id from t1 where {condition}");
            let expected: Vec<String> = ids.iter().map(|id| format!("{{\"id\":{id}}}")).collect();
            assert_eq!(
                queried(hive, &name, &query),
                expected,
                "{name}: {condition}"
            );
        }
    }
}

#[test]
fn texts_are_as_long_as_their_types_say() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    make(
        hive,
        "texts",
        "id int, code string, name string, rest string",
        TEXTS,
    );
    let home = hive.directory().display();
    let columns = "id int, code char(4), name varchar(3), rest string";
    let statements = format!(
        "create external table shop.lengths_text ({columns}) row format delimited fields terminated by '|'
             location 'file:{home}/texts';
         create external table shop.lengths_orc ({columns}) stored as orc location 'file:{home}/texts-orc';
         create external table shop.lengths_parquet ({columns}) stored as parquet location 'file:{home}/texts-parquet'"
    );
    hive.run(&statements).expect("tables");
    for format in FORMATS {
        let name = format!("lengths_{format}");
        let (said, found) = read(hive, &format!("shop.{name}"), &[]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        assert_eq!(
            found,
            answered(hive, &format!("select * from {name}")),
            "{name}"
        );
        let first = r#"{"id":1,"code":"ab  ","name":"abc","rest":"abcdef"}"#;
        assert_eq!(found.first().map(String::as_str), Some(first), "{name}");
        // What files say is of texts as they were written.
        let query = "select id from t1 where name = 'abc' and code = 'ab  '";
        assert_eq!(queried(hive, &name, query), [r#"{"id":1}"#], "{name}");
    }
}

/// An `insert overwrite` writes files of names that were read, and others.
#[test]
fn a_table_that_is_overwritten_fails_the_job() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let place = hive.directory().join("torn");
    fs::create_dir(&place).expect("a directory");
    fs::write(place.join("000000_0"), "1,old\n").expect("a file");
    let statement = format!(
        "create external table shop.torn (id int, text string) row format delimited fields terminated by ','
             location 'file:{}'",
        place.display()
    );
    hive.run(&statement).expect("a table");
    let directory = tempfile::tempdir().expect("a directory");
    let parameters = table(hive, "shop.torn");
    let mut command = ingest(
        directory.path(),
        &[],
        &[
            "--source.watch.interval=100",
            "--source.file.settle=0",
            "--job.retry.maxNumberRestartAttempts=0",
        ],
    );
    command.args(parameters);
    let mut job = Running::start(command);
    let out = directory.path().join("out");
    job.await_that("the rows", || lines(&out).len() == 1);
    job.await_checkpoint();
    for (name, text) in [("000000_0", "1,new\n2,new\n"), ("000001_0", "3,new\n")] {
        let hidden = place.join(format!("_{name}"));
        fs::write(&hidden, text).expect("a file");
        fs::rename(hidden, place.join(name)).expect("is renamed");
    }
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6003") && error.contains("000000_0"),
        "{error}"
    );
    assert_eq!(lines(&out), [r#"{"id":1,"text":"old"}"#]);
}
