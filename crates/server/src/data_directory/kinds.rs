//! What lies under a name of the server's own and is of another kind. A pipe would hold up who opens it, for ever; SQLite does not name what
//! it can't use; and what stands in the place of a directory is found when something is to be kept there.

use std::fs::{self, FileType};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use millstream_core::{Error, Result, codes};

use super::{DATABASE, LOCK, RESERVE, SERVER_LOG, looks};
use crate::files;

/// Refuses a data directory in which something else is in the place of a file or directory of the server. Links are followed. A
/// directory on a share that does not answer is waited for by whoever needs it.
///
/// # Errors
/// Something is, or can't be looked at.
pub(super) fn refuse(path: &Path) -> Result<()> {
    for name in [LOCK, DATABASE, RESERVE, SERVER_LOG] {
        refuse_no_file(&path.join(name), &codes::SERVER_DIRECTORY)?;
    }
    for ending in ["-wal", "-shm", "-journal"] {
        refuse_no_file(&path.join(format!("{DATABASE}{ending}")), &codes::RECORDS)?;
    }
    let directories = ["jobs", "packages", "checkpoints", "dead-letters"];
    let directories = directories.map(|name| path.join(name));
    for (directory, about) in looks::at_all(directories, |place| fs::metadata(place).ok())? {
        if !about.is_dir() {
            let code = &codes::SERVER_DIRECTORY;
            return Err(other(code, &directory, about.file_type(), "directory"));
        }
    }
    Ok(())
}

fn refuse_no_file(place: &Path, code: &'static codes::Code) -> Result<()> {
    match fs::metadata(place) {
        Ok(about) if !about.is_file() => Err(other(code, place, about.file_type(), "file")),
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(files::unusable(place, "looked at", cause))
        }
        _ => Ok(()),
    }
}

fn other(code: &'static codes::Code, place: &Path, found: FileType, wanted: &str) -> Error {
    let found = match found {
        found if found.is_file() => "a file",
        found if found.is_dir() => "a directory",
        found if found.is_fifo() => "a pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    };
    let message = format!("{} is {found} and no {wanted}", place.display());
    Error::new(code, message).next(format!(
        "move it away, and put back the {wanted} that was there before; where there was none, the server makes one"
    ))
}
