//! A file of keyed state that is damaged, cut off, too long, missing or of a newer version is refused with its name and
//! what to do, in a savepoint (Parquet) as in a checkpoint (native), and nothing is counted.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

#[path = "../../../crates/cli/tests/common/running.rs"]
mod running;

use std::fs;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use running::{Running, Said};

/// A job that goes on from `snapshot`, if there is one, and the address that its words come from.
fn start(directory: &Path, snapshot: Option<&Path>) -> (Running, TcpListener) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_wordcount"));
    command
        .current_dir(directory)
        .arg("-Dmillstream.data-dir=data")
        .args(["-D", "execution.checkpointing.interval=20 ms"])
        .args(["-D", "restart-strategy.type=none"]);
    if let Some(snapshot) = snapshot {
        command.arg("-s").arg(snapshot);
    }
    command.args(["--socket", &address]);
    (Running::start(command), listener)
}

fn send(listener: &TcpListener, words: &str) -> TcpStream {
    let mut socket = listener.accept().expect("the source connects").0;
    writeln!(socket, "{words}").expect("the source reads");
    socket
}

/// Counts words until they are all in a checkpoint, and ends the job with `end`.
fn count(directory: &Path, end: impl FnOnce(Running) -> Said) -> Said {
    let (mut job, listener) = start(directory, None);
    let _socket = send(&listener, "to be or not to be");
    while job.await_print() != "(be,2)" {}
    job.await_checkpoint();
    end(job)
}

/// The files of state in a snapshot.
fn state_files(snapshot: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(snapshot).expect("a snapshot").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| !path.ends_with("_metadata"));
    files
}

#[track_caller]
fn refused(directory: &Path, snapshot: &Path, file: &Path, code: &str, reason: &str) {
    let (job, _listener) = start(directory, Some(snapshot));
    let said = job.end();
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(1), ""),
        "{reason}: {said:?}"
    );
    let error = said.error();
    assert!(error.starts_with(&format!("{code}: ")), "{reason}: {error}");
    assert!(
        error.contains(&file.display().to_string()),
        "{reason}: {error}"
    );
    assert!(error.contains(reason), "{reason}: {error}");
    assert!(error.contains("another snapshot"), "what to do: {error}");
}

/// Every damage that needs no knowledge of the format.
fn every_damage_is_refused(directory: &Path, snapshot: &Path) {
    for file in state_files(snapshot) {
        let intact = fs::read(&file).expect("readable");
        let refused = |code, reason: &str| refused(directory, snapshot, &file, code, reason);
        let mut changed = intact.clone();
        changed[intact.len() / 2] ^= 1;
        fs::write(&file, &changed).expect("written");
        // Only read when the state is restored, by which time the job has begun.
        refused("MS-2001", "is damaged: its checksum is ");
        fs::write(&file, &intact[..intact.len() - 1]).expect("written");
        refused("MS-3002", &format!("bytes, not {}", intact.len()));
        fs::write(&file, [&intact[..], b"x"].concat()).expect("written");
        refused("MS-3002", &format!("bytes, not {}", intact.len()));
        fs::remove_file(&file).expect("removed");
        refused(
            "MS-3003",
            "is missing, though the snapshot's _metadata names it",
        );
        fs::write(&file, &intact).expect("written");
    }
    // Mended, it is taken, and goes on where it was.
    let (job, listener) = start(directory, Some(snapshot));
    drop(send(&listener, "to be"));
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut printed: Vec<&str> = said.out.lines().collect();
    printed.sort();
    assert_eq!(printed, ["(be,3)", "(to,3)"]);
}

#[test]
fn in_a_savepoint() {
    let directory = tempfile::tempdir().expect("a directory");
    let said = count(directory.path(), Running::suspend);
    let snapshot = PathBuf::from(said.savepoint().trim_start_matches("file:"));
    let files = state_files(&snapshot);
    assert!(
        !files.is_empty()
            && files
                .iter()
                .all(|path| path.extension().is_some_and(|e| e == "parquet")),
        "{files:?}"
    );
    every_damage_is_refused(directory.path(), &snapshot);
}

/// The checkpoint that a killed job has left.
fn checkpoint(directory: &Path) -> PathBuf {
    let jobs = fs::read_dir(directory.join("data/checkpoints")).expect("checkpoints");
    let mut found: Vec<PathBuf> = jobs
        .flatten()
        .flat_map(|job| fs::read_dir(job.path()).expect("a job's").flatten())
        .map(|entry| entry.path())
        .filter(|path| path.join("_metadata").exists())
        .collect();
    found.sort();
    found.pop().expect("a checkpoint")
}

#[test]
fn in_a_checkpoint() {
    let directory = tempfile::tempdir().expect("a directory");
    count(directory.path(), Running::kill);
    let snapshot = checkpoint(directory.path());
    assert!(!state_files(&snapshot).is_empty());
    every_damage_is_refused(directory.path(), &snapshot);
}

#[test]
fn a_newer_version_is_told_from_damage() {
    let directory = tempfile::tempdir().expect("a directory");
    count(directory.path(), Running::kill);
    let snapshot = checkpoint(directory.path());
    let file = state_files(&snapshot).pop().expect("a file");
    let mut bytes = fs::read(&file).expect("readable");
    let before = crc32(&bytes);
    // Behind 8 bytes of magic stands the version, 2. The checksums fit, as a newer version's would.
    assert_eq!(bytes[8], 2);
    bytes[8] = 3;
    fs::write(&file, &bytes).expect("written");
    let metadata = snapshot.join("_metadata");
    let text = fs::read_to_string(&metadata).expect("text");
    let (old, new) = (format!("{before:08x}"), format!("{:08x}", crc32(&bytes)));
    let (body, _) = text.split_once(",\n  \"checksum\"").expect("a checksum");
    assert!(
        body.contains(&old) || body.contains(&before.to_string()),
        "{body}"
    );
    let body = body
        .replace(&old, &new)
        .replace(&format!(": {before}"), &format!(": {}", crc32(&bytes)));
    let text = format!(
        "{body},\n  \"checksum\": \"{:08x}\"\n}}\n",
        crc32(body.as_bytes())
    );
    fs::write(&metadata, text).expect("written");
    let (job, _listener) = start(directory.path(), Some(&snapshot));
    let said = job.end();
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let error = said.error();
    assert!(
        error.contains("MS-3004")
            && error.contains(&file.display().to_string())
            && error.contains("version 3"),
        "{error}"
    );
}

/// CRC-32 as in zip and PNG, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| {
        if crc & 1 == 1 {
            (crc >> 1) ^ 0xEDB8_8320
        } else {
            crc >> 1
        }
    };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !bytes.iter().fold(!0, byte)
}
