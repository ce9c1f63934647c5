//! `doctor` without a job puts something where checkpoints and savepoints would go in an object store, and says what is wrong.

use std::path::Path;

use crate::common::command;
use crate::common::objects::url;
use crate::common::running::{self, Said};
use millstream_services::seaweed::Seaweed;

fn doctor(directory: &Path, store: &Seaweed, options: &[&str]) -> Said {
    let mut doctor = command(directory);
    doctor.arg("doctor").args(store.options());
    doctor.args(["-Dmillstream.data-dir=data"]).args(options);
    running::run(doctor)
}

/// The line of a check.
#[track_caller]
fn line<'a>(said: &'a Said, check: &str) -> &'a str {
    let line = said.out.lines().find(|line| line.contains(check));
    line.unwrap_or_else(|| unreachable!("{check} in {}{}", said.out, said.err))
}

#[test]
fn snapshots_and_options() {
    let store = Seaweed::start().expect("a store");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let checkpoints = format!("-Dexecution.checkpointing.dir={}", url("cp"));
    let savepoints = format!("-Dexecution.checkpointing.savepoint-dir={}", url("sp"));
    let said = doctor(directory, &store, &[&checkpoints, &savepoints]);
    for (check, detail) in [
        ("object store", "http://"),
        ("checkpoints", "s3://bucket/cp"),
        ("savepoints", "s3://bucket/sp"),
    ] {
        let line = line(&said, check);
        assert!(line.starts_with("ok") && line.contains(detail), "{line}");
    }
    assert!(
        store.keys("").expect("a listing").is_empty(),
        "nothing is left"
    );

    let said = doctor(directory, &store, &[&checkpoints, "-Ds3.secret-key=wrong"]);
    assert_eq!(said.code, Some(1));
    let wrong = line(&said, "checkpoints");
    assert!(
        wrong.contains("403") && wrong.contains("the keys"),
        "{wrong}"
    );
    let said = doctor(
        directory,
        &store,
        &["-Dexecution.checkpointing.dir=s3://nowhere/cp"],
    );
    assert_eq!(said.code, Some(1));
    assert!(
        line(&said, "checkpoints").contains("nowhere"),
        "{}",
        said.out
    );
    let said = doctor(directory, &store, &["-Ds3.connection.ssl.enabled=true"]);
    assert_eq!(said.code, Some(1));
    let wrong = line(&said, "object store");
    assert!(wrong.contains("s3.connection.ssl.enabled"), "{wrong}");
}
