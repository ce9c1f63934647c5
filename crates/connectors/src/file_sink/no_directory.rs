//! What stands in the place of a directory of output and is none, and one in which a job may not write. A job that begins there has a
//! wrong path, or lacks a right, and fails at once; one that has written there goes on once the directory is back.

use std::fmt::Display;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, codes};

/// What stands at a path that leads through what is no directory, or to it. `None`: nothing of that kind (any more).
pub(super) fn found(path: &Path) -> Option<String> {
    // Without a slash at its end, behind which nothing but a directory can be looked at.
    let path: PathBuf = path.components().collect();
    let mut above = path.ancestors();
    let (there, found) =
        above.find_map(|above| Some((above, above.metadata().ok()?.file_type())))?;
    let what = match found {
        found if found.is_dir() => return None,
        found if found.is_file() => "a file",
        found if found.is_fifo() => "a pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    let there = there.display();
    Some(format!(
        "{there} is {what} and no directory, so no output can be written there"
    ))
}

/// What a job says of it that has written to the directory before: its snapshots are of use once that is back.
pub(super) fn later(message: String) -> Error {
    Error::new(&codes::SINK_WRITE, message)
        .next("move it away and bring the directory back; the job goes on from its newest snapshot")
}

/// What a job says of it that begins: another attempt would find the same.
pub(super) fn at_once(message: String) -> Error {
    Error::new(&codes::SINK_PATH, message)
        .next("give the sink another path, or put a directory in its place")
}

/// What to do about a directory of this machine in which the user may not write.
pub(super) const LET_IN: &str =
    "let that user write there (chown, chmod, setfacl), or give the sink another path";

/// What a job says that begins where its user may not write, or where it is not known where that is: another attempt would find the
/// same.
pub(super) fn refused(place: impl Display, why: impl Display, next: &str) -> Error {
    let message = format!("nothing can be written to {place}");
    Error::new(&codes::SINK_PATH, message).cause(why).next(next)
}
