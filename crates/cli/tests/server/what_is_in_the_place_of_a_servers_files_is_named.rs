//! A server in whose data directory something of another kind has the name of one of its files or directories says so at once, and does not
//! start; nothing is changed by that.

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::common::running::run;
use crate::common::server::Server;

/// A directory in which a server has been.
fn left() -> (tempfile::TempDir, Server) {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = Server::started(directory.path(), &[]);
    server.suspend();
    (directory, server)
}

fn pipe(place: &Path) {
    let made = Command::new("mkfifo").arg(place).status();
    assert!(made.expect("mkfifo").success());
}

#[track_caller]
fn is_refused(server: &Server, expected: &str) {
    let said = run(server.program());
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{expected}");
    assert!(said.err.contains(expected), "{}", said.err);
}

#[test]
fn a_pipe_holds_up_no_start() {
    let (_directory, mut server) = left();
    for (name, code) in [
        ("server.lock", "MS-1010"),
        ("server.log", "MS-1010"),
        ("millstream.db", "MS-1010"),
        ("millstream.reserve", "MS-1010"),
        ("millstream.db-wal", "MS-1013"),
        ("millstream.db-shm", "MS-1013"),
    ] {
        let place = server.data.join(name);
        let aside = server.data.join("millstream.aside");
        let was_there = fs::rename(&place, &aside).is_ok();
        pipe(&place);
        let expected = format!("{code}: {} is a pipe and no file", place.display());
        is_refused(&server, &expected);
        let about = fs::symlink_metadata(&place).expect("it is left alone");
        assert!(about.file_type().is_fifo(), "{name}");
        fs::remove_file(&place).expect("moved away");
        if was_there {
            fs::rename(&aside, &place).expect("put back");
        }
    }
    server.start();
    server.end();
}

#[test]
fn a_link_to_nothing_is_named_with_its_target() {
    let (directory, mut server) = left();
    let nothing = directory.path().join("unmounted/nothing");
    for (name, wanted) in [
        ("server.lock", "file"),
        ("server.json", "file"),
        ("jobs", "directory"),
    ] {
        let place = server.data.join(name);
        let aside = server.data.join("millstream.aside");
        let was_there = fs::rename(&place, &aside).is_ok();
        symlink(&nothing, &place).expect("linked");
        let expected = format!(
            "MS-1010: {} is a link to nothing ({}) and no {wanted}",
            place.display(),
            nothing.display()
        );
        is_refused(&server, &expected);
        fs::remove_file(&place).expect("moved away");
        if was_there {
            fs::rename(&aside, &place).expect("put back");
        }
    }
    server.start();
    server.end();
}

#[test]
fn a_file_is_no_directory() {
    let (_directory, mut server) = left();
    for name in ["jobs", "packages", "checkpoints", "dead-letters"] {
        let place = server.data.join(name);
        let aside = server.data.join("millstream.aside");
        let was_there = fs::rename(&place, &aside).is_ok();
        fs::write(&place, "").expect("written");
        let expected = format!("MS-1010: {} is a file and no directory", place.display());
        is_refused(&server, &expected);
        fs::remove_file(&place).expect("moved away");
        if was_there {
            fs::rename(&aside, &place).expect("put back");
        }
    }
    server.start();
    server.end();
}
