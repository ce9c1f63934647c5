//! Whether something is there. Absent and unreachable are two things: nothing may be forgotten or deleted on the second.

use std::path::Path;

use millstream_core::Result;

use crate::absent::is_absent;
use crate::fail;
use crate::files;

/// Whether a file of that name is there.
///
/// # Errors
/// That can't be told. A disk that does not answer says nothing about what lies on it.
pub fn is_there(path: &Path) -> Result<bool> {
    let has_file = files::of(path).and_then(|files| files.has_file(path));
    has_file.map_err(|error| fail::read(path, &error))
}

/// Whether there is a directory of that name, or a file.
///
/// # Errors
/// That can't be told.
pub fn is_directory_there(path: &Path) -> Result<bool> {
    match files::look(path) {
        Ok(_) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(fail::read(path, &error)),
    }
}
