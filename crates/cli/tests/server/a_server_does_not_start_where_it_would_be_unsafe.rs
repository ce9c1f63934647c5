//! `millstream server` refuses what would let others run programs as its user, or make it spoil what is somebody else's, and warns of secrets
//! that others can read. Nothing is changed by a start that is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::common::running::run;
use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, ONCE, command, ingest, put, rest};

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
fn in_a_directory_that_only_looks_like_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let theirs = directory.path().join("theirs");
    let option = "-Dmillstream.data-dir=theirs";
    for (inside, foreign) in [
        ("jobs/mine", "jobs/mine"),
        ("packages/left-pad", "packages/left-pad"),
        ("checkpoints/model-7", "checkpoints/model-7"),
        ("savepoints/game.sav", "savepoints/game.sav"),
    ] {
        fs::create_dir_all(theirs.join(inside)).expect("made");
        fs::create_dir_all(theirs.join("packages")).expect("made");
        set(&theirs, 0o755);
        let said = format!("it holds {foreign}");
        is_refused(directory.path(), &[option], &["MS-1010: ", &said]);
        let mode = fs::metadata(&theirs).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o755, "it stays open");
        fs::remove_dir_all(&theirs).expect("removed");
    }
    // Flink's own snapshots lie under the same names.
    for inside in [
        "checkpoints/0123456789abcdef0123456789abcdef/chk-7",
        "savepoints/savepoint-012345-abc",
    ] {
        let inside = theirs.join(inside);
        fs::create_dir_all(&inside).expect("made");
        fs::write(inside.join("_metadata"), b"\x49\x60\x67\x2d\0\0\0\x04").expect("written");
    }
    fs::create_dir_all(theirs.join("jobs")).expect("made");
    set(&theirs, 0o755);
    is_refused(directory.path(), &[option], &["MS-1010: ", "nothing there"]);
    let mode = fs::metadata(&theirs).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o755, "it stays open");
    fs::remove_dir_all(&theirs).expect("removed");
    // What a server has left whose records and lock are lost.
    let (job, uuid) = (
        "0123456789abcdef".repeat(2),
        "184c7703-fd94-4720-a9d2-42909adc152c",
    );
    for ours in [
        format!("jobs/{job}"),
        format!("checkpoints/{job}"),
        "savepoints/savepoint-f8cccb-d08cc0ef01b6".to_owned(),
        "packages".to_owned(),
    ] {
        fs::create_dir_all(theirs.join(ours)).expect("made");
    }
    fs::write(theirs.join(format!("packages/{uuid}_words.jar")), "").expect("written");
    is_refused(directory.path(), &[option], &["MS-1010: ", "nothing there"]);
    fs::write(theirs.join(format!("jobs/{job}/job.json")), "{}").expect("written");
    let mut server = Server::new(directory.path());
    server.data = theirs;
    server.start();
    server.suspend();
}

#[test]
fn but_where_jobs_without_a_server_have_left_theirs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    put(path, "in/a.csv", "id\n1\n");
    let mut once = ingest(path, &["-Dmillstream.data-dir=ours"], &CSV_TO_FILES);
    once.arg(ONCE);
    let said = run(once);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut server = Server::new(path);
    server.data = path.join("ours");
    let left = fs::read_dir(server.data.join("checkpoints")).expect("listed");
    assert!(left.count() > 0, "how it has ended is noted");
    server.start();
    server.suspend();
}

#[test]
fn where_others_could_put_programs() {
    let directory = tempfile::tempdir().expect("a directory");
    let uploads = directory.path().join("uploads");
    let inner = uploads.join("flink-web-upload");
    fs::create_dir_all(&inner).expect("made");
    for (above_mode, outer_mode, inner_mode) in [
        (0o755, 0o755, 0o777),
        (0o755, 0o755, 0o1777),
        (0o755, 0o777, 0o700),
        (0o777, 0o755, 0o700),
    ] {
        set(directory.path(), above_mode);
        set(&uploads, outer_mode);
        set(&inner, inner_mode);
        let options = [DATA, "-Dweb.upload.dir=uploads"];
        is_refused(
            directory.path(),
            &options,
            &["MS-1010: ", "others may put programs"],
        );
        let begun = directory.path().join("server");
        assert!(!begun.exists(), "nothing is left behind");
    }
    set(directory.path(), 0o1777);
    set(&uploads, 0o755);
    set(&inner, 0o700);
    let left = inner.join(".upload-0123");
    fs::write(&left, "half of a package").expect("written");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = fs::File::options()
        .write(true)
        .open(&left)
        .expect("it is there");
    file.set_modified(long_ago).expect("its own file");
    let coming = inner.join(".upload-4567");
    fs::write(&coming, "half of a package").expect("written");
    let mut server = Server::started(directory.path(), &["-Dweb.upload.dir=uploads"]);
    assert!(
        !left.exists(),
        "what a server that died was receiving is gone"
    );
    assert!(coming.exists(), "another server may be receiving it");
    fs::remove_file(&coming).expect("removed");
    // A program that somebody else could have changed meanwhile is not run.
    let program = env!("CARGO_BIN_EXE_millstream");
    let script = format!("#!/bin/sh\nexec {program} \"$@\"\n");
    let (status, answer) = rest::upload(server.port(), "words", script.as_bytes());
    assert_eq!(status, 200, "{answer}");
    let package = fs::read_dir(&inner).expect("listed").flatten().next();
    let package = package.expect("a package").path();
    let id = package.file_name().unwrap_or_default().to_string_lossy();
    for action in ["run", "plan"] {
        set(&package, 0o722);
        let path = format!("/jars/{id}/{action}");
        let (status, body) = rest::send(server.port(), "POST", &path, &[], b"{}");
        assert!(status >= 400 && body.contains("MS-1010"), "{status} {body}");
        assert!(body.contains("its mode is 722"), "{body}");
        set(&package, 0o700);
        let (_, body) = rest::send(server.port(), "POST", &path, &[], b"{}");
        assert!(!body.contains("MS-1010"), "{body}");
    }
    server.suspend();
}

#[test]
fn where_others_could_put_programs_into_its_own_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    server.suspend();
    let packages = path.join("server/packages");
    fs::create_dir_all(&packages).expect("made");
    set(&packages, 0o777);
    let log = path.join("server/server.log");
    fs::write(&log, "").expect("written");
    is_refused(path, &[DATA], &["MS-1010: ", "others may put programs"]);
    let said = fs::read_to_string(&log).expect("the log");
    assert!(!said.contains(" listens at "), "{said}");
    assert!(
        said.lines()
            .any(|line| line.contains(" ERROR ") && line.contains("MS-1010: ")),
        "{said}"
    );
    assert!(!path.join("server/server.json").exists(), "nobody is told");
}

#[test]
fn with_records_that_are_damaged() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut server = Server::started(path, &[]);
    server.suspend();
    let database = path.join("server/millstream.db");
    let mut bytes = fs::read(&database).expect("read");
    let page = bytes.chunks_exact_mut(4_096).nth(2).expect("a page");
    page.iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&database, &bytes).expect("written");
    is_refused(path, &[DATA], &["MS-1013: ", "the file is damaged"]);
    let log = fs::read_to_string(path.join("server/server.log")).expect("the log");
    assert!(
        log.lines()
            .any(|line| line.contains(" ERROR ") && line.contains("MS-1013: ")),
        "{log}"
    );
    assert!(!path.join("server/server.json").exists(), "nobody is told");
}

#[test]
fn with_tokens_that_are_somebody_elses() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let tokens = path.join("tokens");
    fs::write(&tokens, "grafana read 0123456789abcdef\n").expect("written");
    set(&tokens, 0o600);
    // Only root can give a file away; whoever else reads one of another user can't without its mode being refused.
    if std::os::unix::fs::chown(&tokens, Some(65_534), None).is_err() {
        set(&tokens, 0o604);
        let options = [DATA, "-Drest.auth.token-file=tokens"];
        return is_refused(path, &options, &["MS-1005: ", "open to others"]);
    }
    let options = [DATA, "-Drest.auth.token-file=tokens"];
    is_refused(path, &options, &["MS-1005: ", "it belongs to user 65534"]);
    assert!(!path.join("server").exists(), "nothing was begun");
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
    // Nobody reads standard error of a server that runs in the background.
    let log = fs::read_to_string(path.join("server/server.log")).expect("the log");
    let warning = warning.trim_start_matches("WARNING: ");
    let is_warned_of = |line: &str| line.contains(" WARN ") && line.contains(warning);
    assert!(log.lines().any(is_warned_of), "{log}");
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
    let open = "and answers any program of this machine, without a token, not encrypted.";
    let mut server = Server::started(path, &["--insecure"]);
    let address = server.address().to_owned();
    let asked = |words: &[&str]| {
        let mut command = command(path);
        command.args(words).arg(DATA);
        run(command).out
    };
    let status = asked(&["server", "status"]);
    assert!(
        status.contains(&format!("It listens at {address} {open}")),
        "{status}"
    );
    let port = format!("-Drest.port={}", server.port());
    let doctor = asked(&["doctor", &port]);
    let line = doctor.lines().find(|line| line.contains("exposure"));
    let line = line.expect(&doctor);
    assert!(
        line.starts_with("warning") && line.contains(open.trim_end_matches('.')),
        "{doctor}"
    );
    let said = server.suspend();
    let warning = format!("WARNING: It listens at {address} {open}");
    assert!(said.err.contains(&warning), "{}", said.err);
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

#[test]
fn with_a_pipe_in_the_place_of_a_certificate() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let made = std::process::Command::new("mkfifo")
        .arg(path.join("pipe"))
        .status();
    assert!(made.expect("runs").success(), "a pipe is made");
    let mut server = command(path);
    server.args([
        "server",
        "-Drest.port=0",
        DATA,
        "-Dsecurity.ssl.rest.enabled=true",
        "-Dsecurity.ssl.rest.certificate=pipe",
        "-Dsecurity.ssl.rest.private-key=pipe",
    ]);
    let said = run(server);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for part in ["MS-1005", "no regular file"] {
        assert!(said.err.contains(part), "{}", said.err);
    }
}
