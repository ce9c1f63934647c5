//! Places in the file system, as they are understood elsewhere.

use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};

/// A place as the server understands it: a path is taken from this process's working directory, a URL is left as it is.
pub(crate) fn place(text: &str) -> Result<String> {
    if text.contains(":/") {
        return Ok(text.to_owned());
    }
    // As everywhere, `file:` may stand before a path.
    let path = match text.split_once(':') {
        Some((scheme, path)) if scheme.eq_ignore_ascii_case("file") => path,
        _ => text,
    };
    let path = std::path::absolute(Path::new(path)).map_err(|cause| {
        Error::new(&codes::USAGE, format!("{text} can't be found"))
            .cause(cause)
            .next("give a path that begins with /, or change to a directory that is there")
    })?;
    Ok(path.to_string_lossy().into_owned())
}

/// The working directory of this process, from which relative paths of the command line are taken.
pub(crate) fn here() -> Result<PathBuf> {
    std::env::current_dir().map_err(|cause| {
        let message = "the working directory is not there any more";
        Error::new(&codes::USAGE, message)
            .cause(cause)
            .next("give paths that begin with /, or change to a directory that is there")
    })
}
