//! A snapshot that is damaged, cut off, missing or of a newer version is refused with the file's name and what to do,
//! whichever way it is named, and nothing is written.
//!
//! (Snapshots of the ingestion job are one file; the files of keyed state are damaged in the tests of `wordcount`.)

use std::fs;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Running, Said, ingest, lines, put, running};

/// What happened to the `_metadata` of a snapshot, the code of the refusal, and what it says.
type Damage = (
    &'static str,
    fn(&str) -> Option<String>,
    &'static str,
    &'static str,
);

const DAMAGES: [Damage; 6] = [
    (
        "cut off",
        |text| Some(text[..text.len() / 2].to_owned()),
        "MS-3002",
        "_metadata is damaged: ",
    ),
    (
        "empty",
        |_| Some(String::new()),
        "MS-3002",
        "_metadata is damaged: ",
    ),
    (
        "changed",
        |text| Some(text.replace("\"parallelism\": 1", "\"parallelism\": 2")),
        "MS-3002",
        "_metadata is damaged: its checksum does not fit",
    ),
    (
        "another file",
        |_| Some("{\"no\": \"snapshot\"}".to_owned()),
        "MS-3012",
        "_metadata was not written by Millstream",
    ),
    (
        "of a newer version",
        |text| Some(text.replace("\"version\": 3,", "\"version\": 4,")),
        "MS-3004",
        "_metadata has format version 4, and this Millstream",
    ),
    ("missing", |_| None, "MS-3001", "holds no _metadata"),
];

fn resume(directory: &Path, from: &str) -> Said {
    let mut command = ingest(directory, &["-s", from], &CSV_TO_FILES);
    command.arg(ONCE);
    running::run(command)
}

/// Damages the snapshot in every way, and mends it again. `advice` is part of what every refusal says.
fn every_damage_is_refused(directory: &Path, snapshot: &str, advice: &str) {
    let place = snapshot.trim_start_matches("file:");
    let metadata = Path::new(place).join("_metadata");
    let intact = fs::read_to_string(&metadata).expect("a completed snapshot");
    let output = lines(&directory.join("out"));
    for (damage, change, code, message) in DAMAGES {
        match change(&intact) {
            Some(text) => fs::write(&metadata, text).expect("written"),
            None => fs::remove_file(&metadata).expect("removed"),
        }
        for from in [snapshot, place, &format!("{place}/_metadata")] {
            let said = resume(directory, from);
            assert_eq!(
                (said.code, said.out.as_str()),
                (Some(1), ""),
                "{damage}: {said:?}"
            );
            let error = said.error();
            assert!(
                error.starts_with(&format!("{code}: "))
                    && error.contains(place)
                    && error.contains(message),
                "{damage}, -s {from}: {error}"
            );
            assert!(error.contains(advice), "{damage}, -s {from}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
        assert_eq!(
            lines(&directory.join("out")),
            output,
            "{damage}: something was written"
        );
    }
    fs::write(&metadata, intact).expect("written");
}

#[test]
fn savepoints_and_checkpoints_alike() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id,name\n1,Ann\n2,Bob\n");
    let start = |options: &[&str]| Running::start(ingest(directory, options, &CSV_TO_FILES));

    let mut job = start(&[]);
    job.await_checkpoint();
    let first = job.suspend();
    let first = first.savepoint();
    // The only one of its directory: there is no other to go on from.
    every_damage_is_refused(directory, first, "snapshot");

    let mut job = start(&["-s", first]);
    job.await_checkpoint();
    let second = job.suspend();
    let beside = format!("{first} lies beside it");
    every_damage_is_refused(directory, second.savepoint(), &beside);

    let mut job = start(&[
        "-s",
        second.savepoint(),
        "-Dstate.checkpoints.num-retained=2",
    ]);
    job.await_checkpoint();
    job.await_checkpoint();
    job.kill();
    let checkpoint = newest_checkpoint(&directory.join("data/checkpoints"));
    // One lies there, or two where the job was killed before it had deleted what is replaced.
    every_damage_is_refused(directory, &format!("file:{checkpoint}"), " beside it");
    // Intact, each of them is gone on from, and there is nothing left to do.
    for from in ["latest", first, second.savepoint(), &checkpoint] {
        let said = resume(directory, from);
        assert_eq!(said.code, Some(0), "{from}: {}", said.err);
    }
    let expected = [
        "{\"id\":\"1\",\"name\":\"Ann\"}",
        "{\"id\":\"2\",\"name\":\"Bob\"}",
    ];
    assert_eq!(lines(&directory.join("out")), expected);
}

/// The newest of the checkpoints that a killed job has left.
fn newest_checkpoint(checkpoints: &Path) -> String {
    let mut found = Vec::new();
    for job in fs::read_dir(checkpoints).expect("checkpoints").flatten() {
        for checkpoint in fs::read_dir(job.path()).expect("a job's").flatten() {
            let path = checkpoint.path();
            let name = checkpoint.file_name().to_string_lossy().into_owned();
            let number = name
                .strip_prefix("chk-")
                .and_then(|text| text.parse::<u64>().ok());
            if let Some(number) = number.filter(|_| path.join("_metadata").exists()) {
                found.push((number, path.display().to_string()));
            }
        }
    }
    found.sort();
    found.pop().expect("a checkpoint").1
}

#[test]
fn latest_never_takes_an_older_one_in_silence() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id,name\n1,Ann\n");
    let mut savepoints = Vec::new();
    for options in [&[][..], &["-s", "latest"]] {
        let mut job = Running::start(ingest(directory, options, &CSV_TO_FILES));
        job.await_checkpoint();
        savepoints.push(job.suspend().savepoint().to_owned());
    }
    let newest = savepoints.pop().expect("two").replace("file:", "");
    let metadata = Path::new(&newest).join("_metadata");
    let text = fs::read_to_string(&metadata).expect("there");
    fs::write(&metadata, text.replace("\"source\"", "\"sauce\"")).expect("written");
    let said = resume(directory, "latest");
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    assert!(
        error.starts_with("MS-3002: ")
            && error.contains(&newest)
            && error.contains("name it with -s"),
        "{error}"
    );
    let said = resume(directory, &savepoints.concat());
    assert_eq!(said.code, Some(0), "{}", said.err);
}

#[test]
fn a_place_without_a_snapshot_is_told_apart() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id,name\n1,Ann\n");
    for (from, code, message) in [
        (
            "nowhere",
            "MS-3001",
            "nowhere does not exist; give the directory of a completed snapshot",
        ),
        (
            "in",
            "MS-3001",
            "holds no _metadata, so no snapshot was completed there",
        ),
        ("in/a.csv", "MS-3001", "in/a.csv"),
        (
            "latest",
            "MS-3001",
            "no completed snapshot of job `job` lies in",
        ),
        ("gs://b/savepoint-1", "MS-3009", "gs://b/savepoint-1"),
    ] {
        let said = resume(directory, from);
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(1), ""),
            "-s {from}: {said:?}"
        );
        let error = said.error();
        assert!(
            error.starts_with(code) && error.contains(message) && error.contains("; "),
            "-s {from}: {error}"
        );
    }
    assert!(!directory.join("out").exists(), "nothing is written");
}
