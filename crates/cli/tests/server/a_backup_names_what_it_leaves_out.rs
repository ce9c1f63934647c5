//! `millstream server backup` says on one line what lies among the files of jobs and is no file, and refuses what is of another kind in the
//! place of the records, or a link to nothing in that of the packages.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::common::server::{Server, first_file};
use crate::common::{Said, command, running};

fn backup(path: &Path, name: &str) -> Said {
    let mut backup = command(path);
    backup.args(["server", "backup", name, "-Dmillstream.data-dir=server"]);
    running::run(backup)
}

fn pipe(place: &Path) {
    let made = Command::new("mkfifo").arg(place).status();
    assert!(made.expect("mkfifo").success());
}

#[test]
fn and_refuses_other_kinds_of_records() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let mut server = Server::started(path, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");

    let said = backup(path, "first.backup");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("left out"), "{}", said.err);

    pipe(&server.data.join(format!("jobs/{job}/note.json")));
    let said = backup(path, "second.backup");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected =
        format!("WARNING: left out of the backup, as it is no file: jobs/{job}/note.json (a pipe)");
    assert!(said.err.contains(&expected), "{}", said.err);
    server.succeed(&["cancel", &job]);
    server.suspend();

    let records = server.data.join("millstream.db");
    fs::remove_file(&records).expect("taken away");
    pipe(&records);
    let said = backup(path, "third.backup");
    assert_eq!(said.code, Some(1), "{}", said.out);
    let expected = format!("MS-1010: {} is a pipe and no file", records.display());
    assert!(said.err.starts_with(&expected), "{}", said.err);
}

#[test]
fn also_a_job_that_is_a_link_to_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    server.suspend();
    let job = format!("jobs/{}", "0f".repeat(16));
    let nothing = path.join("unmounted");
    symlink(&nothing, server.data.join(&job)).expect("linked");
    let said = backup(path, "a.backup");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let expected = format!(
        "left out of the backup, as it is no file: {job} (a link to nothing ({}))",
        nothing.display()
    );
    assert!(said.err.contains(&expected), "{}", said.err);
}

#[test]
fn but_not_what_a_file_system_keeps_at_its_root() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    server.suspend();
    let kept = ["jobs", "packages"].map(|name| server.data.join(name).join("lost+found"));
    for kept in &kept {
        fs::create_dir_all(kept).expect("made");
        fs::set_permissions(kept, Permissions::from_mode(0o000)).expect("closed");
    }
    let said = backup(path, "a.backup");
    for kept in &kept {
        fs::set_permissions(kept, Permissions::from_mode(0o700)).expect("opened");
    }
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("left out"), "{}", said.err);
}

#[test]
fn and_refuses_packages_that_are_a_link_to_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    server.suspend();
    let packages = server.data.join("packages");
    // They may not have been made yet.
    drop(fs::remove_dir_all(&packages));
    let nothing = path.join("unmounted");
    symlink(&nothing, &packages).expect("linked");
    let said = backup(path, "a.backup");
    assert_eq!(said.code, Some(1), "{}", said.out);
    let expected = format!(
        "MS-1010: {} is a link to nothing ({}) and no directory",
        packages.display(),
        nothing.display()
    );
    assert!(said.err.starts_with(&expected), "{}", said.err);
    assert!(!path.join("a.backup").exists());
}
