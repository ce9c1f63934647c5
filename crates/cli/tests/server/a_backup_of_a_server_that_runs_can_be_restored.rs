//! `millstream server backup FILE` while the server and its jobs run, and `restore` into another directory: jobs, operations and packages are
//! there again, and a job that had not ended goes on when somebody says so, without losing or doubling anything.

use crate::common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::common::running::run;
use crate::common::server::{Server, first_file};
use crate::common::{command, put, rest};

#[test]
fn what_was_known_is_known_again_and_nothing_runs_by_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let mut server = Server::started(path, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let program = env!("CARGO_BIN_EXE_millstream");
    let (status, package) = rest::upload(
        server.port(),
        "words",
        format!("#!/bin/sh\nexec {program} \"$@\"\n").as_bytes(),
    );
    assert_eq!(status, 200, "{package}");
    server.succeed(&["savepoint", &job]);
    let said = |arguments: &[&str]| {
        let mut command = command(path);
        command.arg("server").args(arguments);
        run(command)
    };
    let data = "-Dmillstream.data-dir=server";
    let made = said(&["backup", "kept.backup", data]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert_eq!(
        made.out,
        "Wrote the records of 1 job, of which 1 has not ended, to kept.backup.\n"
    );
    let mode = fs::metadata(path.join("kept.backup"))
        .expect("there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "it holds secrets");
    for (arguments, expected) in [
        (&["backup", "kept.backup", data][..], "MS-1010: "),
        (&["backup", data], "MS-1004: "),
        (
            &["backup", "x", "-Dmillstream.data-dir=nowhere"],
            "MS-1010: ",
        ),
        (&["restore", "kept.backup", data], "MS-1010: "),
        (
            &["restore", "in/1.csv", "-Dmillstream.data-dir=new"],
            "MS-1013: ",
        ),
    ] {
        let refused = said(arguments);
        assert_eq!(refused.code, Some(1), "{arguments:?}: {}", refused.out);
        assert!(
            refused.err.starts_with(expected),
            "{arguments:?}: {}",
            refused.err
        );
    }

    // The machine is lost, checkpoints and output are not.
    server.kill();
    common::processes::kill_and_await(&common::processes::naming(&job));
    let restored = said(&["restore", "kept.backup", "-Dmillstream.data-dir=new"]);
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    server.data = path.join("new");
    server.start();
    assert_eq!(server.status(&job), "FAILED");
    assert_eq!(common::processes::naming(&job), Vec::<u32>::new());
    let why = server.succeed(&["exceptions", &job]);
    assert!(why.contains("its records come from a backup"), "{why}");
    let operations = server.json(&["operations"]);
    assert_eq!(operations.as_array().map(Vec::len), Some(1), "{operations}");
    let (_, packages) = rest::send(server.port(), "GET", "/jars", &[], b"");
    assert!(packages.contains("_words"), "{packages}");

    put(path, "in/2.csv", "id,name\n2,Bob\n");
    let said = server.succeed(&["restart", &job, "--from", "latest"]);
    let new = said
        .split_whitespace()
        .rfind(|word| word.len() == 32)
        .expect(&said);
    let new = new.trim_end_matches('.').to_owned();
    server.await_status(&new, "RUNNING");
    server.await_that("both records to be there once", || {
        common::lines(&path.join("out")).len() == 2
    });
    server.end();
}

#[test]
fn half_of_it_is_none() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let server = Server::started(path, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let said = |verb: &str, file: &str, data: &str| {
        let mut command = command(path);
        command.args(["server", verb, file]).arg(data);
        run(command)
    };
    let (old, new) = ("-Dmillstream.data-dir=server", "-Dmillstream.data-dir=new");

    // What is there and can't be read would be missing.
    let loops = server.data.join("jobs").join("0".repeat(32));
    std::os::unix::fs::symlink(&loops, &loops).expect("linked");
    let refused = said("backup", "x.backup", old);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains(&"0".repeat(32)), "{}", refused.err);
    assert!(!path.join("x.backup").exists(), "half of one stays");
    fs::remove_file(&loops).expect("removed");
    let made = said("backup", "kept.backup", old);
    assert_eq!(made.code, Some(0), "{}", made.err);
    server.cancel(&job);
    server.end();

    // One of its files can't be put, so that none is.
    let in_the_way = path.join("new/jobs").join(&job).join("job.json");
    fs::create_dir_all(&in_the_way).expect("made");
    let refused = said("restore", "kept.backup", new);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(
        refused.err.contains("job.json can't be written"),
        "{}",
        refused.err
    );
    assert!(!path.join("new/millstream.db").exists());
    let left = fs::read_dir(path.join("new/jobs").join(&job)).expect("listed");
    assert_eq!(left.count(), 1, "what is in the way alone");
    fs::remove_dir(&in_the_way).expect("removed");
    let restored = said("restore", "kept.backup", new);
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert!(in_the_way.is_file());
}

#[test]
fn one_that_was_killed_is_none_and_the_next_begins_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let backup = |name: &str| {
        let mut command = command(path);
        command.args(["server", "backup", name, "-Dmillstream.data-dir=server"]);
        command
    };
    // It may be done before it can be killed; then another one is.
    let cut_off = (0..100).find_map(|number| {
        let name = format!("{number}.backup");
        let part = path.join(format!("{name}.part"));
        let mut killed = backup(&name);
        killed.stdout(Stdio::null());
        let mut killed = killed.spawn().expect("it starts");
        while !part.exists() && killed.try_wait().expect("it is ours").is_none() {
            std::thread::yield_now();
        }
        killed.kill().expect("it is ours");
        killed.wait().expect("it is ours");
        part.exists().then_some(name)
    });
    let name = cut_off.expect("one of a hundred is killed in time");
    assert!(!path.join(&name).exists(), "half of it has the name");
    let made = run(backup(&name));
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(path.join(&name).exists());
    assert!(!path.join(format!("{name}.part")).exists());

    // One that goes on is left alone.
    let part = fs::File::create(path.join("other.backup.part.lock")).expect("made");
    part.try_lock().expect("it is free");
    let refused = run(backup("other.backup"));
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(
        refused
            .err
            .starts_with("MS-1010: another backup is being written"),
        "{}",
        refused.err
    );
    server.end();
}

#[test]
fn a_restore_that_was_killed_begins_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let server = Server::started(path, &[]);
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let said = |arguments: &[&str]| {
        let mut command = command(path);
        command.arg("server").args(arguments);
        run(command)
    };
    let made = said(&["backup", "kept.backup", "-Dmillstream.data-dir=server"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    server.cancel(&job);
    server.end();

    // It may be done before it can be killed; then another one is.
    let cut_off = (0..100).find_map(|number| {
        let name = format!("new-{number}");
        let note = path.join(&name).join("millstream.restoring");
        let mut restore = command(path);
        restore.args(["server", "restore", "kept.backup"]);
        restore.arg(format!("-Dmillstream.data-dir={name}"));
        let mut restore = restore.spawn().expect("it starts");
        while !note.exists() && restore.try_wait().expect("it is ours").is_none() {
            std::thread::yield_now();
        }
        restore.kill().expect("it is ours");
        restore.wait().expect("it is ours");
        note.exists().then_some(name)
    });
    let name = cut_off.expect("one of a hundred is killed in time");
    let data = format!("-Dmillstream.data-dir={name}");
    let refused = said(&["-Drest.port=0", &data]);
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(
        refused
            .err
            .contains("holds a part of a backup: its restore was cut off"),
        "{}",
        refused.err
    );
    let restored = said(&["restore", "kept.backup", &data]);
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    let new = path.join(&name);
    assert!(new.join("jobs").join(&job).join("job.json").is_file());
    assert!(!new.join("millstream.restoring").exists());
    let again = said(&["restore", "kept.backup", &data]);
    assert_eq!(again.code, Some(1), "it has records: {}", again.out);
}

#[test]
fn only_who_has_the_directory_notes_what_is_put_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    let backup = |arguments: &[&str]| {
        let mut command = command(path);
        command.arg("server").args(arguments);
        command
    };
    let made = run(backup(&[
        "backup",
        "kept.backup",
        "-Dmillstream.data-dir=server",
    ]));
    assert_eq!(made.code, Some(0), "{}", made.err);
    server.end();

    // As another restore has it.
    let new = path.join("new");
    fs::create_dir(&new).expect("made");
    let lock = fs::File::create(new.join("server.lock")).expect("made");
    lock.try_lock().expect("it is free");
    let mut second = backup(&["restore", "kept.backup", "-Dmillstream.data-dir=new"]);
    let second = second.stderr(Stdio::piped()).spawn();
    let mut second = second.expect("it starts");
    let note = new.join("millstream.restoring");
    while second.try_wait().expect("it is ours").is_none() {
        assert!(!note.exists(), "the note would be of two");
        std::thread::yield_now();
    }
    let said = second.wait_with_output().expect("it is ours");
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.starts_with("MS-1008: "), "{said}");
    drop(lock);
    let restored = run(backup(&[
        "restore",
        "kept.backup",
        "-Dmillstream.data-dir=new",
    ]));
    assert_eq!(restored.code, Some(0), "{}", restored.err);
}

#[test]
fn a_pipe_in_its_place_is_not_waited_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let made = Command::new("mkfifo").arg(path.join("pipe")).status();
    assert!(made.expect("runs").success(), "a pipe is made");
    let mut restore = command(path);
    restore.args(["server", "restore", "pipe", "-Dmillstream.data-dir=new"]);
    let said = run(restore);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.err.lines().last().unwrap_or_default();
    for part in ["MS-1013: ", "no regular file"] {
        assert!(error.contains(part), "{}", said.err);
    }
    assert!(!path.join("new").exists(), "nothing was begun");
}

#[test]
fn a_damaged_one_is_refused_before_anything_is_put() {
    const PAGE: usize = 4_096;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    first_file(path);
    let server = Server::started(path, &[]);
    let program = env!("CARGO_BIN_EXE_millstream");
    let padding = "#".repeat(20 * PAGE);
    let script = format!("#!/bin/sh\nexec {program} \"$@\"\n{padding}\n");
    let (status, package) = rest::upload(server.port(), "words", script.as_bytes());
    assert_eq!(status, 200, "{package}");
    let job = server.submit("orders", &[]);
    server.await_status(&job, "RUNNING");
    let said = |verb: &str, file: &str, data: &str| {
        let mut command = command(path);
        command.args(["server", verb, file]);
        command.arg(format!("-Dmillstream.data-dir={data}"));
        run(command)
    };
    let made = said("backup", "kept.backup", "server");
    assert_eq!(made.code, Some(0), "{}", made.err);
    server.cancel(&job);
    server.end();

    let whole = fs::read(path.join("kept.backup")).expect("read");
    let refused = |begin: usize, length: usize| {
        let mut damaged = whole.clone();
        let part = damaged.get_mut(begin..begin + length).expect("a part");
        part.iter_mut().for_each(|byte| *byte ^= 1);
        fs::write(path.join("damaged.backup"), damaged).expect("written");
        let restored = said("restore", "damaged.backup", "new");
        assert_eq!(restored.code, Some(1), "at {begin}: {}", restored.out);
        assert!(
            restored.err.starts_with("MS-1013: ") && restored.err.contains("damaged.backup"),
            "at {begin}: {}",
            restored.err
        );
        assert!(!path.join("new").exists(), "at {begin}");
        restored.err
    };
    for begin in (0..whole.len()).step_by(PAGE) {
        refused(begin, PAGE);
    }
    // Where the database is as sound as before.
    let place = |what: &[u8]| {
        let mut windows = whole.windows(what.len());
        windows.position(|window| window == what).expect("in it")
    };
    for (what, length, expected) in [
        (
            &b"################"[..],
            16,
            " is damaged: the file packages/",
        ),
        (&b"orders"[..], 1, " is damaged: its records are not those "),
    ] {
        let error = refused(place(what), length);
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("restore another backup"), "{error}");
    }

    // One of the version before has no digests, and each file whole; that its database is sound is known all the same.
    let old = rusqlite::Connection::open(path.join("kept.backup")).expect("opened");
    old.execute_batch(
        "DROP TABLE backup_digest; DROP TABLE backup_rest; ALTER TABLE backup_contents DROP COLUMN digest; VACUUM;",
    )
    .expect("made older");
    drop(old);
    let restored = said("restore", "kept.backup", "new");
    assert_eq!(restored.code, Some(0), "{}", restored.err);
    assert!(path.join("new/jobs").join(&job).join("job.json").is_file());
}
