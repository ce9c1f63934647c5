//! Log and output of a job process: files of limited size.

use std::io;

use millstream_core::{Error, Result, codes};
use millstream_log::{KEPT, LARGEST, Parts};
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

/// The job's output file, which the server opened: standard output and error go to it.
pub(super) fn output_of(directory: &JobDirectory) -> Parts {
    Parts::new(&directory.file(OUTPUT_FILE), LARGEST, KEPT)
}

/// Begins a new output file where it has grown long.
pub(super) fn rotate_output(output: &mut Parts) {
    if let Err(error) = try_rotate(output) {
        tracing::warn!("No new {OUTPUT_FILE} can be begun, the long one is gone on with: {error}");
    }
}

fn try_rotate(output: &mut Parts) -> io::Result<()> {
    // What is written to, and not what lies at its path: somebody may have taken that away.
    let written = rustix::fs::fstat(rustix::stdio::stdout())?;
    let length = u64::try_from(written.st_size).unwrap_or(0);
    if let Some(file) = output.renewed(length)? {
        rustix::stdio::dup2_stdout(&file)?;
        rustix::stdio::dup2_stderr(&file)?;
    }
    Ok(())
}
