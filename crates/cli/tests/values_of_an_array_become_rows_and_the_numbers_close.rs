//! `unnest`: several rows of one record, none of another, and every record is accounted for.

mod common;

use common::running::run;
use common::{ONCE, ingest, lines, put};

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
