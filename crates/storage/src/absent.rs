//! Which errors of the system say that there is nothing of a name. It knows nothing of what keeps files, for those ask it, too.

use std::io;

/// Whether an error says that there is nothing of that name.
pub(crate) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
