//! Places that somebody names by a relative path: it is taken from the working directory of the server that is asked, and for good. The
//! next server, which goes on with what was asked, may have another one.

use std::path::{Path, PathBuf};

use millstream_core::{Configuration, Result, options};

use crate::files;

/// Makes relative paths among the settings of a job whole.
///
/// # Errors
/// There are some, and the working directory is not there any more.
pub(crate) fn settle(settings: &mut Configuration) -> Result<()> {
    settings.make_paths_whole(here)
}

/// The place of a snapshot, or of several, that `text` names.
///
/// # Errors
/// It is named by a relative path, and the working directory is not there any more.
pub(crate) fn whole(text: &str) -> Result<String> {
    options::whole_place(text, here)
}

fn here() -> Result<PathBuf> {
    std::env::current_dir().map_err(|cause| files::unusable(Path::new("."), "located", cause))
}
