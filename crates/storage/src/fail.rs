//! The errors of this crate, one function for each kind, so that each always says the same: which
//! file, what is wrong with it, what to do.

use std::fmt::Display;
use std::path::Path;

use millstream_core::{Error, codes};

use crate::location::Location;

const ANOTHER: &str = "restore from another snapshot";

pub(crate) fn write(path: &Path, cause: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_WRITE,
        format!("can't write {}", path.display()),
    )
    .cause(cause)
    .next("check that the directory exists, is writable and has space left")
}

pub(crate) fn read(path: &Path, cause: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!("can't read {}", path.display()),
    )
    .cause(cause)
    .next("check the path and its permissions")
}

pub(crate) fn ended(job_name: &str, status: &str, job_directory: &Location) -> Error {
    Error::new(
        &codes::SNAPSHOT_MISSING,
        format!(
            "job `{job_name}` ended {status} and its last checkpoint was deleted with it ({job_directory}): going on from an older \
             snapshot would write output twice"
        ),
    )
    .next(
        "start without -s to begin anew, or name the snapshot with -s PATH to accept that; \
         execution.checkpointing.externalized-checkpoint-retention keeps checkpoints of jobs that are cancelled",
    )
}

/// The error of a snapshot's file at `path` whose bytes do not make sense; `what` says which and why.
pub fn corrupt(path: &Path, what: impl Display) -> Error {
    Error::new(
        &codes::SNAPSHOT_CORRUPT,
        format!("{} is damaged: {what}", path.display()),
    )
    .next(ANOTHER)
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
