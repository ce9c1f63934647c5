//! Files that somebody has named and that are to be files: no pipes, which may never be written, and no devices, which may never end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a file, or what a link leads to; `None`: it is none. A pipe may never be written, a device may never end, and neither says the
/// same once more.
///
/// # Errors
/// It can't be opened.
pub fn open(path: impl AsRef<Path>) -> io::Result<Option<File>> {
    let path = path.as_ref();
    // Some devices do something when they are opened.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    // Whatever has been put in its place since does not hold up who opens it.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(at_once())
        .open(path)?;
    let is_file = file.metadata()?.is_file();
    Ok(is_file.then_some(file))
}

/// The flags of an open that waits for nobody: a pipe would hold up who opens it, for ever.
pub fn at_once() -> i32 {
    (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32
}

/// Opens what has to be a file, or a link to one.
///
/// # Errors
/// It can't be opened, or is no file.
pub fn open_required(path: impl AsRef<Path>) -> io::Result<File> {
    open(path)?.ok_or_else(|| {
        io::Error::other(
            "it is no regular file but a directory, a device or a pipe, as a shell makes of `<(…)`",
        )
    })
}

/// Reads a file.
///
/// # Errors
/// It can't be read, or is no file.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_required(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of text.
///
/// # Errors
/// It can't be read, or is no text or no file.
pub fn read_text(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?)
        .map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))
}
