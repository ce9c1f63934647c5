//! `doctor ingest` says of each file and directory of a job whether it can be used, and changes none.

use std::fs;
use std::path::Path;

use crate::common::{Said, command, put, running};
use serde_json::Value;

fn doctor(directory: &Path, parameters: &[&str]) -> (Said, Vec<Value>) {
    let mut doctor = command(directory);
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data", "ingest"])
        .args(["--job.name=job", "--source.type=csv", "--source.path=in"])
        .args(["--source.firstLine.schema=true"])
        .args(parameters);
    let said = running::run(doctor);
    let findings = serde_json::from_str(&said.out).unwrap_or_default();
    (said, findings)
}

#[track_caller]
fn expect(findings: &[Value], check: &str, status: &str, text: &str) {
    let is_so = |finding: &Value| {
        let detail = finding["detail"].as_str().unwrap_or_default();
        finding["check"] == check && finding["status"] == status && detail.contains(text)
    };
    assert!(findings.iter().any(is_so), "{check}: {findings:#?}");
}

#[test]
fn all_is_well_and_nothing_was_made() {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/a.csv", "id,name\n1,one\n");
    let parameters = [
        "--sink.type=file",
        "--sink.path=out",
        "--stream.sql.enable=true",
        "--stream.sql=select id, upper(name) as big from t",
        "--stream.sql.table=t",
        "--stream.sql.schema.json={\"id\":\"Int\",\"name\":\"String\"}",
    ];
    let (said, findings) = doctor(directory.path(), &parameters);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    expect(&findings, "pipeline", "ok", "id Int, big String");
    expect(&findings, "source.path", "ok", "1 file");
    expect(&findings, "sink.path", "ok", "out can be made");
    expect(&findings, "checkpoints", "ok", "can be made");
    let left = fs::read_dir(directory.path()).expect("there").count();
    assert_eq!(left, 1, "only the input is there");
}

#[test]
fn what_is_wrong_is_told_at_once_with_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/a.csv", "id,name\n1,one\n");
    put(directory.path(), "file", "");
    let parameters = [
        "--sink.type=file",
        "--sink.path=file/out",
        "--error.policy=dead-letter",
        "--error.dead-letter.path=file/bad",
        "--source.after.commit=move",
        "--source.after.commit.path=/proc/done",
        "--stream.sql.enable=true",
        "--stream.sql=select nothing from t",
        "--stream.sql.table=t",
        "--stream.sql.schema.json={\"id\":\"Int\",\"name\":\"String\"}",
    ];
    let (said, findings) = doctor(directory.path(), &parameters);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    expect(&findings, "pipeline", "failed", "nothing");
    expect(&findings, "sink.path", "failed", "file/out");
    expect(&findings, "error.dead-letter.path", "failed", "file/bad");
    let moved = "source.after.commit.path";
    expect(&findings, moved, "failed", "another file system");
    for finding in findings
        .iter()
        .filter(|finding| finding["status"] == "failed")
    {
        assert_ne!(finding["help"], "", "{finding}");
    }
}

#[test]
fn each_problem_with_parameters_is_a_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let (said, findings) = doctor(
        directory.path(),
        &["--sink.type=fil", "--stream.parallelism=x"],
    );
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    expect(&findings, "parameters", "failed", "sink.type");
    expect(&findings, "parameters", "failed", "stream.parallelism");
    let (said, findings) = doctor(directory.path(), &["--sink.type=print"]);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    expect(&findings, "source.path", "failed", "in can't be read");
}
