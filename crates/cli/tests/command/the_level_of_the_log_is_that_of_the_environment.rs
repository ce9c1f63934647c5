//! MILLSTREAM_LOG wins over what a command would log by itself, and what is no level there is told.

use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, put, running};

/// What a job in the command's own process says where the variable is set so.
fn run(directory: &Path, level: &str) -> Said {
    put(directory, "in/a.csv", "id,name\n1,one\n");
    let parameters = [&[ONCE][..], &CSV_TO_FILES].concat();
    let mut job = ingest(directory, &[], &parameters);
    job.env("MILLSTREAM_LOG", level);
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said
}

#[test]
fn of_a_job_that_runs_in_the_command() {
    for (level, has_info) in [("warn", false), ("info", true), ("trace", true), ("", true)] {
        let directory = tempfile::tempdir().expect("a directory");
        let said = run(directory.path(), level);
        assert_eq!(
            said.err.contains(" INFO "),
            has_info,
            "{level}: {}",
            said.err
        );
    }
}

#[test]
fn what_is_no_level_is_told_and_has_no_effect() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = run(directory.path(), "loud");
    assert!(
        said.err
            .contains("MILLSTREAM_LOG has no effect: `loud` is no level"),
        "{}",
        said.err
    );
    assert!(said.err.contains(" INFO "), "{}", said.err);
}
