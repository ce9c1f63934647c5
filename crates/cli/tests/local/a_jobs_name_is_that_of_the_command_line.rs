//! `-D pipeline.name` wins over `--job.name`, with a warning, in the log and for `-s latest`.

use crate::common::{CSV_TO_FILES, ONCE, Running, ingest, lines, put, running};

const NAMED: &str = "-Dpipeline.name=nightly";

#[test]
fn the_option_wins_and_latest_goes_by_it() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    let mut job = Running::start(ingest(directory, &[NAMED], &CSV_TO_FILES));
    let warning = job.await_log("WARN");
    assert!(
        warning.contains("pipeline.name") && warning.contains("job.name"),
        "{warning}"
    );
    job.await_log("Job nightly (");
    job.await_that("output", || !lines(&directory.join("out")).is_empty());
    let said = job.suspend();
    assert!(said.err.contains("Job \"nightly\" is "), "{}", said.err);
    assert!(!said.err.contains("Job job ("), "{}", said.err);

    let latest = |options: &[&str]| {
        let mut command = ingest(directory, options, &CSV_TO_FILES);
        command.arg(ONCE);
        running::run(command)
    };
    let other = latest(&["-s", "latest"]);
    assert_eq!(other.code, Some(1), "{}", other.err);
    assert!(
        other
            .error()
            .starts_with("MS-3001: no completed snapshot of job `job` lies in"),
        "{}",
        other.error()
    );
    let same = latest(&["-s", "latest", NAMED]);
    assert_eq!(same.code, Some(0), "{}", same.err);
    assert_eq!(lines(&directory.join("out")), ["{\"id\":\"1\"}"]);
}
