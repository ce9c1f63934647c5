//! Dead letters are what `docs/guide/ingest-parameters.md` shows: this job writes the lines of its example.

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running};

#[test]
fn line_by_line() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(
        directory.path(),
        "in/a.csv",
        b"id,price\n1,10\n2,two,x\n3,\xff\n4,free\n5,0\n",
    );
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([
        ONCE,
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int,price:Int>",
        "--stream.sql=select id, 100 / price as share from t1",
    ]);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let guide = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/guide/ingest-parameters.md"
    );
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let (_, section) = guide.split_once("## Dead letters").expect("the section");
    let (_, example) = section.split_once("```text\n").expect("the example");
    let (example, _) = example.split_once("```").expect("its end");
    let input = directory.path().canonicalize().expect("is there");
    let file = input.join("in/a.csv").display().to_string();
    let mut expected: Vec<String> = example
        .lines()
        .map(|line| line.replace("/data/orders/a.csv", &file))
        .collect();
    expected.sort();
    // All but the time at which they were set aside.
    let without_time = |line: &String| {
        let (line, _) = line.rsplit_once("\"time\":").expect("a time");
        line.to_owned()
    };
    let found: Vec<String> = lines(&directory.path().join("dead"))
        .iter()
        .map(without_time)
        .collect();
    let expected: Vec<String> = expected.iter().map(without_time).collect();
    assert_eq!(found, expected);
}
