//! What somebody else may have put into a data directory before it was closed to others. Records of his would be taken for the server's,
//! and programs of his jobs run.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};
use millstream_protocol::link::SUBMISSION_FILE;
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::proof::below;
use super::{DATABASE, is_of_server, looks};
use crate::{files, whose};

/// Refuses a data directory in which records, jobs, files of jobs, or the directories of snapshots and dead letters may be somebody
/// else's. Those that say what is run are no links either.
///
/// # Errors
/// One is, or can't be looked at.
pub(super) fn refuse(path: &Path) -> Result<()> {
    for file in below(path)? {
        let name = name(&file);
        if is_of_server(name) {
            look_at(&file, name.starts_with(DATABASE))?;
        }
    }
    // Snapshots of others would be gone on from. The directories themselves may be links to another disk.
    for (directory, about) in of_snapshots(path)? {
        judge(&directory, &about, false)?;
    }
    let jobs = path.join("jobs");
    look_at(&jobs, false)?;
    for job in below(&jobs)? {
        // A job whose directory or files do not answer is waited for by whoever takes it up.
        if let Ok(Some(about)) = about(&job) {
            judge(&job, &about, true)?;
        }
        for file in below(&job).unwrap_or_default() {
            if let Ok(Some(about)) = about(&file) {
                // Its program is looked at whenever it is started.
                judge(&file, &about, name(&file) == SUBMISSION_FILE)?;
            }
        }
    }
    Ok(())
}

/// What is known of the directories of snapshots and dead letters that are to be judged. One that does not answer is waited for by whoever
/// needs it. Where something is mounted, somebody with root's rights has put it there, and a share may give all that is on it to a user
/// of its own.
fn of_snapshots(path: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let places = ["checkpoints", "savepoints", "dead-letters"].map(|name| path.join(name));
    looks::at_all(places, |place| {
        about(place).ok().flatten().filter(|_| !is_mounted(place))
    })
}

/// Whether something is mounted right there. Another device alone does not tell: everybody may make a subvolume.
fn is_mounted(place: &Path) -> bool {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let about = statx(CWD, place, flags, StatxFlags::empty());
    about.is_ok_and(|about| about.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

fn name(path: &Path) -> &str {
    path.file_name().and_then(OsStr::to_str).unwrap_or_default()
}

fn look_at(place: &Path, must_be_itself: bool) -> Result<()> {
    match about(place)? {
        Some(about) => judge(place, &about, must_be_itself),
        None => Ok(()),
    }
}

/// What is known of a place. `None`: nothing is there; some are there for a moment only.
fn about(place: &Path) -> Result<Option<Metadata>> {
    match fs::symlink_metadata(place) {
        Ok(about) => Ok(Some(about)),
        Err(cause) if matches!(cause.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(cause) => Err(files::unusable(place, "looked at", cause)),
    }
}

fn judge(place: &Path, about: &Metadata, must_be_itself: bool) -> Result<()> {
    let Some(what) = whose::why_planted(about, must_be_itself) else {
        return Ok(());
    };
    let message = format!(
        "others may have put {} into the data directory: {what}",
        place.display()
    );
    Err(Error::new(&codes::SERVER_DIRECTORY, message).next(
        "see who has: move it away, or, where it is the server's, put it there itself, as a file of the server's user (`chown`)",
    ))
}
