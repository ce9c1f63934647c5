//! `stream.checkpoint.enable` false: no checkpoint is taken, and the output of a job that ends is there at its end.

use std::fs;

use crate::common::{CSV_TO_FILES, ONCE, command, lines, put, running};

#[test]
fn all_of_it() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let rows: String = (0..20_000).map(|id| format!("{id}\n")).collect();
    put(directory.path(), "in/a.csv", format!("id\n{rows}"));
    let mut job = command(directory.path());
    job.args([
        "run",
        "--target",
        "local",
        "-p2",
        "-Dmillstream.data-dir=data",
        "ingest",
    ])
    .args(["--job.name=job", "--source.path=in", ONCE])
    .args(CSV_TO_FILES)
    .args([
        "--stream.checkpoint.enable=false",
        "--sink.rolling.size=10 kb",
    ]);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")).len(), 20_000);
    assert!(!said.err.contains("Completed checkpoint"), "{}", said.err);
    let hidden = fs::read_dir(directory.path().join("out")).expect("the output");
    let hidden = hidden.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().starts_with('.')
    });
    assert_eq!(hidden.count(), 0, "nothing is left in progress");
}
