//! `check.<column>`, `source.null` and `source.columns.trim`: what a value has to be, and what is no value.

use crate::common;

use crate::common::running::run;
use crate::common::{ONCE, ingest, lines, put};
use serde_json::Value;

const ROWS: &str = "id,age,zip,note\n\
    1, 30 ,01234,  a b \n\
    2,200,01234,\\N\n\
    3,\\N,01234,\"\\N\"\n\
    4,40,1234x,c\n\
    \\N,40,01234,d\n";

fn job(directory: &std::path::Path, more: &[&str]) -> common::Said {
    put(directory, "in/a.csv", ROWS);
    let parameters = [
        &[
            ONCE,
            "--source.type=csv",
            "--source.firstLine.schema=true",
            "--stream.sql.schema.json={\"id\": \"Int\", \"age\": \"Int\", \"zip\": \"String\", \"note\": \"String\"}",
            "--source.null=\\N",
            "--source.columns.trim=true",
            "--sink.type=file",
            "--sink.path=out",
        ][..],
        more,
    ]
    .concat();
    run(ingest(directory, &[], &parameters))
}

#[test]
fn markers_are_null_and_blanks_are_left_out() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = job(directory.path(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut rows: Vec<Value> = lines(&directory.path().join("out"))
        .iter()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    rows.sort_by_key(|row| row["id"].as_i64());
    assert_eq!(rows[0]["id"], Value::Null);
    assert_eq!(
        (&rows[1]["age"], &rows[1]["note"]),
        (&30.into(), &"a b".into())
    );
    assert_eq!(rows[2]["note"], Value::Null);
    // What stands in quotes is text.
    assert_eq!(
        (&rows[3]["age"], &rows[3]["note"]),
        (&Value::Null, &"\\N".into())
    );
}

#[test]
fn a_rule_that_does_not_hold_makes_a_dead_letter_that_names_it() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let checks = [
        "--check.id=not null",
        "--check.age=range 0..150",
        "--check.zip=pattern [0-9]{5}",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=bad",
        // Rules are held against columns that the SQL does not take, too.
        "--stream.sql.enable=true",
        "--stream.sql=select note from t1",
    ];
    let said = job(directory.path(), &checks);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let out = lines(&directory.path().join("out"));
    assert_eq!(out.len(), 2, "{out:?}");
    assert!(out.iter().all(|line| !line.contains("age")), "{out:?}");
    let mut letters: Vec<(String, String, String)> = lines(&directory.path().join("bad"))
        .iter()
        .map(|line| {
            let letter: Value = serde_json::from_str(line).expect("JSON");
            let text = letter.to_string();
            assert!(text.contains("\"check\""), "{text}");
            let column = letter["column"].as_str().unwrap_or_default().to_owned();
            let error = letter["error"].as_str().unwrap_or_default().to_owned();
            (column, error, text)
        })
        .collect();
    letters.sort();
    let errors: Vec<&str> = letters.iter().map(|(_, error, _)| error.as_str()).collect();
    assert_eq!(
        errors,
        [
            "`200` is not as check.age says: range 0..150",
            "null is not as check.id says: not null",
            "`1234x` is not as check.zip says: pattern [0-9]{5}",
        ],
        "{letters:?}"
    );
}

#[test]
fn rules_that_do_not_fit_are_refused_before_the_start() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = job(directory.path(), &["--check.height=not null"]);
    assert!(
        said.err
            .contains("check.height: there is no column `height`"),
        "{}",
        said.err
    );
    let said = job(directory.path(), &["--check.age=range young..old"]);
    assert!(
        said.err.contains("`young` is no value of Int;"),
        "{}",
        said.err
    );
    let said = job(directory.path(), &["--check.age=unique"]);
    assert!(said.err.contains("check.age is `unique`"), "{}", said.err);
    let said = job(directory.path(), &["--check.age=range 0..150"]);
    assert!(
        said.err.contains("`200` is not as check.age says"),
        "{}",
        said.err
    );
}

#[test]
fn nulls_of_hive_are_null_where_a_backslash_escapes_as_well() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/000000_0",
        "x\\,y\u{1}\\N\n\\\\N\u{1}7\n",
    );
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.quote=none",
        "--source.field.delimiter=1",
        "--source.escape=\\",
        "--source.null=\\N",
        "--stream.sql.schema.json={\"a\": \"String\", \"b\": \"Int\"}",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let said = run(ingest(directory.path(), &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut rows = lines(&directory.path().join("out"));
    rows.sort();
    assert_eq!(rows, [r#"{"a":"\\N","b":7}"#, r#"{"a":"x,y","b":null}"#]);
}
