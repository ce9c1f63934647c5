//! `millstream server` refuses what would let others run programs as its user, or make it spoil what is somebody else's, and warns of secrets
//! that others can read. Nothing is changed by a start that is refused.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::command;
use common::running::run;
use common::server::Server;

const DATA: &str = "-Dmillstream.data-dir=server";

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

#[track_caller]
fn is_refused(directory: &Path, options: &[&str], expected: &[&str]) {
    let mut server = command(directory);
    server.args(["server", "-Drest.port=0"]).args(options);
    let said = run(server);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{options:?}");
    let error = said.err.lines().last().unwrap_or_default();
    for part in expected {
        assert!(error.contains(part), "{options:?}: {}", said.err);
    }
}

#[test]
fn in_a_directory_that_holds_other_things() {
    let directory = tempfile::tempdir().expect("a directory");
    let theirs = directory.path().join("theirs");
    fs::create_dir(&theirs).expect("made");
    fs::write(theirs.join("thesis.tex"), "years of work").expect("written");
    set(&theirs, 0o755);
    let option = "-Dmillstream.data-dir=theirs";
    is_refused(
        directory.path(),
        &[option],
        &["MS-1010: ", "it holds thesis.tex"],
    );
    let mode = fs::metadata(&theirs).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o755, "it stays open");
    assert_eq!(fs::read_dir(&theirs).expect("listed").count(), 1);
}

#[test]
fn where_others_could_put_programs() {
    let directory = tempfile::tempdir().expect("a directory");
    let uploads = directory.path().join("uploads");
    let inner = uploads.join("flink-web-upload");
    fs::create_dir_all(&inner).expect("made");
    for (outer_mode, inner_mode) in [(0o755, 0o777), (0o777, 0o700)] {
        set(&uploads, outer_mode);
        set(&inner, inner_mode);
        let options = [DATA, "-Dweb.upload.dir=uploads"];
        is_refused(
            directory.path(),
            &options,
            &["MS-1010: ", "others may put programs"],
        );
    }
    set(&uploads, 0o755);
    let left = inner.join(".upload-0123");
    fs::write(&left, "half of a package").expect("written");
    let mut server = Server::started(directory.path(), &["-Dweb.upload.dir=uploads"]);
    assert!(
        !left.exists(),
        "what a server that died was receiving is gone"
    );
    server.suspend();
}

#[test]
fn open_to_pages_or_with_tokens_that_are_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let tokens = path.join("tokens");
    fs::write(&tokens, "grafana read 0123456789abcdef\n").expect("written");
    set(&tokens, 0o644);
    for (options, expected) in [
        (
            vec!["-Dweb.access-control-allow-origin=*"],
            ["MS-1017: ", "there is no token"],
        ),
        (
            vec![
                "-Dweb.access-control-allow-origin=https://a.example",
                "--insecure",
            ],
            ["MS-1017: ", "there is no token"],
        ),
        (vec!["-Drest.auth.token=short"], ["MS-1002: ", "too short"]),
        (
            vec!["-Drest.auth.token-file=tokens"],
            ["MS-1005: ", "open to others"],
        ),
        (
            vec!["-Drest.auth.token-file=nowhere"],
            ["MS-1005: ", "can't be read"],
        ),
    ] {
        is_refused(path, &[&[DATA], &options[..]].concat(), &expected);
    }
    assert!(!path.join("server").exists(), "nothing was begun");
}

#[test]
fn secrets_that_all_can_read_are_warned_of() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let file = path.join("config.yaml");
    fs::write(&file, "rest.auth.token: 0123456789abcdef\n").expect("written");
    let doctor = |expected: bool| {
        let mut doctor = command(path);
        doctor.args(["doctor", "--config", "config.yaml", DATA]);
        let said = run(doctor);
        let warned = said
            .out
            .contains("every user of the machine can read config.yaml");
        assert_eq!(warned, expected, "{}", said.out);
    };
    set(&file, 0o644);
    doctor(true);
    let mut server = Server::started(path, &["--config", "config.yaml"]);
    let said = server.suspend();
    let warning = "WARNING: every user of the machine can read config.yaml, which holds what is secret: rest.auth.token";
    assert!(said.err.contains(warning), "{}", said.err);
    set(&file, 0o600);
    doctor(false);
    fs::write(&file, "rest.auth.token: ${env:TOKEN_OF_THE_TEST}\n").expect("written");
    set(&file, 0o644);
    let mut doctor = command(path);
    doctor
        .args(["doctor", "--config", "config.yaml", DATA])
        .env("TOKEN_OF_THE_TEST", "0123456789abcdef");
    let said = run(doctor);
    assert!(
        !said.out.contains("every user"),
        "a reference is no secret: {}",
        said.out
    );
}

#[test]
fn what_it_listens_at_and_whom_it_answers_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let log = || fs::read_to_string(path.join("server/server.log")).expect("the log");
    let mut server = Server::started(path, &[]);
    assert!(
        log().contains("INFO  millstream_server::serve"),
        "{}",
        log()
    );
    assert!(
        log().contains(" and answers programs of this machine that user "),
        "{}",
        log()
    );
    server.suspend();
    let options = [
        "--insecure",
        "-Drest.bind-address=0.0.0.0",
        "-Dweb.submit.enable=false",
    ];
    let mut server = Server::started(path, &options);
    let open =
        "and answers any program that reaches it from any machine, without a token, not encrypted.";
    assert!(
        log()
            .lines()
            .any(|line| line.contains(" WARN ") && line.contains(open)),
        "{}",
        log()
    );
    let mut status = command(path);
    status.args(["server", "status", DATA]);
    let said = run(status);
    assert!(
        said.out.contains("It listens at 0.0.0.0:") && said.out.contains(open),
        "{}",
        said.out
    );
    server.suspend();
}
