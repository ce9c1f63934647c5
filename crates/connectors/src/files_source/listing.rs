//! What lies in the source's directory.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use millstream_core::codes::Code;
use millstream_core::{Error, Result, codes};
use serde::{Deserialize, Serialize};

/// What tells a file from a changed one of the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Bytes.
    pub(crate) size: u64,
    /// Time of the last modification, nanoseconds since 1970.
    pub(crate) mtime: i64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let mtime =
            metadata
                .modified()
                .ok()
                .map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                    Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
                    Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
                });
        Self {
            size: metadata.len(),
            mtime,
        }
    }

    /// Whether a file that was this has only been appended to.
    pub(crate) fn grew_into(&self, now: &Self) -> bool {
        now.size > self.size
    }
}

/// How a file's bytes are packed, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn of(path: &str) -> Self {
        let ending = path
            .rsplit_once('.')
            .map(|(_, ending)| ending.to_ascii_lowercase());
        match ending.as_deref() {
            Some("gz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) path: Arc<str>,
    pub(crate) identity: Identity,
}

/// All files of a directory, oldest first (by modification time, then by path).
pub(crate) type Listing = Vec<FoundFile>;

/// Lists the files of the directory `path`, or the file itself.
///
/// Names that begin with `_` or `.` are passed over; files that vanish meanwhile, too.
pub(crate) fn list(path: &Path) -> Result<Listing> {
    list_with(path, &codes::SOURCE_PATH)
}

/// As [`list`], for a source that runs: what can't be read now was there before, and may be there again.
pub(crate) fn list_again(path: &Path) -> Result<Listing> {
    list_with(path, &codes::SOURCE_READ)
}

fn list_with(path: &Path, code: &'static Code) -> Result<Listing> {
    let unreadable = |path: &Path, error: &io::Error| unreadable(path, error, code);
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_dir() {
        return Ok(vec![found(path, &metadata)?]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, &error))? {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let name = entry.file_name();
        if matches!(name.as_encoded_bytes().first(), Some(b'_' | b'.')) {
            continue;
        }
        let path = entry.path();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return Err(nested(&path)),
            Ok(metadata) => files.push(found(&path, &metadata)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&path, &error)),
        }
    }
    files.sort_by(|a, b| (a.identity.mtime, &a.path).cmp(&(b.identity.mtime, &b.path)));
    Ok(files)
}

/// The absolute form of a path as the user gave it, so that identities do not depend on the
/// directory that a process was started in.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| unreadable(path, &error, &codes::SOURCE_PATH))
}

fn found(path: &Path, metadata: &Metadata) -> Result<FoundFile> {
    if !metadata.is_file() {
        return Err(Error::new(
            &codes::SOURCE_PATH,
            format!("{} is neither a file nor a directory", path.display()),
        )
        .next("remove it, or give it a name that begins with `_` or `.`"));
    }
    let text = path.to_str().ok_or_else(|| {
        Error::new(
            &codes::SOURCE_PATH,
            format!(
                "the name of {} is not UTF-8, so it can't be kept in a snapshot",
                path.display()
            ),
        )
        .next("rename the file")
    })?;
    Ok(FoundFile {
        path: text.into(),
        identity: Identity::of(metadata),
    })
}

fn nested(path: &Path) -> Error {
    Error::new(
        &codes::SOURCE_NESTED,
        format!(
            "the source directory holds the directory {}",
            path.display()
        ),
    )
    .next(
        "move it away, give it a name that begins with `_` or `.`, or read it by a job of its own",
    )
}

fn unreadable(path: &Path, error: &io::Error, code: &'static Code) -> Error {
    Error::new(code, format!("{} can't be read", path.display()))
        .cause(error)
        .next("check the source path and its permissions")
}
