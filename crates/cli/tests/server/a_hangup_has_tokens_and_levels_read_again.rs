//! At SIGHUP the server reads its tokens and the level of its log again, and goes on.

use crate::common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::rest;
use crate::common::server::Server;

const FIRST: &str = "the first token of all";
const SECOND: &str = "the second token of all";

fn configure(directory: &Path, token: &str, level: &str) {
    let text = format!("rest.auth.token: {token}\nmillstream.log.level: {level}\n");
    fs::write(directory.join("config.yaml"), text).expect("written");
}

fn status(port: u16, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    rest::send(port, "GET", "/jobs", &[("authorization", &bearer)], b"").0
}

#[test]
fn what_counts_is_what_the_file_says_then() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    configure(path, FIRST, "error");
    let mut server = Server::started(path, &["--config", "config.yaml"]);
    let port = server.port();
    assert_eq!((status(port, FIRST), status(port, SECOND)), (200, 401));
    let log = path.join("server/server.log");
    let read = |log: &Path| fs::read_to_string(log).expect("the log");
    assert!(!read(&log).contains(" INFO "), "{}", read(&log));

    configure(path, SECOND, "info");
    common::processes::signal("HUP", server.pid());
    server.await_that("the new token to count", || status(port, SECOND) == 200);
    assert_eq!(status(port, FIRST), 401);
    server.await_that("the new level to count", || {
        read(&log).contains("were read again")
    });

    // What can't be understood changes nothing.
    configure(path, "short", "info");
    common::processes::signal("HUP", server.pid());
    server.await_that("the error", || read(&log).contains("MS-1002"));
    assert_eq!(status(port, SECOND), 200);
    server.suspend();
}

#[test]
fn a_file_of_tokens_that_is_wrong_is_told_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let file = path.join("tokens");
    let write = |text: &str| {
        fs::write(&file, text).expect("written");
        let only_ours = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&file, only_ours).expect("changed");
    };
    write(&format!("one submit {}\n", FIRST.replace(' ', "-")));
    let mut server = Server::started(path, &["-Drest.auth.token-file=tokens"]);
    let log = path.join("server/server.log");
    let count = |word: &str| {
        let text = fs::read_to_string(&log).expect("the log");
        text.lines().filter(|line| line.contains(word)).count()
    };
    write("one submit short\n");
    common::processes::signal("HUP", server.pid());
    server.await_that("the error", || count(" ERROR ") > 0);
    // It is looked at again each second.
    write(&format!("two submit {}\n", SECOND.replace(' ', "-")));
    server.await_that("the new file to be read", || {
        count("The file of tokens has changed and was read again") > 0
    });
    assert_eq!(
        count(" ERROR "),
        1,
        "{}",
        fs::read_to_string(&log).expect("the log")
    );
    server.suspend();
}
