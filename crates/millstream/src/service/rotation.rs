//! Log and output of a job process: files of limited size.

use std::fs;

use millstream_core::{Error, Result, codes};
use millstream_log::{LARGEST, append, put_aside};
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};

use super::directory::JobDirectory;

/// Sends log lines to the job's log file.
pub(super) fn start_logging(directory: &JobDirectory) -> Result<()> {
    let path = directory.file(LOG_FILE);
    millstream_log::start_to_file(&path).map_err(|cause| {
        Error::new(
            &codes::JOB_DIRECTORY,
            format!("{} can't be opened", path.display()),
        )
        .cause(cause)
    })
}

/// Standard output and error go to the job's output file, which the server opened: begins a new one where it has grown
/// long.
pub(super) fn rotate_output(directory: &JobDirectory) {
    let path = directory.file(OUTPUT_FILE);
    if !fs::metadata(&path).is_ok_and(|file| file.len() > LARGEST) {
        return;
    }
    let rotated = put_aside(&path)
        .and_then(|()| append(&path))
        .and_then(|file| {
            rustix::stdio::dup2_stdout(&file)?;
            rustix::stdio::dup2_stderr(&file)?;
            Ok(())
        });
    if let Err(error) = rotated {
        tracing::warn!("{} can't be rotated: {error}", path.display());
    }
}
