//! What proves that a directory has been a data directory: a file that nobody but Millstream writes.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use millstream_core::{JobId, Result};
use millstream_process::regular;
use millstream_protocol::link::{LAUNCH_FILE, OUTCOME_FILE, STARTED_FILE, SUBMISSION_FILE};
use millstream_storage::{METADATA_FILE, REACHED_DIRECTORY};

use crate::files;

/// Files in the directory of a job, one of which has been there since it was made.
const OF_JOB: [&str; 4] = [SUBMISSION_FILE, LAUNCH_FILE, STARTED_FILE, OUTCOME_FILE];
/// Files beside the checkpoints of a job; `docs/formats/job-directory.md` has them.
const OF_CHECKPOINTS: [&str; 4] = ["_owner", "_run", "_reached", "_ended"];
/// How the metadata of a snapshot begins, of every version; Flink's are Java's objects.
const BEGINNING: &[u8] = b"{\n  \"format\": \"millstream-snapshot\"";

/// Whether such a file is in the directory at `path`.
pub(super) fn is_there(path: &Path) -> Result<bool> {
    for job in below(&path.join("jobs"))? {
        if has_one(&job, &OF_JOB)? {
            return Ok(true);
        }
    }
    for job in below(&path.join("checkpoints"))? {
        if is_of_checkpoints(&job)? {
            return Ok(true);
        }
    }
    any_snapshot(&path.join("savepoints"))
}

fn is_of_checkpoints(directory: &Path) -> Result<bool> {
    if directory.file_name() == Some(OsStr::new(REACHED_DIRECTORY)) {
        let names_job = |note: &PathBuf| {
            let name = note.file_name().and_then(OsStr::to_str);
            name.is_some_and(|name| name.parse::<JobId>().is_ok())
        };
        return Ok(below(directory)?.iter().any(names_job));
    }
    Ok(has_one(directory, &OF_CHECKPOINTS)? || any_snapshot(directory)?)
}

/// Whether one of the directories in this one is a snapshot.
fn any_snapshot(directory: &Path) -> Result<bool> {
    for snapshot in below(directory)? {
        let metadata = snapshot.join(METADATA_FILE);
        let begins =
            begins(&metadata).map_err(|cause| files::unusable(&metadata, "read", cause))?;
        if begins {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the file is there and is the metadata of a snapshot.
fn begins(metadata: &Path) -> io::Result<bool> {
    let mut found = Vec::with_capacity(BEGINNING.len());
    let read = regular::open(metadata).and_then(|file| {
        // A pipe or a device holds none.
        let Some(file) = file else { return Ok(0) };
        let most = u64::try_from(BEGINNING.len()).unwrap_or(u64::MAX);
        file.take(most).read_to_end(&mut found)
    });
    match read {
        Err(cause) if is_nothing(&cause) => Ok(false),
        read => read.map(|_| found == BEGINNING),
    }
}

fn has_one(directory: &Path, names: &[&str]) -> Result<bool> {
    for name in names {
        if files::is_there(&directory.join(name))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What lies in a directory; nothing where there is none.
pub(super) fn below(directory: &Path) -> Result<Vec<PathBuf>> {
    let listed: io::Result<Vec<PathBuf>> = fs::read_dir(directory).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| entry.path()));
        paths.collect()
    });
    match listed {
        Err(cause) if is_nothing(&cause) => Ok(Vec::new()),
        listed => listed.map_err(|cause| files::unusable(directory, "read", cause)),
    }
}

/// There is nothing of that name, or it is not what was looked for.
fn is_nothing(cause: &io::Error) -> bool {
    use ErrorKind::{IsADirectory, NotADirectory, NotFound};
    matches!(cause.kind(), NotFound | NotADirectory | IsADirectory)
}
