//! Files and directories that a job reads and writes.

use std::path::Path;

use millstream_connectors::directories;
use millstream_core::{Error, Finding, codes, counted};

/// So many names are told.
const SHOWN: usize = 3;

/// Whether the source can be read.
pub(super) fn readable(path: &Path) -> Finding {
    let (what, shown) = ("source.path", path.display());
    match directories::readable(path) {
        Err(cause) => {
            let message = format!("{shown} can't be read");
            let error = Error::new(&codes::SOURCE_PATH, message).cause(cause);
            Finding::wrong(
                what,
                &error.next("correct source.path, or let the user of the job read it"),
            )
        }
        Ok(found) if found.refused.is_empty() => {
            Finding::well(what, format!("{shown}, {}", counted(found.files, "file")))
        }
        Ok(found) => {
            let names: Vec<&str> = found
                .refused
                .iter()
                .take(SHOWN)
                .map(String::as_str)
                .collect();
            let message = format!(
                "{} of the files in {shown} can't be read: {}",
                found.refused.len(),
                names.join(", ")
            );
            let error = Error::new(&codes::SOURCE_PATH, message);
            Finding::wrong(what, &error.next("let the user of the job read them"))
        }
    }
}

/// Whether files can be made in a directory.
pub(super) fn writable(what: &str, directory: &Path) -> Finding {
    let shown = directory.display();
    match directories::writable(directory) {
        Ok(true) => Finding::well(what, shown.to_string()),
        Ok(false) => Finding::well(what, format!("{shown} can be made")),
        Err(cause) => {
            let message = format!("nothing can be written to {shown}");
            let cause = directories::denied(directory).unwrap_or_else(|| cause.to_string());
            let error = Error::new(&codes::SINK_WRITE, message).cause(cause);
            Finding::wrong(
                what,
                &error.next("let the user of the job write there, or name another directory"),
            )
        }
    }
}

/// Where files are renamed from one directory to the other, whether they can be; what is wrong alone is told.
pub(super) fn renamable(what: &str, from: &Path, to: &Path) -> Option<Finding> {
    let (from_shown, to_shown) = (from.display(), to.display());
    let error = match directories::is_one_file_system(from, to) {
        Ok(true) => return None,
        Ok(false) => {
            let message = format!(
                "{to_shown} lies on another file system than {from_shown}, so files can't be moved there at once"
            );
            Error::new(&codes::INGEST_PARAMETERS, message).next(format!(
                "give a directory of the same mount as {from_shown}"
            ))
        }
        Err(cause) => {
            let message = format!("{to_shown} or {from_shown} can't be looked at");
            Error::new(&codes::SINK_WRITE, message).cause(cause)
        }
    };
    Some(Finding::wrong(what, &error))
}
