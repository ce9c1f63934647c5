//! At SIGHUP the server reads its tokens and the level of its log again, and goes on.

use crate::common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

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
fn what_is_wrong_in_one_place_changes_nothing_in_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    configure(path, FIRST, "info");
    let mut server = Server::started(path, &["--config", "config.yaml"]);
    let port = server.port();
    let log = || fs::read_to_string(path.join("server/server.log")).expect("the log");
    configure(path, SECOND, "loud");
    common::processes::signal("HUP", server.pid());
    server.await_that("the error", || log().contains("Nothing is changed"));
    assert!(log().contains("`loud` is no level"), "{}", log());
    assert_eq!((status(port, FIRST), status(port, SECOND)), (200, 401));
    configure(path, SECOND, "debug");
    common::processes::signal("HUP", server.pid());
    server.await_that("the new token to count", || status(port, SECOND) == 200);
    assert_eq!(status(port, FIRST), 401);
    server.suspend();
}

#[test]
fn a_new_file_of_tokens_beside_what_is_wrong_counts_and_that_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let configure = |level: &str| {
        let text = format!("rest.auth.token-file: tokens\nmillstream.log.level: {level}\n");
        fs::write(path.join("config.yaml"), text).expect("written");
    };
    let (first, second) = (FIRST.replace(' ', "-"), SECOND.replace(' ', "-"));
    let write = |token: &str| {
        let new = path.join("new");
        fs::write(&new, format!("one submit {token}\n")).expect("written");
        let only_ours = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&new, only_ours).expect("changed");
        fs::rename(&new, path.join("tokens")).expect("renamed");
    };
    configure("info");
    write(&first);
    let mut server = Server::started(path, &["--config", "config.yaml"]);
    let port = server.port();
    let log = || fs::read_to_string(path.join("server/server.log")).expect("the log");
    configure("loud");
    write(&second);
    common::processes::signal("HUP", server.pid());
    server.await_that("the error", || log().contains("`loud` is no level"));
    assert_eq!((status(port, &second), status(port, &first)), (200, 401));
    let log = log();
    // It may have been found a moment before, by itself.
    let taken = log.find("The file of tokens has changed and was read again");
    let wrong = log.find("`loud` is no level");
    assert!(taken.is_some() && taken < wrong, "{log}");
    let denied = log.find("Nothing is changed");
    assert!(denied.is_none() || taken < denied, "{log}");
    server.suspend();
}

#[test]
fn whom_the_server_answers_is_told_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::write(path.join("config.yaml"), "millstream.log.level: info\n").expect("written");
    let mut server = Server::started(path, &["--config", "config.yaml", "--insecure"]);
    let told = || fs::read_to_string(path.join("server/server.json")).unwrap_or_default();
    assert!(told().contains("without a token"), "{}", told());
    assert!(told().contains("\"open\":true"), "{}", told());
    configure(path, FIRST, "info");
    common::processes::signal("HUP", server.pid());
    server.await_that("the new words", || {
        told().contains("answers\":\"whoever has a token")
    });
    assert!(told().contains("\"open\":false"), "{}", told());
    let log = fs::read_to_string(path.join("server/server.log")).expect("the log");
    let is_said = |line: &str| line.contains(" INFO ") && line.contains("answers whoever has");
    assert!(log.lines().any(is_said), "{log}");
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

#[test]
fn a_pipe_in_the_place_of_the_file_of_tokens_holds_up_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let file = path.join("tokens");
    let (first, second) = (FIRST.replace(' ', "-"), SECOND.replace(' ', "-"));
    let write = |token: &str| {
        let new = path.join("new");
        fs::write(&new, format!("one submit {token}\n")).expect("written");
        let only_ours = fs::Permissions::from_mode(0o600);
        fs::set_permissions(&new, only_ours).expect("changed");
        fs::rename(&new, &file).expect("renamed");
    };
    write(&first);
    let mut server = Server::started(path, &["-Drest.auth.token-file=tokens"]);
    let port = server.port();
    fs::remove_file(&file).expect("removed");
    let mut pipe = Command::new("mkfifo");
    let made = pipe.args(["-m", "600"]).arg(&file).status();
    assert!(made.expect("mkfifo").success());
    let log = || fs::read_to_string(path.join("server/server.log")).expect("the log");
    server.await_that("the error", || log().contains("it is no regular file"));
    assert_eq!(status(port, &first), 200, "nothing is changed");
    // The one that is revoked by this is so, though a pipe stood there.
    write(&second);
    server.await_that("the new token to count", || status(port, &second) == 200);
    assert_eq!(status(port, &first), 401);
    server.suspend();
}
