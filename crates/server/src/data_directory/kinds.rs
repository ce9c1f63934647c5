//! What lies under a name of the server's own and is of another kind. A pipe would hold up who opens it, for ever; SQLite does not name what
//! it can't use; and what stands in the place of a directory is found when something is to be kept there.

use std::fs::{self, FileType, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use millstream_core::{Error, Result, codes};

use super::{DATABASE, LOCK, RESERVE, RUNNING, SERVER_LOG, looks};
use crate::files;

/// The directory of the jobs. Nothing is done without it, so a link of that name has to lead somewhere.
const JOBS: &str = "jobs";

/// Refuses a data directory in which something else is in the place of a file or directory of the server. Links are followed. A
/// directory on a share that does not answer is waited for by whoever needs it.
///
/// # Errors
/// Something is, or can't be looked at.
pub(super) fn refuse(path: &Path) -> Result<()> {
    for name in [LOCK, RUNNING] {
        let place = path.join(name);
        // Through any other one the server makes what it leads to, as for a log that is kept elsewhere.
        if let Some(found) = link_to_nothing(&place) {
            return Err(other(&codes::SERVER_DIRECTORY, &place, &found, "file"));
        }
    }
    for name in [LOCK, RUNNING, RESERVE, SERVER_LOG] {
        refuse_no_file(&path.join(name), &codes::SERVER_DIRECTORY)?;
    }
    refuse_no_records(path)?;
    // What a link leads to may be a disk that is mounted later; it is waited for by whoever needs it.
    let awaited = ["packages", "checkpoints", "dead-letters"];
    refuse_no_directory(
        path,
        [JOBS, "packages", "checkpoints", "dead-letters"],
        &awaited,
    )
}

/// The same of what a backup is made of. It waits for nothing: without the disk that `packages` leads to it would be one without packages.
///
/// # Errors
/// Those of [`refuse`].
pub(crate) fn refuse_for_backup(path: &Path) -> Result<()> {
    refuse_no_records(path)?;
    refuse_no_directory(path, [JOBS, "packages"], &[])
}

fn refuse_no_records(path: &Path) -> Result<()> {
    refuse_no_file(&path.join(DATABASE), &codes::SERVER_DIRECTORY)?;
    for ending in ["-wal", "-shm", "-journal"] {
        refuse_no_file(&path.join(format!("{DATABASE}{ending}")), &codes::RECORDS)?;
    }
    Ok(())
}

/// Refuses what is no directory; of those that are `awaited` a link may lead to nothing.
fn refuse_no_directory<const N: usize>(
    path: &Path,
    names: [&str; N],
    awaited: &[&str],
) -> Result<()> {
    let directories = names.map(|name| path.join(name));
    for (directory, about) in looks::at_all(directories, look)? {
        let is_awaited = || awaited.iter().any(|name| directory.ends_with(name));
        if about.is_dir() || (about.is_symlink() && is_awaited()) {
            continue;
        }
        let code = &codes::SERVER_DIRECTORY;
        return Err(match link_to_nothing(&directory) {
            Some(link) => other(code, &directory, &link, "directory").next(
                "mount or bring back what it leads to; if that is gone for good, move the link away, and the server makes a directory",
            ),
            None => other(code, &directory, kind(about.file_type()), "directory"),
        });
    }
    Ok(())
}

fn refuse_no_file(place: &Path, code: &'static codes::Code) -> Result<()> {
    match fs::metadata(place) {
        Ok(about) if !about.is_file() => Err(other(code, place, kind(about.file_type()), "file")),
        Err(cause) if cause.kind() != ErrorKind::NotFound => {
            Err(files::unusable(place, "looked at", cause))
        }
        _ => Ok(()),
    }
}

/// What is under a name, or what a link leads to; of a link to nothing, the link.
pub(crate) fn look(place: &Path) -> Option<Metadata> {
    match fs::metadata(place) {
        Err(cause) if cause.kind() == ErrorKind::NotFound => fs::symlink_metadata(place).ok(),
        found => found.ok(),
    }
}

/// A link that leads nowhere, in words. `None`: there is none of that name.
pub(crate) fn link_to_nothing(place: &Path) -> Option<String> {
    let target = fs::read_link(place).ok()?;
    let leads_nowhere = matches!(place.try_exists(), Ok(false));
    leads_nowhere.then(|| format!("a link to nothing ({})", target.display()))
}

/// What is under a name, in words.
pub(crate) fn kind(found: FileType) -> &'static str {
    match found {
        found if found.is_file() => "a file",
        found if found.is_dir() => "a directory",
        found if found.is_symlink() => "a link",
        found if found.is_fifo() => "a pipe",
        found if found.is_socket() => "a socket",
        _ => "a device",
    }
}

fn other(code: &'static codes::Code, place: &Path, found: &str, wanted: &str) -> Error {
    let message = format!("{} is {found} and no {wanted}", place.display());
    Error::new(code, message).next(format!(
        "move it away, and put back the {wanted} that was there before; where there was none, the server makes one"
    ))
}
