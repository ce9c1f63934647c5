//! `error.policy`: what becomes of records that can't be read, or that the SQL can't answer.

use std::fs;
use std::path::Path;

use crate::common::{Said, lines, millstream_in};

const INPUT: &str = "id,amount\n1,10\n2\n3,thirty\nfour,40\n5,50\n6,0\n";

/// Runs a job with the SQL `100 / amount` over [`INPUT`]; of its 6 records 2, 3 and 4 are bad, and 6 fails in the SQL.
fn run(directory: &Path, more: &[&str]) -> Said {
    fs::create_dir_all(directory.join("in")).expect("created");
    fs::write(directory.join("in/a.csv"), INPUT).expect("written");
    let mut arguments = vec![
        "run",
        "--target",
        "local",
        "-p",
        "2",
        "-Dmillstream.data-dir=data",
        "ingest",
        "--job.name=bad",
        "--source.type=csv",
        "--source.path=in",
        "--source.firstLine.schema=true",
        "--source.watch.type=PROCESS_ONCE",
        "--stream.sql.enable=true",
        "--stream.sql=select id, 100 / amount as share from t1",
        "--stream.sql.schema=struct<id:Int,amount:Int>",
        "--job.retry.maxNumberRestartAttempts=0",
        "--sink.type=file",
        "--sink.path=out",
    ];
    arguments.extend(more);
    millstream_in(directory, &[], &arguments)
}

const GOOD: [&str; 2] = ["{\"id\":1,\"share\":10}", "{\"id\":5,\"share\":2}"];

#[test]
fn by_default_one_fails_the_job_by_file_and_line() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let last = said.err.lines().last().expect("an error");
    assert!(
        last.starts_with("MS-2001: job `bad` failed") && last.contains("MS-6004"),
        "{last}"
    );
    assert!(last.contains("a.csv, line "), "{last}");
    assert!(
        lines(&directory.path().join("out")).is_empty(),
        "nothing is committed"
    );
}

#[test]
fn skip_counts_them_and_goes_on() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(directory.path(), &["--error.policy=skip"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")), GOOD);
    assert!(
        said.err.contains("4 of 6 records were bad and skipped"),
        "{}",
        said.err
    );
}

#[test]
fn dead_letters_hold_bytes_place_and_reason() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(
        directory.path(),
        &[
            "--error.policy=dead-letter",
            "--error.dead-letter.path=dead",
        ],
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&directory.path().join("out")), GOOD);
    let letters = lines(&directory.path().join("dead"));
    assert_eq!(letters.len(), 4, "{letters:#?}");
    let letter = |raw: &str| {
        let found = letters.iter().find(|line| line.contains(raw));
        found.unwrap_or_else(|| unreachable!("no letter for {raw}: {letters:#?}"))
    };
    let missing = letter("\"raw\":\"2\"");
    assert!(
        missing.contains("\"line\":3,\"offset\":15,\"column\":null"),
        "{missing}"
    );
    let typed = letter("\"raw\":\"3,thirty\"");
    assert!(
        typed.contains("\"line\":4") && typed.contains("\"column\":\"amount\""),
        "{typed}"
    );
    letter("\"raw\":\"four,40\"");
    let failed = letter("\"raw\":\"6,0\"");
    assert!(
        failed.contains("\"line\":7") && failed.contains("SQL: "),
        "{failed}"
    );
}

#[test]
fn limits_by_count_and_by_ratio_fail_the_job() {
    for (limit, named) in [
        ("--error.max.count=3", "error.max.count is 3"),
        ("--error.max.ratio=0.5", "error.max.ratio is 0.5"),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        let said = run(directory.path(), &["--error.policy=skip", limit]);
        assert_eq!(said.code, Some(1), "{}", said.err);
        let last = said.err.lines().last().expect("an error");
        assert!(
            last.contains("4 of 6 records are bad") && last.contains(named),
            "{last}"
        );
    }
    let directory = tempfile::tempdir().expect("temporary directory");
    let within = run(
        directory.path(),
        &[
            "--error.policy=skip",
            "--error.max.count=4",
            "--error.max.ratio=0.7",
        ],
    );
    assert_eq!(within.code, Some(0), "{}", within.err);
}

#[test]
fn sql_that_needs_more_than_one_row_is_refused_before_the_start() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = run(
        directory.path(),
        &["--stream.sql=select id from t1 order by id"],
    );
    assert_eq!(said.code, Some(1));
    let error = said.err.lines().last().expect("an error");
    assert!(error.starts_with("MS-5002: "), "{error}");
}
