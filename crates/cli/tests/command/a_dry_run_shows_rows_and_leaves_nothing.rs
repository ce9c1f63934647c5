//! `run ingest --dry-run` shows columns, plan and the first rows that would be written, and leaves everything as it was.

use std::fs;
use std::path::Path;

use crate::common::{Said, command, put, running};
use serde_json::Value;

fn dry_run(directory: &Path, options: &[&str], parameters: &[&str]) -> Said {
    let mut run = command(directory);
    run.args(["run", "-Dmillstream.data-dir=data"])
        .args(options)
        .args(["ingest", "--job.name=job", "--source.type=csv"])
        .args(["--source.path=in", "--source.firstLine.schema=true"])
        .args(parameters);
    running::run(run)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("there").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

const SQL: [&str; 4] = [
    "--stream.sql.enable=true",
    "--stream.sql.table=t",
    "--stream.sql.schema.json={\"id\":\"Int\",\"name\":\"String\"}",
    "--stream.sql=select id * 2 as twice, upper(name) as big from t where id <> 1",
];

#[test]
fn of_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let lines: String = (0..1_000).map(|n| format!("{n},name {n}\n")).collect();
    put(directory.path(), "in/a.csv", format!("id,name\n{lines}"));
    let files = [
        "--sink.type=file",
        "--sink.path=out",
        "--source.after.commit=delete",
        "--stream.parallelism=3",
        "--dry-run",
    ];
    let said = dry_run(
        directory.path(),
        &["--json"],
        &[&SQL[..], &files[..]].concat(),
    );
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told: Value = serde_json::from_str(&said.out).expect(&said.out);
    assert_eq!(told["written"][0]["name"], "twice");
    assert_eq!(told["read"][1]["type"], "String");
    let rows: Vec<&str> = told["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .flat_map(Value::as_str)
        .collect();
    assert_eq!(rows.len(), 10, "{told}");
    assert_eq!(rows.first(), Some(&"{\"twice\":0,\"big\":\"NAME 0\"}"));
    assert_eq!(rows.last(), Some(&"{\"twice\":20,\"big\":\"NAME 10\"}"));
    assert_eq!(told["end"]["status"], "enough");
    let parallel = told["plan"]["nodes"][0]["parallelism"].as_u64();
    assert_eq!(parallel, Some(3), "the plan is that of the job");
    assert_eq!(names(directory.path()), ["in"]);
    assert_eq!(names(&directory.path().join("in")), ["a.csv"]);
}

#[test]
fn of_a_source_that_ends_before() {
    let directory = tempfile::tempdir().expect("a directory");
    put(
        directory.path(),
        "in/a.csv",
        "id,name\n1,one\nx,two\n3,three\n",
    );
    let letters = [
        "--source.watch.type=PROCESS_ONCE",
        "--source.after.commit=delete",
        "--sink.type=file",
        "--sink.path=out",
        "--sink.format=csv",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=bad",
    ];
    let parameters = [&SQL[..], &letters[..]].concat();
    let said = dry_run(directory.path(), &["--dry-run", "-tlocal"], &parameters);
    assert_eq!(said.code, Some(0), "{}", said.err);
    for expected in [
        "twice  BigInt",
        "\n  6,THREE\n",
        "1 row: the source has no more.",
    ] {
        assert!(said.out.contains(expected), "{expected}: {}", said.out);
    }
    assert_eq!(names(directory.path()), ["in"]);
    assert_eq!(names(&directory.path().join("in")), ["a.csv"]);
    // Under the policy that is the default the job would fail.
    let strict = [
        &SQL[..],
        &["--source.watch.type=PROCESS_ONCE", "--sink.type=print"],
    ]
    .concat();
    let said = dry_run(directory.path(), &["--dry-run"], &strict);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.out.contains("The job would fail"), "{}", said.out);
    assert!(said.err.contains("not by the server"), "{}", said.err);
}

#[test]
fn of_a_source_in_which_there_is_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("in")).expect("made");
    let said = dry_run(directory.path(), &[], &["--sink.type=print", "--dry-run"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "0 rows; no other came within 15 s";
    assert!(said.out.contains(told), "{}", said.out);
}
