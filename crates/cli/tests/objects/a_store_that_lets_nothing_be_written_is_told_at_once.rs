//! A job whose keys may not write where its output goes in a store says so when it begins, with what to mend, and uses up no restart.

use crate::common::objects::{CSV, url};
use crate::common::{ONCE, ingest_named, put, running};
use millstream_services::seaweed::Seaweed;

#[test]
fn and_not_when_restarts_are_used_up() {
    let store = Seaweed::start().expect("an object store");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\n");
    let options = store.options();
    let mut options: Vec<&str> = options.iter().map(String::as_str).collect();
    options.push("-Ds3.secret-key=wrong");
    let mut job = ingest_named(directory, "job", "200 ms", &options);
    job.args(CSV)
        .args([ONCE, "--source.path=in", "--sink.type=file"])
        .arg(format!("--sink.path={}", url("out")))
        .arg("--job.retry.maxNumberRestartAttempts=1000000");
    let said = running::run(job);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    for word in ["MS-7017", "s3://bucket/out", "403", "s3.secret-key"] {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
}
