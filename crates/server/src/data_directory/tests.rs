//! Whose a data directory is, and what may lie in it.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use super::*;

#[test]
fn one_server_has_a_data_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("data");
    let first = DataDirectory::open(&path).expect("it is free");
    let server = RunningServer {
        pid: 4711,
        address: "http://127.0.0.1:8081".to_owned(),
        started: 5,
        version: "0.1.0".to_owned(),
        bound: "127.0.0.1:8081".to_owned(),
        answers: String::new(),
        open: false,
    };
    first.tell(&server).expect("it can be written");
    assert_eq!(running(&path).expect("it is there"), Some(server));
    let error = DataDirectory::open(&path).expect_err("it is taken");
    assert_eq!(error.code(), codes::SERVER_RUNNING.id);
    assert!(error.message().contains("4711"), "{error}");
    drop(first);
    assert_eq!(running(&path).expect("it is there"), None);
    let _second = DataDirectory::open(&path).expect("it is free again");
    let told = running(&path).expect("it is there");
    assert_eq!(
        told, None,
        "what the first has told is not true of the second"
    );
}

#[test]
fn what_is_somebody_elses_is_neither_closed_nor_written_into() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
    for ours in ["checkpoints", "lost+found", "dead-letters"] {
        fs::create_dir(path.join(ours)).expect("made");
    }
    let book = path.join("dead-letters/orders-00ff00ff00ff00ff");
    fs::create_dir(book).expect("made");
    fs::write(path.join("thesis.tex"), "years of work").expect("a file");
    let error = DataDirectory::open(path).expect_err("it is somebody's");
    assert_eq!(error.code(), "MS-1010");
    assert!(error.message().ends_with("it holds thesis.tex"), "{error}");
    let mode = fs::metadata(path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read_dir(path).expect("listed").count(), 4);
    fs::remove_file(path.join("thesis.tex")).expect("removed");
    drop(DataDirectory::open(path).expect("checkpoints of jobs without a server"));
    fs::write(path.join("notes"), "").expect("a file");
    drop(DataDirectory::open(path).expect("it has been one before"));
}

#[test]
fn names_that_flink_gives_as_well_do_not_make_a_directory_ours() {
    let job = "0123456789abcdef0123456789abcdef";
    let flinks: &[u8] = b"\x49\x60\x67\x2d\0\0\0\x04 of Java";
    let ours: &[u8] = b"{\n  \"format\": \"millstream-snapshot\",\n  \"version\": 3,\n";
    let text: &[u8] = b"{}";
    for (file, content, is_ours) in [
        (format!("checkpoints/{job}/chk-7/_metadata"), flinks, false),
        (format!("checkpoints/{job}/shared/0f3e"), text, false),
        (
            "savepoints/savepoint-012345-abc/_metadata".to_owned(),
            flinks,
            false,
        ),
        (format!("jobs/{job}/graph"), text, false),
        (format!("checkpoints/{job}/chk-7/_metadata"), ours, true),
        (format!("checkpoints/{job}/_owner"), text, true),
        (format!("checkpoints/_reached/{job}"), text, true),
        (
            "savepoints/savepoint-012345-abc/_metadata".to_owned(),
            ours,
            true,
        ),
        (format!("jobs/{job}/job.json"), text, true),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        for made in ["jobs", "checkpoints"] {
            fs::create_dir(path.join(made)).expect("made");
        }
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
        let file = path.join(file);
        fs::create_dir_all(file.parent().expect("a directory")).expect("made");
        fs::write(&file, content).expect("a file");
        let opened = DataDirectory::open(path);
        let mode = fs::metadata(path).expect("there").permissions().mode() & 0o777;
        let expected = if is_ours { 0o700 } else { 0o755 };
        assert_eq!((opened.is_ok(), mode), (is_ours, expected), "{file:?}");
    }
}

#[test]
fn a_lock_alone_does_not_make_ours_what_lies_beside_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
    fs::write(path.join("server.lock"), "").expect("a file");
    fs::write(path.join("thesis.tex"), "years of work").expect("a file");
    let error = DataDirectory::open(path).expect_err("it is somebody's");
    assert_eq!(error.code(), "MS-1010");
    assert!(error.message().ends_with("it holds thesis.tex"), "{error}");
    let mode = fs::metadata(path).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o755);
    assert_eq!(fs::read_dir(path).expect("listed").count(), 2);
    fs::remove_file(path.join("thesis.tex")).expect("removed");
    // Of a server whose records are lost.
    for left in [
        "server.log",
        "server.log.12",
        "server.json",
        "server.json.tmp",
        "millstream.reserve",
        "millstream.db-wal",
        ".plan-00ff00ff00ff00ff.json",
    ] {
        fs::write(path.join(left), "").expect("a file");
    }
    drop(DataDirectory::open(path).expect("a server had it"));
}

#[test]
fn a_directory_or_a_link_of_somebody_else_is_left_alone() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT TRIED: only root can make what belongs to somebody else");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("data");
    fs::create_dir(&path).expect("made");
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(&path, &link).expect("linked");
    std::os::unix::fs::lchown(&link, Some(65_534), None).expect("given away");
    for (path, words) in [
        (link.clone(), "it belongs to user 65534"),
        (link.join("below"), "above it is"),
    ] {
        let error = DataDirectory::open(&path).expect_err("its owner may lead it elsewhere");
        assert_eq!(error.code(), "MS-1010");
        assert!(error.message().contains(words), "{error}");
    }
    std::os::unix::fs::chown(&path, Some(65_534), None).expect("given away");
    let error = DataDirectory::open(&path).expect_err("it is somebody's");
    assert!(error.message().contains("user 65534"), "{error}");
    assert_eq!(fs::read_dir(&path).expect("listed").count(), 0);
}

#[test]
fn a_directory_that_was_open_to_others_is_closed() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("set");
    fs::write(path.join("millstream.db"), "").expect("a file");
    let _data = DataDirectory::open(path).expect("it is free");
    assert_eq!(mode(path), 0o700);
    assert_eq!(mode(&path.join("millstream.db")), 0o600);
}

#[test]
fn what_somebody_else_may_have_put_there_is_refused() {
    let job = "0123456789abcdef0123456789abcdef";
    let in_job = |name: &str| format!("jobs/{job}/{name}");
    let (submission, program) = (in_job("job.json"), in_job("program"));
    let (records, log) = ("millstream.db", "millstream.db-wal");
    let made = || {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("data");
        fs::create_dir_all(path.join("jobs").join(job)).expect("made");
        for directory in ["checkpoints", "savepoints", "dead-letters"] {
            fs::create_dir(path.join(directory)).expect("made");
        }
        for file in [records, log, &submission, &program] {
            fs::write(path.join(file), "").expect("a file");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("set");
        (directory, path)
    };
    let is_refused = |path: &Path, words: &str| {
        let error = DataDirectory::open(path).expect_err(words);
        assert_eq!(error.code(), "MS-1010");
        assert!(error.message().ends_with(words), "{error}");
        let mode = fs::metadata(path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o777, "nothing is changed");
    };
    let (_whole, path) = made();
    drop(DataDirectory::open(&path).expect("all is the user's own"));
    for place in [records, &format!("jobs/{job}"), &submission] {
        let (aside, path) = made();
        let place = path.join(place);
        let elsewhere = aside.path().join("elsewhere");
        fs::rename(&place, &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, &place).expect("linked");
        is_refused(&path, "it is a link");
    }
    // Whoever has the directory may keep its jobs and snapshots on another disk.
    for directory in ["jobs", "checkpoints"] {
        let (aside, path) = made();
        let elsewhere = aside.path().join(directory);
        fs::rename(path.join(directory), &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, path.join(directory)).expect("linked");
        drop(DataDirectory::open(&path).expect("the link is the user's own"));
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("NOT TRIED: only root can make what belongs to somebody else");
        return;
    }
    let started = in_job("started");
    for place in [
        records,
        log,
        "checkpoints",
        "savepoints",
        "dead-letters",
        "jobs",
        &format!("jobs/{job}"),
        &submission,
        &started,
    ] {
        let (_whole, path) = made();
        fs::write(path.join(&started), "").expect("a file");
        let place = path.join(place);
        std::os::unix::fs::lchown(&place, Some(65_534), None).expect("given away");
        is_refused(&path, "it belongs to user 65534");
    }
}

/// What is put in the place of a file or directory of the server.
#[derive(Debug, Clone, Copy)]
enum Put {
    File,
    Directory,
    Pipe,
}

impl Put {
    fn at(self, place: &Path) {
        match self {
            Self::File => fs::write(place, "").expect("a file"),
            Self::Directory => fs::create_dir(place).expect("made"),
            Self::Pipe => {
                let made = Command::new("mkfifo").arg(place).status();
                assert!(made.expect("mkfifo").success());
            }
        }
    }
}

/// Opens a data directory in which a server has been, and that is in the place `name`; answers the refusal.
fn refused(put: Put, name: &str) -> Error {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    drop(DataDirectory::open(path).expect("it is free"));
    let place = path.join(name);
    if place.is_dir() {
        fs::remove_dir(&place).expect("nothing is in it");
    } else if place.exists() {
        fs::remove_file(&place).expect("removed");
    }
    put.at(&place);
    let error = DataDirectory::open(path).expect_err("it is of another kind");
    let begins = format!("{} is a ", place.display());
    assert!(error.message().starts_with(&begins), "{error}");
    error
}

#[test]
fn what_is_no_file_is_not_opened_as_one() {
    for name in [
        "server.lock",
        "millstream.db",
        "millstream.reserve",
        "server.log",
    ] {
        for (put, kind) in [(Put::Pipe, "pipe"), (Put::Directory, "directory")] {
            let error = refused(put, name);
            assert_eq!(error.code(), "MS-1010", "{name}");
            let ends = format!("is a {kind} and no file");
            assert!(error.message().ends_with(&ends), "{error}");
        }
    }
}

#[test]
fn what_is_no_file_beside_the_records_is_named() {
    for name in ["millstream.db-wal", "millstream.db-shm"] {
        for put in [Put::Pipe, Put::Directory] {
            let error = refused(put, name);
            assert_eq!(error.code(), "MS-1013", "{name}");
            assert!(error.message().ends_with(" and no file"), "{error}");
        }
    }
}

#[test]
fn what_is_no_directory_is_not_taken_for_one() {
    for name in ["jobs", "packages", "checkpoints", "dead-letters"] {
        for (put, kind) in [(Put::Pipe, "pipe"), (Put::File, "file")] {
            let error = refused(put, name);
            assert_eq!(error.code(), "MS-1010", "{name}");
            let ends = format!("is a {kind} and no directory");
            assert!(error.message().ends_with(&ends), "{error}");
        }
    }
}

#[test]
fn a_link_to_a_directory_is_one() {
    let aside = tempfile::tempdir().expect("a directory");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    drop(DataDirectory::open(path).expect("it is free"));
    for name in ["packages", "checkpoints", "dead-letters"] {
        std::os::unix::fs::symlink(aside.path(), path.join(name)).expect("linked");
    }
    drop(DataDirectory::open(path).expect("the links are the user's own"));
}

/// Something that is mounted, as long as this is there.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg(&self.0).status());
    }
}

#[test]
fn what_is_mounted_there_may_be_anybodys() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("data");
    for name in ["checkpoints", "savepoints", "dead-letters"] {
        let place = path.join(name);
        fs::create_dir_all(&place).expect("made");
        let mut mount = Command::new("mount");
        let options = ["-t", "tmpfs", "-o", "uid=65534,size=64k", "none"];
        mount.args(options).arg(&place).stderr(Stdio::null());
        if !mount.status().is_ok_and(|how| how.success()) {
            eprintln!("NOT TRIED: only root may mount something, and not in every container");
            return;
        }
        let _mounted = Mounted(place);
        drop(DataDirectory::open(&path).expect("root has put it there"));
    }
}
