//! Log files: writing the server's own, in parts of limited size, and listing those of a job or of the server.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use chrono::Local;
use millstream_core::{Error, Result, codes};
use millstream_protocol::link::{LOG_FILE, OUTPUT_FILE};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::data_directory::SERVER_LOG;
use crate::files;

/// A file that is longer is put aside.
const LARGEST: u64 = 16 << 20;
/// So many older parts are kept.
const KEPT: u32 = 5;

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

/// The environment variable that sets levels, for example `debug` or `millstream_server=trace`.
const LEVEL_VARIABLE: &str = "MILLSTREAM_LOG";

/// Sends log lines to `server.log` in the data directory. Called again it does nothing.
pub(crate) fn start(directory: &Path) -> Result<()> {
    let path = directory.join(SERVER_LOG);
    let file = append(&path).map_err(|cause| files::unusable(&path, "opened", cause))?;
    let filter = EnvFilter::try_from_env(LEVEL_VARIABLE).unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Mutex::new(Rotating { path, file }))
        .with_ansi(false)
        // It would be told on standard error, and whoever logs would panic where that can't be written either.
        .log_internal_errors(false)
        .event_format(FlinkLines)
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tracing::debug!("logging has been started already");
    }
    Ok(())
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// A line that can't be written is lost: the server does not stop for it.
struct Rotating {
    path: PathBuf,
    file: File,
}

impl Write for Rotating {
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

/// `2026-11-21 08:00:00,123 INFO  millstream_server::supervisor [] - message`.
struct FlinkLines;

impl<S, N> FormatEvent<S, N> for FlinkLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> std::fmt::Result {
        let metadata = event.metadata();
        let time = Local::now().format("%Y-%m-%d %H:%M:%S,%3f");
        write!(
            writer,
            "{time} {:<5} {:<40} [] - ",
            metadata.level(),
            metadata.target()
        )?;
        context
            .field_format()
            .format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
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

    #[test]
    fn a_long_log_is_put_aside_in_parts() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(SERVER_LOG);
        let file = append(&path).expect("it can be opened");
        file.set_len(LARGEST + 1).expect("it can grow");
        let mut log = Rotating {
            path: path.clone(),
            file,
        };
        log.write_all(b"next\n").expect("it can be written");
        assert_eq!(fs::read(&path).expect("a new file"), b"next\n");
        let logs = list(directory.path()).expect("it can be listed");
        assert_eq!(logs.len(), 2, "{logs:?}");
    }
}
