//! Corrupt, truncated, missing and newer files are refused with the file's name and what to do.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{ALL, write_snapshot};
use millstream_core::Error;
use millstream_storage::canonical::CanonicalReader;
use millstream_storage::native::NativeReader;
use millstream_storage::{Location, Snapshot, SnapshotFormat, VerifiedFile};

const FORMATS: [SnapshotFormat; 2] = [SnapshotFormat::Native, SnapshotFormat::Canonical];

struct Written {
    directory: PathBuf,
    location: Location,
    state_file: PathBuf,
    _temp: tempfile::TempDir,
}

fn written(format: SnapshotFormat) -> Written {
    let temp = tempfile::tempdir().expect("a directory");
    let directory = temp.path().join("chk-8");
    write_snapshot(&temp.path().join("chk-7"), format, "job", 7);
    let location = write_snapshot(&directory, format, "job", 8);
    let name = {
        let snapshot = Snapshot::open(&location).expect("intact");
        let states = snapshot
            .metadata()
            .operators
            .iter()
            .flat_map(|operator| &operator.states);
        let mut files = states.flat_map(|state| &state.files);
        files.next().expect("a file of state").path.clone()
    };
    Written {
        state_file: directory.join(name),
        directory,
        location,
        _temp: temp,
    }
}

fn refused(location: &Location, code: &str, named: &Path) {
    let opened = Snapshot::open(location).and_then(|snapshot| snapshot.verify_all());
    let error = opened.expect_err("damaged");
    assert_eq!(error.code(), code, "{error}");
    assert!(
        error.message().contains(&named.display().to_string()),
        "{error}"
    );
    assert!(error.next_step().contains("another snapshot"), "{error}");
    assert!(
        error.next_step().contains("chk-7"),
        "the snapshot beside it is named: {error}"
    );
}

#[test]
fn a_flipped_bit_anywhere_in_a_state_file_is_found() {
    for format in FORMATS {
        let written = written(format);
        let intact = fs::read(&written.state_file).expect("there");
        for place in (0..intact.len()).step_by(5) {
            let mut changed = intact.clone();
            changed[place] ^= 0x10;
            fs::write(&written.state_file, &changed).expect("writable");
            refused(&written.location, "MS-3002", &written.state_file);
        }
    }
}

#[test]
fn a_truncated_or_longer_file_is_found() {
    for format in FORMATS {
        let written = written(format);
        let intact = fs::read(&written.state_file).expect("there");
        fs::write(&written.state_file, &intact[..intact.len() - 1]).expect("writable");
        refused(&written.location, "MS-3002", &written.state_file);
        fs::write(&written.state_file, [intact.as_slice(), b"x"].concat()).expect("writable");
        refused(&written.location, "MS-3002", &written.state_file);
    }
}

#[test]
fn a_missing_file_is_named() {
    for format in FORMATS {
        let written = written(format);
        fs::remove_file(&written.state_file).expect("there");
        refused(&written.location, "MS-3003", &written.state_file);
    }
}

#[test]
fn damaged_metadata_is_named() {
    let written = written(SnapshotFormat::Native);
    let path = written.directory.join("_metadata");
    let text = fs::read_to_string(&path).expect("there");
    fs::write(
        &path,
        text.replace("\"parallelism\": 1", "\"parallelism\": 2"),
    )
    .expect("writable");
    refused(&written.location, "MS-3002", &path);
    fs::write(&path, &text[..text.len() / 2]).expect("writable");
    refused(&written.location, "MS-3002", &path);
    fs::write(&path, "").expect("writable");
    refused(&written.location, "MS-3002", &path);
    fs::write(&path, text.replace("\"version\": 3", "\"version\": 9")).expect("writable");
    refused(&written.location, "MS-3004", &path);
}

#[test]
fn a_snapshot_that_is_not_there_is_told_from_one_that_is_incomplete() {
    let written = written(SnapshotFormat::Native);
    fs::remove_file(written.directory.join("_metadata")).expect("there");
    let error = Snapshot::open(&written.location).expect_err("incomplete");
    assert_eq!(error.code(), "MS-3001");
    assert!(error.message().contains("holds no _metadata"), "{error}");
    let nowhere = Location::from_path(written.directory.join("nowhere")).expect("a path");
    let error = Snapshot::open(&nowhere).expect_err("not there");
    assert!(error.message().contains("does not exist"), "{error}");
    assert_eq!(error.code(), "MS-3001");
}

/// The file of state, verified.
fn verified(written: &Written) -> VerifiedFile {
    let snapshot = Snapshot::open(&written.location).expect("intact");
    let file = snapshot.metadata().files().next().expect("a file");
    snapshot.verified(file).expect("intact")
}

/// What the readers find by themselves, should a file change after it was verified.
fn read_native(file: &VerifiedFile, bytes: &[u8]) -> Result<(), Error> {
    fs::write(file.path(), bytes).expect("writable");
    let mut reader = NativeReader::open(file, ALL)?;
    while reader.next_section()?.is_some() {}
    Ok(())
}

#[test]
fn the_readers_never_take_a_file_cut_off_within_a_section() {
    let written = written(SnapshotFormat::Native);
    let file = verified(&written);
    let intact = fs::read(&written.state_file).expect("there");
    let section = 14 + 100;
    for length in 0..intact.len() {
        let at_boundary = length >= 12 && (length - 12) % section == 0;
        assert_eq!(
            read_native(&file, &intact[..length]).is_ok(),
            at_boundary,
            "cut off at {length}"
        );
    }
    let mut newer = intact;
    newer[8] = 3;
    assert_eq!(
        read_native(&file, &newer).expect_err("version 3").code(),
        "MS-3004"
    );
}

#[test]
fn parquet_that_is_not_a_snapshots_is_refused() {
    let written = written(SnapshotFormat::Canonical);
    let file = verified(&written);
    fs::write(file.path(), b"PAR1 and nothing else PAR1").expect("writable");
    let error = CanonicalReader::open(&file, ALL).err().expect("no Parquet");
    assert_eq!(error.code(), "MS-3002");
    assert!(
        error.message().contains(&file.path().display().to_string()),
        "{error}"
    );
}
