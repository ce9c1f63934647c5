//! Whether something is there. Absent and unreachable are two things: nothing may be forgotten or deleted on the second.

use std::fs;
use std::io;
use std::path::Path;

use millstream_core::Result;

use crate::fail;

/// Whether something of that name is there.
///
/// # Errors
/// That can't be told. A disk that does not answer says nothing about what lies on it.
pub fn is_there(path: &Path) -> Result<bool> {
    match fs::metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(fail::read(path, &error)),
    }
}

/// Whether an error says that there is nothing of that name.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
