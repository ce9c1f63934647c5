//! `doctor` says once what is wrong with a path, and takes no directory for one that files can be made in where the system alone makes
//! them.

use std::path::Path;

use crate::common::{command, running};
use serde_json::Value;

fn doctor(directory: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut doctor = command(directory);
    doctor.args(["doctor", "--json"]).args(arguments);
    let said = running::run(doctor);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    serde_json::from_str(&said.out).expect(&said.out)
}

fn failed<'a>(findings: &'a [Value], check: &str) -> Vec<&'a str> {
    let of_check = findings.iter().filter(|finding| finding["check"] == check);
    let failed = of_check.filter(|finding| finding["status"] == "failed");
    failed
        .filter_map(|finding| finding["detail"].as_str())
        .collect()
}

#[test]
fn a_source_that_is_not_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let findings = doctor(
        directory.path(),
        &[
            "-Dmillstream.data-dir=data",
            "ingest",
            "--job.name=job",
            "--source.type=csv",
            "--source.path=nowhere",
            "--source.firstLine.schema=true",
            "--sink.type=file",
            "--sink.path=/proc/out",
        ],
    );
    let of_source = failed(&findings, "source.path");
    assert!(
        matches!(of_source[..], [one] if one.starts_with("MS-6001: ")),
        "{findings:#?}"
    );
    assert!(failed(&findings, "pipeline").is_empty(), "{findings:#?}");
    let of_sink = failed(&findings, "sink.path");
    assert!(
        matches!(of_sink[..], [one] if one.starts_with("MS-7001: ")),
        "{findings:#?}"
    );
}

#[test]
fn a_data_directory_that_can_not_be_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let findings = doctor(directory.path(), &["-Dmillstream.data-dir=/proc"]);
    let of_data = findings.iter();
    let of_data = of_data.filter(|finding| finding["check"] == "data directory");
    assert_eq!(of_data.count(), 1, "{findings:#?}");
    assert_eq!(failed(&findings, "data directory").len(), 1);
}
