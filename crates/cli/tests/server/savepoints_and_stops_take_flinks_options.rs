//! The options of `savepoint`, `checkpoint`, `stop` and `run --fromSavepoint` that Flink's scripts use, in every place where Flink takes them.

use std::path::{Path, PathBuf};

use crate::common::server::{Server, first_file};

/// The directory of the savepoint in what was printed; it is there.
#[track_caller]
fn savepoint(out: &str) -> PathBuf {
    let path = out.lines().find_map(|line| {
        let path = line.strip_prefix("Savepoint completed. Path: file:")?;
        Some(PathBuf::from(path))
    });
    let path = path.expect(out);
    assert!(path.join("_metadata").is_file(), "{}", path.display());
    path
}

/// The format that a snapshot says it has.
fn format_of(savepoint: &Path) -> String {
    let text = std::fs::read_to_string(savepoint.join("_metadata")).expect("text");
    text.to_ascii_lowercase()
}

/// Submits a job that goes on from `from`, and waits until it runs.
#[track_caller]
fn resumed(server: &Server, from: &Path) -> String {
    let from = from.join("_metadata").display().to_string();
    let job = server.submit("orders", &["--fromSavepoint", &from]);
    server.await_status(&job, "RUNNING");
    job
}

#[test]
fn formats_directories_and_metadata_files() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let place = directory.path().canonicalize().expect("a directory");
    first_file(&place);
    let server = Server::started(&place, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");

    let native = savepoint(&server.succeed(&["savepoint", "-type", "native", &job, "sp"]));
    assert!(native.starts_with(place.join("sp")), "{}", native.display());
    assert!(
        format_of(&native).contains("native"),
        "{}",
        format_of(&native)
    );

    // What -D names counts where no directory is given.
    let set = "-Dexecution.checkpointing.savepoint-dir=set";
    let path = savepoint(&server.succeed(&["savepoint", set, &job]));
    assert!(path.starts_with(place.join("set")), "{}", path.display());

    // The `_metadata` stands for its directory.
    let metadata = native.join("_metadata").display().to_string();
    let out = server.succeed(&["savepoint", "--dispose", &metadata]);
    assert!(
        out.ends_with(&format!("Savepoint '{metadata}' disposed.\n")),
        "{out}"
    );
    assert!(!native.exists(), "{}", native.display());

    let out = server.succeed(&["checkpoint", "-full", &job]);
    assert!(out.contains("\nCheckpoint(FULL) "), "{out}");

    let out = server.succeed(&["stop", "--type", "native", "--terminate", &job]);
    assert!(
        out.starts_with(&format!(
            "Draining job \"{job}\" with a NATIVE savepoint.\n"
        )),
        "{out}"
    );
    let stopped = savepoint(&out);
    assert!(stopped.starts_with(place.join("savepoints")), "{out}");
    server.await_status(&job, "FINISHED");

    // -p without a value: the configured directory, wherever it stands.
    let job = resumed(&server, &stopped);
    let stopped = savepoint(&server.succeed(&["stop", &job, "-p"]));
    assert!(stopped.starts_with(place.join("savepoints")));
    let job = resumed(&server, &stopped);
    let out = server.succeed(&["stop", "-p", "-d", &job]);
    assert!(out.starts_with("Draining job "), "{out}");
    server.end();
}

#[test]
fn detached_into_a_directory() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let place = directory.path();
    first_file(place);
    let server = Server::started(place, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let ask = |server: &Server, id: &str| {
        let mut ask = server.command(&["operations", "--json", id]);
        let mut path = String::new();
        server.await_that("the operation", || {
            let answer = ask.output().expect("an answer").stdout;
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
            path = answer["path"].as_str().unwrap_or_default().to_owned();
            answer["status"] == "COMPLETED"
        });
        path
    };
    let out = server.succeed(&["savepoint", &job, "sp", "-detached"]);
    let id = out
        .trim_end()
        .split_once("Successfully trigger manual savepoint, triggerId: ")
        .expect(&out)
        .1;
    let path = ask(&server, id);
    assert!(path.contains("/sp/savepoint-"), "{path}");

    let out = server.succeed(&["stop", "-detached", &job]);
    let said: Vec<&str> = out.lines().collect();
    assert_eq!(
        said[..2],
        [
            format!("Suspending job \"{job}\" with a CANONICAL savepoint."),
            format!("Triggering stop-with-savepoint in detached mode for job {job}."),
        ]
    );
    let id = said[2]
        .strip_prefix("Successfully trigger stop-with-savepoint in detached mode, triggerId: ")
        .expect(&out);
    ask(&server, id);
    server.await_status(&job, "FINISHED");
    server.end();
}
