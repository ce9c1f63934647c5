//! The errors of this crate, one function for each kind, so that each always says the same: which
//! file, what is wrong with it, what to do.

use std::fmt::Display;
use std::io;
use std::path::Path;

use millstream_core::{Error, codes};

use crate::files::is_in_store;

const ANOTHER: &str = "restore from another snapshot";

pub(crate) fn write(path: &Path, cause: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_WRITE,
        format!("can't write {}", path.display()),
    )
    .cause(cause)
    .next(match is_in_store(path) {
        true => {
            "see that the store or cluster runs, and that the user of the job may write there, or name another directory \
             (stream.checkpoint.dir, state.checkpoints.dir, state.savepoints.dir)"
        }
        false => "check that the directory exists, is writable and has space left",
    })
}

/// What could not be read, and whether that may pass.
pub(crate) fn read(path: &Path, cause: &io::Error) -> Error {
    if may_pass(cause.kind()) {
        return unreachable(path, "it can't be read").cause(cause);
    }
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!("can't read {}", path.display()),
    )
    .cause(cause)
    .next("check the path and its permissions")
}

/// Whether an error of the system says nothing about what is there: the disk, the share or the machine may answer later, or have room
/// again. Only what is known to be a statement about the path or its permissions is taken for one.
pub fn may_pass(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    !matches!(
        kind,
        Kind::NotFound
            | Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::PermissionDenied
            | Kind::InvalidInput
            | Kind::InvalidData
            | Kind::InvalidFilename
            | Kind::UnexpectedEof
            | Kind::Unsupported
    )
}

/// Something that is not there or can't be looked at, though nothing is known to be wrong with it.
pub(crate) fn unreachable(path: &Path, why: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_UNREACHABLE,
        format!("{} can't be reached: {why}", path.display()),
    )
    .next(match is_in_store(path) {
        true => "see that the store or cluster runs, that its address and keys are right (s3.endpoint, HADOOP_CONF_DIR), and the path",
        false => "check that its disk or share is mounted, and the path",
    })
}

/// The error of a snapshot's file at `path` whose bytes do not make sense; `what` says which and why.
pub fn corrupt(path: &Path, what: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_CORRUPT,
        format!("{} is damaged: {what}", path.display()),
    )
    .next(ANOTHER)
}

pub(crate) fn foreign(path: &Path) -> Error {
    Error::new(
        &codes::SNAPSHOT_FOREIGN,
        format!("{} was not written by Millstream", path.display()),
    )
    .next("give the directory of a snapshot of Millstream")
}

pub(crate) fn file_missing(path: &Path) -> Error {
    Error::new(
        &codes::SNAPSHOT_FILE_MISSING,
        format!(
            "{} is missing, though the snapshot's _metadata names it",
            path.display()
        ),
    )
    .next(format!("put the file back, or {ANOTHER}"))
}

/// The directory that a job holds is away, or another one stands in its place.
pub(crate) fn not_held(directory: &Path) -> Error {
    Error::new(
        &codes::SNAPSHOT_UNREACHABLE,
        format!(
            "the directory of the job's checkpoints, {}, is not the one that the job holds",
            directory.display()
        ),
    )
    .next("bring it back (a disk that is not mounted?); until then nothing is written to it or committed")
}

pub(crate) fn newer(path: &Path, version: u64, known: u64) -> Error {
    Error::new(
        &codes::SNAPSHOT_VERSION,
        format!(
            "{} has format version {version}, and this Millstream {} reads versions up to {known}",
            path.display(),
            env!("CARGO_PKG_VERSION"),
        ),
    )
    .next(format!(
        "use the Millstream that wrote it or a newer one, or {ANOTHER}"
    ))
}

/// The same error, whose next step also names snapshots that lie beside the broken one.
pub(crate) fn suggest(error: Error, others: &[String]) -> Error {
    if others.is_empty() {
        return error;
    }
    let lie = if others.len() == 1 { "lies" } else { "lie" };
    let others = others.join(", ");
    let step = format!("{}: {others} {lie} beside it", error.next_step());
    error.next(step)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::read;

    #[test]
    fn what_may_pass_is_told_from_what_is_so() {
        // EIO, ESTALE, ENOTCONN, ETIMEDOUT, EHOSTDOWN, ECONNREFUSED, ENODEV, EMFILE
        for number in [5, 116, 107, 110, 112, 111, 19, 24] {
            let cause = io::Error::from_raw_os_error(number);
            let error = read(Path::new("/cp/chk-1"), &cause);
            assert_eq!(error.code(), "MS-3010", "{cause}");
        }
        // ENOENT, EACCES, ENOTDIR, EISDIR, ENAMETOOLONG, EPERM
        for number in [2, 13, 20, 21, 36, 1] {
            let cause = io::Error::from_raw_os_error(number);
            let error = read(Path::new("/cp/chk-1"), &cause);
            assert_eq!(error.code(), "MS-3001", "{cause}");
        }
    }
}
