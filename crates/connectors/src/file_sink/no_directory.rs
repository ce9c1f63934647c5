//! What stands in the place of a directory of output and is none. A job that begins there has a wrong path and fails at once; one that has
//! written there goes on once the directory is back.

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
