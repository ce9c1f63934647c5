//! What is no file in the place of a file of a job's directory holds nobody up, and is refused by name.

use std::os::unix::fs::symlink;
use std::process::Command;

use super::*;

fn pipe(place: &Path) {
    let made = Command::new("mkfifo").arg(place).status();
    assert!(made.expect("mkfifo").success());
}

#[test]
fn a_pipe_is_no_file_to_read() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = JobDirectory::new(place.path());
    let names = [
        SUBMISSION_FILE,
        LAUNCH_FILE,
        STOP_FILE,
        RESTORED_FILE,
        ENDING_FILE,
        OUTCOME_FILE,
    ];
    for name in names {
        pipe(&directory.file(name));
    }
    let refused = [
        directory.submission().err(),
        directory.launch().err(),
        directory.stop_begun().err(),
        directory.restored_from().err(),
        directory.ending().err(),
        directory.outcome().err(),
    ];
    for (name, refused) in names.into_iter().zip(refused) {
        let error = refused.expect(name);
        assert_eq!(error.code(), "MS-2009", "{name}");
        let told = error.to_string();
        for part in [name, "it is no regular file", "move it away"] {
            assert!(told.contains(part), "{told}");
        }
    }
}

#[test]
fn a_pipe_is_no_file_to_lock_or_to_write() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = JobDirectory::new(place.path());
    pipe(&directory.file(LOCK_FILE));
    let error = directory.lock().expect_err("it is no lock");
    assert!(error.message().ends_with("lock can't be opened"), "{error}");
    pipe(&directory.file(&format!(".{STARTED_FILE}.tmp")));
    let error = directory.begin_run().expect_err("nobody reads it");
    let expected = ".started.tmp can't be opened";
    assert!(error.message().ends_with(expected), "{error}");
}

#[test]
fn a_device_is_no_lock() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = JobDirectory::new(place.path());
    symlink("/dev/null", directory.file(LOCK_FILE)).expect("linked");
    let error = directory.lock().expect_err("it is no lock");
    assert_eq!(error.code(), "MS-2009");
    let told = error.to_string();
    for part in ["lock can't be locked", "it is no regular file"] {
        assert!(told.contains(part), "{told}");
    }
}
