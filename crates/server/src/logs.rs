//! Log files: the server's own, and the list of those of a job or of the server.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use millstream_core::{Error, Result, codes};
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};

use crate::data_directory::SERVER_LOG;
use crate::files;

/// A log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFile {
    /// Its name, for example `job.log.1`.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was last written to: milliseconds since 1970-01-01T00:00:00Z.
    pub modified: u64,
}

/// The log files in the directory of a job, or in the data directory, by name.
///
/// # Errors
/// The directory can't be read.
pub fn list(directory: &Path) -> Result<Vec<LogFile>> {
    let failed = |cause| files::unusable(directory, "read", cause);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            continue;
        };
        // A part that was put aside in between is listed under its new name, or next time.
        let Some(metadata) = entry.metadata().ok().filter(|_| is_log(&name)) else {
            continue;
        };
        if metadata.is_file() {
            found.push(LogFile {
                name,
                size: metadata.len(),
                modified: modified(&metadata),
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

fn modified(metadata: &fs::Metadata) -> u64 {
    let since = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// The path of a log file. Only names that [`list`] could answer are taken, so that nothing else in the directory, or
/// out of it, can be asked for.
///
/// # Errors
/// There is no log file of that name.
pub fn path_of(directory: &Path, name: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    let is_file = || fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    if is_log(name) && is_file() {
        return Ok(path);
    }
    Err(
        Error::new(&codes::LOG_UNKNOWN, format!("there is no log file {name}"))
            .next("list the log files, older parts may have been deleted"),
    )
}

/// Whether `name` is `job.log`, `job.out`, `server.log`, or one of their older parts.
fn is_log(name: &str) -> bool {
    [LOG_FILE, OUTPUT_FILE, SERVER_LOG].iter().any(|log| {
        name.strip_prefix(log).is_some_and(|rest| {
            let number = rest.strip_prefix('.');
            rest.is_empty()
                || number.is_some_and(|n| n.parse::<u32>().is_ok() && !n.starts_with('+'))
        })
    })
}

/// Sends log lines to `server.log` in the data directory. Called again it does nothing.
pub(crate) fn start(directory: &Path) -> Result<()> {
    let path = directory.join(SERVER_LOG);
    millstream_log::start_to_file(&path).map_err(|cause| files::unusable(&path, "opened", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_log_files_can_be_asked_for() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["job.log", "job.log.2", "job.json", "job.out"] {
            fs::write(directory.path().join(name), name).expect("a file");
        }
        std::os::unix::fs::symlink("job.json", directory.path().join("job.log.1")).expect("a link");
        let names: Vec<String> = list(directory.path())
            .expect("it can be listed")
            .into_iter()
            .map(|log| log.name)
            .collect();
        assert_eq!(names, ["job.log", "job.log.2", "job.out"]);
        for name in [
            "job.json",
            "../job.log",
            "job.log.x",
            "job.log.1",
            "job.log.",
            "",
            "job.log.+2",
        ] {
            assert!(path_of(directory.path(), name).is_err(), "{name}");
        }
        assert!(path_of(directory.path(), "job.log.2").is_ok());
    }
}
