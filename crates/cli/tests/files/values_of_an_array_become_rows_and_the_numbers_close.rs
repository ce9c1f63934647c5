//! `unnest` and `union all`: several rows of one record, none of another, and every record is accounted for.

use crate::common::running::run;
use crate::common::{ONCE, ingest, lines, put};

#[test]
fn each_value_is_a_row() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "1,a|b|c\n2,\n3,d\n");
    let said = run(ingest(
        directory.path(),
        &["-p2"],
        &[
            ONCE,
            "--source.type=csv",
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<id:Int,tags:String>",
            "--stream.sql=select id, unnest(arraySplit(tags, '|')) as tag from t1",
            "--sink.type=file",
            "--sink.path=out",
        ],
    ));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = [
        r#"{"id":1,"tag":"a"}"#,
        r#"{"id":1,"tag":"b"}"#,
        r#"{"id":1,"tag":"c"}"#,
        r#"{"id":3,"tag":"d"}"#,
    ];
    assert_eq!(lines(&directory.path().join("out")), expected);
    let numbers = "3 read + 2 produced = 4 written + 1 filtered";
    assert!(said.err.contains(numbers), "{}", said.err);
}

#[test]
fn each_select_gives_rows() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "1,a\n2,b\n3,x\n4,7\n");
    let said = run(ingest(
        directory.path(),
        &["-p2"],
        &[
            ONCE,
            "--source.type=csv",
            "--error.policy=skip",
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<id:Int,tag:String>",
            "--stream.sql=select id, tag from t1 where id <> 3 union all select id * 10, upper(tag) from t1 where id < 3 \
             union all select cast(tag as int), null from t1 where id in (2, 4)",
            "--sink.type=file",
            "--sink.path=out",
        ],
    ));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = [
        r#"{"id":1,"tag":"a"}"#,
        r#"{"id":10,"tag":"A"}"#,
        r#"{"id":4,"tag":"7"}"#,
        r#"{"id":7,"tag":null}"#,
    ];
    assert_eq!(lines(&directory.path().join("out")), expected);
    let numbers = "4 read + 2 produced = 4 written + 1 filtered + 1 bad";
    assert!(said.err.contains(numbers), "{}", said.err);
}
