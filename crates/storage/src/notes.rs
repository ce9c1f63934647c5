//! Small files that others than this crate keep in the directory of a job, wherever that lies.

use std::io;
use std::path::Path;

use crate::disk::write_durably;
use crate::files;

/// The content of a file.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound): there is none. Any other: that can't be told.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    files::read(path)
}

/// The names in a directory that are text.
///
/// # Errors
/// [`NotFound`](io::ErrorKind::NotFound): there is none. Any other: that can't be told.
pub fn names(directory: &Path) -> io::Result<Vec<String>> {
    let entries = files::list(directory)?.into_iter();
    Ok(entries
        .filter_map(|entry| entry.name.into_string().ok())
        .collect())
}

/// Whether a file is there.
///
/// # Errors
/// That can't be told.
pub fn is_there(path: &Path) -> io::Result<bool> {
    files::of(path)?.has_file(path)
}

/// Puts a file in place at once and whole, whatever was there; it survives a crash of the machine.
///
/// # Errors
/// It may not be there.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_durably(path, bytes)
}

/// The same if there is none, or one of exactly these bytes in a store.
///
/// # Errors
/// [`AlreadyExists`](io::ErrorKind::AlreadyExists): there is another one. Any other: it may not be there.
pub fn put_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let files = files::of(path)?;
    files.put_new(path, bytes)?;
    path.parent().map_or(Ok(()), |parent| files.sync(parent))
}

/// Removes a file, if there is one.
///
/// # Errors
/// It can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    files::remove(path).map(drop)
}
