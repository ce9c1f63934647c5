//! Where a limit of bad records fails the job, its error names the latest one, and the log shows the first ones: their
//! dead letters may belong to an epoch that is never committed.

use crate::common::{CSV_TO_FILES, ONCE, ingest, put, running};

#[test]
fn in_the_error_and_in_the_log() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let bad: String = (0..30).map(|id| format!("bad{id}\n")).collect();
    put(
        directory.path(),
        "in/a.csv",
        format!("id,name\n1,Ann\n{bad}"),
    );
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([
        ONCE,
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ])
    .arg("--error.max.count=25");
    let said = running::run(job);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.contains("MS-6005")
            && error.contains("records are bad (the latest: ")
            && error.contains("a.csv, line ")
            && error.contains("1 columns instead of 2), and error.max.count is 25"),
        "{error}"
    );
    let shown = said
        .err
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("Bad record: "));
    assert_eq!(shown.count(), 10, "{}", said.err);
    assert!(said.err.contains("a.csv, line 3 (offset "), "{}", said.err);
    assert!(said.err.contains("More bad records"), "{}", said.err);
}
