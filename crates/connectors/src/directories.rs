//! Whether directories and files can be used, looked at without using them.

use std::fs;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat, statfs};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The nearest directory above a path, or the path itself, that is there.
fn nearest(path: &Path) -> &Path {
    let mut above = path
        .ancestors()
        .filter(|above| !above.as_os_str().is_empty());
    let there = above.find(|above| above.symlink_metadata().is_ok());
    there.unwrap_or_else(|| Path::new(if path.is_absolute() { "/" } else { "." }))
}

fn allowed(path: &Path, access: Access) -> std::io::Result<()> {
    accessat(CWD, path, access, AtFlags::EACCESS).map_err(Error::from)
}

/// The numbers of the file systems of `/proc` and `/sys`.
const OF_SYSTEM: [u64; 2] = [0x9fa0, 0x6265_6572];

/// Whether nobody can make files in a directory, whatever its permissions say: they are the system's own.
fn is_of_system(directory: &Path) -> bool {
    let Ok(about) = statfs(directory) else {
        return false;
    };
    u64::try_from(about.f_type).is_ok_and(|number| OF_SYSTEM.contains(&number))
}

/// Whether files can be made in a directory, or the directory itself where it is not there yet. `true`: it is there.
///
/// # Errors
/// They can't, as far as permissions and the kind of the file system say.
pub fn writable(directory: &Path) -> std::io::Result<bool> {
    let there = nearest(directory);
    if !fs::metadata(there)?.is_dir() {
        return Err(Error::from(ErrorKind::NotADirectory));
    }
    allowed(there, Access::WRITE_OK | Access::EXEC_OK)?;
    if is_of_system(there) {
        let what = "the system alone makes files there, as in /proc and /sys";
        return Err(Error::new(ErrorKind::ReadOnlyFilesystem, what));
    }
    Ok(there == directory)
}

/// Why the user of the process may not make files in a directory, or the directory itself where it is not there yet: who that is, and
/// whose it is. `None`: he may, or it is not for want of rights that he can't.
pub fn denied(directory: &Path) -> Option<String> {
    let error = writable(directory).err()?;
    if !is_of_rights(&error) {
        return None;
    }
    let (there, user) = (nearest(directory), geteuid().as_raw());
    let shown = there.display();
    Some(match fs::metadata(there) {
        Ok(about) => format!(
            "user {user} may not make files in {shown}, which belongs to user {} and group {} with the mode {:03o}",
            about.uid(),
            about.gid(),
            about.mode() & 0o7777
        ),
        Err(cause) => format!("user {user} may not look at {shown}: {cause}"),
    })
}

/// Whether it is rights that are missing. What is *not permitted* (EPERM) may be so for other reasons: filters of system calls say that of
/// calls that they don't know.
fn is_of_rights(error: &Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::ACCESS)
}

/// What there is to read at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readable {
    /// Files that can be read.
    pub files: u64,
    /// Files that can't, by name.
    pub refused: Vec<String>,
}

/// Whether a file can be read, or a directory and the files in it, without those that are hidden.
///
/// # Errors
/// It is not there, or can't be read.
pub fn readable(path: &Path) -> std::io::Result<Readable> {
    let mut found = Readable {
        files: 0,
        refused: Vec::new(),
    };
    if !fs::metadata(path)?.is_dir() {
        allowed(path, Access::READ_OK)?;
        found.files = 1;
        return Ok(found);
    }
    allowed(path, Access::READ_OK | Access::EXEC_OK)?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(['.', '_']) {
            continue;
        }
        match allowed(&entry.path(), Access::READ_OK) {
            Ok(()) => found.files += 1,
            Err(_) => found.refused.push(name),
        }
    }
    Ok(found)
}

/// Whether a file can be renamed from one directory to another, as far as it can be told: both lie on one file system.
///
/// # Errors
/// One of them, and what is above it, can't be looked at.
pub fn is_one_file_system(one: &Path, other: &Path) -> std::io::Result<bool> {
    let device = |path: &Path| fs::metadata(nearest(path)).map(|found| found.dev());
    Ok(device(one)? == device(other)?)
}

#[cfg(test)]
mod tests;
