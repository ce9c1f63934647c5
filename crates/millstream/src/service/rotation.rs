//! Log and output of a job process: files of limited size, the older ones numbered `.1`, `.2`, ….

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use millstream_core::Result;
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};

use super::directory::JobDirectory;
use crate::local;

/// A file that is longer is put aside.
const LARGEST: u64 = 16 << 20;
/// So many older files are kept.
const KEPT: u32 = 5;

/// Sends log lines to the job's log file. Levels as in [`local::start_logging`].
pub(super) fn start_logging(directory: &JobDirectory) -> Result<()> {
    let path = directory.file(LOG_FILE);
    let file = append(&path).map_err(|cause| {
        millstream_core::Error::new(
            &millstream_core::codes::JOB_DIRECTORY,
            format!("{} can't be opened", path.display()),
        )
        .cause(cause)
    })?;
    local::start_logging_to(Mutex::new(LogFile { path, file }));
    Ok(())
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// The log file. A line that can't be written is lost: the job does not stop for it.
struct LogFile {
    path: PathBuf,
    file: File,
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.metadata()?.len() > LARGEST {
            put_aside(&self.path)?;
            self.file = append(&self.path)?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Moves `path` to `path.1`, that to `path.2`, and so on.
fn put_aside(path: &Path) -> io::Result<()> {
    let numbered = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..KEPT).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, numbered(1))
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
