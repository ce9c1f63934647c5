//! `stream.sql.table` names the one table that the SQL may read.

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running};

#[test]
fn and_no_other() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id\n1\n2\n");
    let run = |parameters: &[&str]| {
        let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
        job.args([
            ONCE,
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<id:Int>",
        ])
        .arg("--stream.sql.table=orders")
        .args(parameters);
        running::run(job)
    };
    let other = run(&["--stream.sql=select id from t1"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(
        other.error().contains("MS-5001") && other.error().contains("orders"),
        "{}",
        other.err
    );
    let said = run(&["--stream.sql=select id + 1 as next from orders where id > 1"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")), ["{\"next\":3}"]);
    // Without a query all of the table is handed on.
    let all = run(&["--sink.path=all"]);
    assert_eq!(all.code, Some(0), "{}", all.err);
    assert_eq!(
        lines(&directory.path().join("all")),
        ["{\"id\":1}", "{\"id\":2}"]
    );
}
