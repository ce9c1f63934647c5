//! `doctor` waits for a cluster of HDFS that does not answer for half a minute, wherever the job names it, and says so.

use std::net::TcpListener;

use crate::common::{command, put, running};
use serde_json::Value;

#[test]
fn and_asks_it_once() {
    // Who connects is let in, and hears nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    let mut doctor = command(directory.path());
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data", "ingest"])
        .args(["--job.name=job", "--source.type=csv", "--source.path=in"])
        .args(["--source.firstLine.schema=true", "--sink.type=file"])
        .arg(format!("--sink.path=hdfs://127.0.0.1:{port}/out"))
        .arg(format!(
            "--stream.checkpoint.dir=hdfs://127.0.0.1:{port}/checkpoints"
        ));
    let said = running::run(doctor);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let findings: Vec<Value> = serde_json::from_str(&said.out).expect(&said.out);
    for (check, code) in [("sink.path", "MS-6001"), ("checkpoints", "MS-3008")] {
        let is_so = |finding: &Value| {
            let detail = finding["detail"].as_str().unwrap_or_default();
            finding["check"] == check
                && detail.starts_with(code)
                && detail.contains("(there was no answer for 30 s)")
        };
        assert!(findings.iter().any(is_so), "{check}: {findings:#?}");
    }
}

#[test]
fn nor_for_one_that_the_job_reads() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let directory = tempfile::tempdir().expect("a directory");
    let mut doctor = command(directory.path());
    doctor
        .args(["doctor", "--json", "-Dmillstream.data-dir=data", "ingest"])
        .args(["--job.name=job", "--source.type=csv"])
        .arg(format!("--source.path=hdfs://127.0.0.1:{port}/in"))
        .args(["--source.firstLine.schema=true", "--sink.type=file"])
        .arg("--sink.path=out");
    let said = running::run(doctor);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let findings: Vec<Value> = serde_json::from_str(&said.out).expect(&said.out);
    let details = |check: &str| -> Vec<&str> {
        let of_check = findings.iter().filter(|finding| finding["check"] == check);
        of_check
            .filter_map(|finding| finding["detail"].as_str())
            .collect()
    };
    assert!(
        matches!(details("source.path")[..], [one] if one.starts_with("MS-6001")
            && one.contains("(there was no answer for 30 s)")),
        "{findings:#?}"
    );
    // Columns are not looked for there once more, as a job does.
    assert!(details("pipeline").is_empty(), "{findings:#?}");
}
