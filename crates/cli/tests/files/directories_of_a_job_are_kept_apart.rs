//! The directories into which a job puts files are kept apart from its output and from what it reads, however they are written: else it
//! is refused in one line, before anything is made.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

const MOVE: &str = "--source.after.commit=move";
const QUARANTINE: &str = "--source.file.bad=quarantine";
const LETTERS: &str = "--error.policy=dead-letter";

fn run(directory: &Path, parameters: &[&str]) -> Said {
    let mut job = ingest(directory, &[], &CSV_TO_FILES);
    job.arg(ONCE).args(parameters);
    running::run(job)
}

/// Runs a job with each of these, which must be refused for this reason.
#[track_caller]
fn are_refused(cases: &[(&[&str], &str)]) {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    put(directory, "in/a.csv", "id\n1\n");
    fs::create_dir(directory.join("kept")).expect("is made");
    for (link, to) in [("link", "in"), ("kept-link", "kept")] {
        symlink(to, directory.join(link)).expect("is made");
    }
    for (parameters, why) in cases {
        let said = run(directory, parameters);
        let told = (said.code, said.err.lines().count());
        assert_eq!(told, (Some(1), 1), "{parameters:?}: {}", said.err);
        let begins = format!("MS-8001: {why}");
        assert!(
            said.err.starts_with(&begins),
            "{parameters:?}: {}",
            said.err
        );
    }
    let names = |name: &str| fs::read_dir(directory.join(name)).expect("listed").count();
    assert_eq!((names("in"), names("kept"), names("")), (1, 0, 4));
}

#[test]
fn what_is_set_aside_from_output() {
    let done = "source.after.commit.path is the directory of sink.path, so files that are done with would lie among the output; ";
    let bad = "source.file.bad.path is the directory of sink.path, so files that can't be read would lie among the output; ";
    let letters = "error.dead-letter.path is the directory of sink.path, so dead letters would lie among the output; ";
    are_refused(&[
        (&[MOVE, "--source.after.commit.path=out"], done),
        (&[MOVE, "--source.after.commit.path=./in/../out//"], done),
        (&[MOVE, "--source.after.commit.path=file:out"], done),
        (
            &[
                MOVE,
                "--source.after.commit.path=kept-link/.",
                "--sink.path=kept",
            ],
            done,
        ),
        (
            &[
                MOVE,
                "--source.path=s3://bucket/in",
                "--source.after.commit.path=s3a://bucket/out/",
                "--sink.path=s3://bucket/out",
            ],
            done,
        ),
        (&[QUARANTINE, "--source.file.bad.path=out"], bad),
        (&[LETTERS, "--error.dead-letter.path=out"], letters),
    ]);
}

#[test]
fn input_that_is_moved_away_from_what_is_read() {
    let done = "source.after.commit.path lies in source.path, so the job would meet again what it has moved there; ";
    let bad = "source.file.bad.path lies in source.path, so the job would meet again what it has moved there; ";
    are_refused(&[
        (&[MOVE, "--source.after.commit.path=in/done"], done),
        (&[MOVE, "--source.after.commit.path=in"], done),
        (&[MOVE, "--source.after.commit.path=out/../in//done/"], done),
        (&[MOVE, "--source.after.commit.path=link/done"], done),
        (
            &[
                MOVE,
                "--source.path=link",
                "--source.after.commit.path=in/done",
            ],
            done,
        ),
        (
            &[
                MOVE,
                "--source.path=s3://bucket/in/",
                "--source.after.commit.path=s3n://bucket/in/done",
            ],
            done,
        ),
        (
            &[
                MOVE,
                "--source.path=hdfs://nn:8020/in",
                "--source.after.commit.path=hdfs://NN:8020//in/done/",
            ],
            done,
        ),
        (&[QUARANTINE, "--source.file.bad.path=in/bad"], bad),
        (
            &[
                MOVE,
                "--source.path=in/a.csv",
                "--source.after.commit.path=link",
            ],
            "source.after.commit.path is the directory of source.path, which is a file, so it would stay there; ",
        ),
    ]);
}

#[test]
fn names_that_readers_leave_out_are_in_nobodys_way() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    for (number, name) in [(1, "a.csv"), (2, "b.csv")] {
        put(directory, &format!("in/{name}"), format!("id\n{number}\n"));
        let said = run(
            directory,
            &[
                MOVE,
                "--source.after.commit.path=in/_done",
                QUARANTINE,
                "--source.file.bad.path=in/.bad",
                LETTERS,
                "--error.dead-letter.path=letters",
            ],
        );
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(lines(&directory.join("out")).len(), number);
        assert!(directory.join("in/_done").join(name).is_file(), "{name}");
    }
}
