//! Log files: the server's own, and the list of those of a job or of the server.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::SystemTime;

use millstream_core::options::{LOG_FORMAT, LOG_KEPT, LOG_LARGEST, LOG_LEVEL};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_log::Target;
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};

use crate::data_directory::SERVER_LOG;
use crate::{configuration, files};

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

/// When a file was last written to, in milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn modified(metadata: &fs::Metadata) -> u64 {
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

/// Where the server's log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogTo {
    /// To standard output.
    Output,
    /// To `server.log` in the data directory.
    File,
    /// To both.
    Both,
}

impl FromStr for LogTo {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "stdout" => Ok(Self::Output),
            "file" => Ok(Self::File),
            "both" => Ok(Self::Both),
            other => Err(Error::new(
                &codes::USAGE,
                format!("the log can't go to `{}`", other.escape_debug()),
            )
            .next("say --log-to stdout, --log-to file or --log-to both")),
        }
    }
}

/// How the server's log is written.
///
/// # Errors
/// An option has a value that does not fit.
pub(crate) fn settings(configuration: &Configuration) -> Result<millstream_log::Settings> {
    const LEAST: u64 = 64 << 10;
    const MOST_PARTS: u32 = 1_000;
    let refused = |name: &str, what: String, next: &str| {
        Err(Error::new(&codes::OPTION_VALUE, format!("{name} is {what}")).next(next))
    };
    let format = configuration.require(&LOG_FORMAT)?;
    if !["lines", "json"].contains(&format.as_str()) {
        let shown = configuration.shown(&LOG_FORMAT, format.escape_debug());
        let what = format!("`{shown}`, which is no format");
        return refused(LOG_FORMAT.name, what, "give lines or json");
    }
    let largest = configuration.require(&LOG_LARGEST)?.0;
    if largest < LEAST {
        let what = format!("{largest} bytes, which is too little");
        return refused(LOG_LARGEST.name, what, "give 64 kb or more");
    }
    let kept = configuration.require(&LOG_KEPT)?;
    if kept > MOST_PARTS {
        let what = format!("{kept}, which is too many");
        return refused(LOG_KEPT.name, what, "give 1000 or less");
    }
    Ok(millstream_log::Settings {
        level: configuration.require(&LOG_LEVEL)?,
        json: format == "json",
        largest,
        kept,
    })
}

/// Sends log lines where they are to go; `directory`: the data directory. Called again it does nothing.
pub(crate) fn start(
    directory: &Path,
    to: LogTo,
    settings: &millstream_log::Settings,
) -> Result<()> {
    let path = directory.join(SERVER_LOG);
    let target = match to {
        LogTo::Output => Target::Output,
        LogTo::File => Target::File(&path),
        LogTo::Both => Target::Both(&path),
    };
    millstream_log::start(target, settings).map_err(|cause| match cause.kind() {
        ErrorKind::InvalidInput => configuration::not_levels(&settings.level, &cause.to_string()),
        _ => files::unusable(&path, "opened", cause),
    })
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
