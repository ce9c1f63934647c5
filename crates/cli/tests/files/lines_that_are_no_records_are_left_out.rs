//! `source.skip.lines` and `source.comment`: lines that are no records, also where files are large and jobs are killed.

use crate::common::running::run;
use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put};

const SKIPPING: [&str; 2] = ["--source.skip.lines=2", "--source.comment=#"];

#[test]
fn quotes_in_them_mean_nothing() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let text = "export \"of\nyesterday\n# the names\nid,name\n1,Ann\n# a \"quote\n2,\"B\n#b\"\n";
    put(path, "in/a.csv", text);
    put(
        path,
        "in/b.csv",
        text.replace("1,Ann", "3,Cid").replace("2,", "4,"),
    );
    let parameters = [&CSV_TO_FILES[..], &SKIPPING, &[ONCE]].concat();
    let said = run(ingest(path, &["-p2"], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = [
        r#"{"id":"1","name":"Ann"}"#,
        r##"{"id":"2","name":"B\n#b"}"##,
        r#"{"id":"3","name":"Cid"}"#,
        r##"{"id":"4","name":"B\n#b"}"##,
    ];
    assert_eq!(lines(&path.join("out")), expected);
}

#[test]
fn they_are_left_out_behind_a_broken_quote() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(
        path,
        "in/a.csv",
        "id,name\n1,\"abc\n# c,d\n2,x\n# e,f\n3,y\n",
    );
    let more = ["--source.comment=#", "--error.policy=skip", ONCE];
    let said = run(ingest(path, &[], &[&CSV_TO_FILES[..], &more].concat()));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = [r#"{"id":"2","name":"x"}"#, r#"{"id":"3","name":"y"}"#];
    assert_eq!(lines(&path.join("out")), expected);
}

#[test]
fn a_job_that_goes_on_in_the_middle_of_a_file_leaves_the_same_out() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let mut text = "one\ntwo\nid\n".to_owned();
    for number in 0..40_000 {
        text.push_str(&format!("{number}\n"));
        if number % 7 == 0 {
            text.push_str("# \"\n");
        }
    }
    put(path, "in/a.csv", &text);
    let slow = "--rate.limit.records=20000";
    let parameters = [&CSV_TO_FILES[..], &SKIPPING, &[slow]].concat();
    let mut job = Running::start(ingest(path, &[], &parameters));
    let out = path.join("out");
    job.await_that("some rows", || !lines(&out).is_empty());
    let savepoint = job.suspend().savepoint().to_owned();
    let before = lines(&out).len();
    assert!(before < 40_000, "{before}");
    let parameters = [&CSV_TO_FILES[..], &SKIPPING, &[ONCE]].concat();
    let said = run(ingest(path, &["-s", &savepoint, "-p2"], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut rows = lines(&out);
    assert_eq!(rows.len(), 40_000);
    rows.dedup();
    assert_eq!(rows.len(), 40_000);
}
