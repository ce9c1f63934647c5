//! Places in the file system, as they are understood elsewhere.

use std::path::Path;

use millstream_core::{Error, Result, codes};

/// A place as the server understands it: a path is taken from this process's working directory, a URL is left as it is.
pub(crate) fn place(text: &str) -> Result<String> {
    if text.contains(":/") {
        return Ok(text.to_owned());
    }
    let path = std::path::absolute(Path::new(text)).map_err(|cause| {
        Error::new(&codes::USAGE, format!("{text} can't be found"))
            .cause(cause)
            .next("give a path that begins with /, or change to a directory that is there")
    })?;
    Ok(path.to_string_lossy().into_owned())
}
