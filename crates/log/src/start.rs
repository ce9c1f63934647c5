//! Where lines go, and which.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::lines::Lines;
use crate::rotation::{KEPT, LARGEST, Rotating};

/// The environment variable that sets levels, for example `debug` or `millstream_engine=trace`. It wins over everything else; what is no
/// level is named in a warning and has no effect.
pub const LEVEL_VARIABLE: &str = "MILLSTREAM_LOG";

/// The part of lines that say who has done what. They are written at every level, `off` among them, unless the levels name this part:
/// `info,audit=off`.
pub const AUDIT: &str = "audit";

/// Changes the levels of what was started.
type SetLevel = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

static SET_LEVEL: OnceLock<SetLevel> = OnceLock::new();

/// Where lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// To standard output.
    Output,
    /// Into a file, which is [put aside](crate::Parts) when it has grown long.
    File(&'a Path),
    /// To both.
    Both(&'a Path),
}

/// How lines are written, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Levels, as in [`LEVEL_VARIABLE`]. Lines of [`AUDIT`] are written at each of them.
    pub level: String,
    /// Whether each line is a JSON object.
    pub json: bool,
    /// A file that is longer is put aside, in bytes.
    pub largest: u64,
    /// So many older parts are kept.
    pub kept: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            json: false,
            largest: LARGEST,
            kept: KEPT,
        }
    }
}

/// Starts logging to standard error. `verbosity`: 0 shows what Flink's INFO shows, 1 debug lines, 2 everything. The
/// environment variable [`LEVEL_VARIABLE`] wins. Called again it does nothing.
pub fn start_to_stderr(verbosity: u8) {
    to_stderr(match verbosity {
        0 => "info",
        1 => "debug",
        _ => "trace",
    });
}

/// Starts logging to standard error, but for warnings and errors nothing. The environment variable [`LEVEL_VARIABLE`] wins. Called
/// again it does nothing.
pub fn start_warnings_to_stderr() {
    to_stderr("warn");
}

fn to_stderr(level: &str) {
    let filter = of_environment().ok().flatten();
    let filter = filter.unwrap_or_else(|| EnvFilter::new(level));
    start_with(filter, Lines::Flink, io::stderr);
}

/// Starts logging to the file at `path`, which is [put aside](crate::Parts) when it has grown long, at the level of
/// [`LEVEL_VARIABLE`] or INFO. A line that can't be written is lost: the program does not stop for it. Called again it does
/// nothing.
///
/// # Errors
/// The file can't be opened.
pub fn start_to_file(path: &Path) -> io::Result<()> {
    start(Target::File(path), &Settings::default())
}

/// Starts logging. A line that can't be written is lost: the program does not stop for it. Called again it does nothing.
///
/// # Errors
/// The file can't be opened, or the levels can't be understood.
pub fn start(target: Target<'_>, settings: &Settings) -> io::Result<()> {
    let filter = filter(&settings.level)
        .map_err(|what| io::Error::new(io::ErrorKind::InvalidInput, what))?;
    let lines = if settings.json {
        Lines::Json
    } else {
        Lines::Flink
    };
    let open = |path| Rotating::open(path, settings.largest, settings.kept);
    match target {
        Target::Output => start_with(filter, lines, io::stdout),
        Target::File(path) => start_with(filter, lines, Mutex::new(open(path)?)),
        Target::Both(path) => start_with(filter, lines, Mutex::new(Both(open(path)?))),
    }
    Ok(())
}

/// Changes which lines are written from now on; answers whether it did: it does not where [`LEVEL_VARIABLE`] sets levels.
///
/// # Errors
/// The levels can't be understood.
pub fn set_level(level: &str) -> Result<bool, String> {
    let filter = filter(level)?;
    if let Ok(Some(_)) = of_environment() {
        return Ok(false);
    }
    SET_LEVEL
        .get()
        .map_or(Ok(false), |set| set(filter).map(|()| true))
}

fn filter(level: &str) -> Result<EnvFilter, String> {
    // What is wrong is told also where it does not count.
    let own = parse(level)?;
    Ok(of_environment().ok().flatten().unwrap_or(own))
}

/// What [`LEVEL_VARIABLE`] says; `None`: nothing.
fn of_environment() -> Result<Option<EnvFilter>, String> {
    match std::env::var_os(LEVEL_VARIABLE) {
        Some(level) if !level.is_empty() => parse(&level.to_string_lossy()).map(Some),
        _ => Ok(None),
    }
}

fn parse(level: &str) -> Result<EnvFilter, String> {
    check(level)?;
    let is_audit = |directive: &str| {
        let part = directive.split_once('=').map(|(part, _)| part.trim());
        part == Some(AUDIT)
    };
    let own = match level.split(',').any(is_audit) {
        true => level.to_owned(),
        false => format!("{AUDIT}=info,{level}"),
    };
    EnvFilter::builder()
        .parse(own)
        .map_err(|error| error.to_string())
}

/// Refuses what a filter takes for the name of a part, and which then means nothing: `inf`, say.
fn check(level: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_part = |part: &str| {
        let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"_:".contains(&letter);
        !part.is_empty() && part.bytes().all(is_letter)
    };
    for directive in level.split(',').map(str::trim) {
        let (part, level) = match directive.split_once('=') {
            Some((part, level)) => (Some(part), level),
            None => (None, directive),
        };
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!("`{}` is no level", level.escape_debug()));
        }
        if let Some(part) = part.filter(|part| !is_part(part)) {
            return Err(format!("`{}` is no part", part.escape_debug()));
        }
    }
    Ok(())
}

fn start_with(
    filter: EnvFilter,
    lines: Lines,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        // It would be told on standard error, and whoever logs would panic where that can't be written either.
        .log_internal_errors(false)
        .with_writer(writer)
        .event_format(lines)
        .with_filter_reloading();
    let handle = builder.reload_handle();
    if tracing::subscriber::set_global_default(builder.finish()).is_err() {
        tracing::debug!("logging has been started already");
        return;
    }
    let set = move |filter| handle.reload(filter).map_err(|error| error.to_string());
    drop(SET_LEVEL.set(Box::new(set)));
    if let Err(why) = of_environment() {
        tracing::warn!("{LEVEL_VARIABLE} has no effect: {why}");
    }
}

/// Writes to a file and to standard output. Either is written to whatever becomes of the other.
struct Both(Rotating);

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let output = io::stdout().write_all(bytes);
        let file = self.0.write_all(bytes);
        output.and(file).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let output = io::stdout().flush();
        self.0.flush().and(output)
    }
}

#[cfg(test)]
mod tests {
    use super::{check, parse};

    #[test]
    fn levels_of_all_and_of_parts_are_taken_and_nothing_else() {
        for level in [
            "info",
            "DEBUG",
            "off",
            "info,audit=warn",
            "warn, millstream_server::rest=trace",
        ] {
            check(level).expect(level);
        }
        for level in [
            "", "inf", "loud!", "info,", "audit", "audit=", "=info", "a b=info",
        ] {
            check(level).expect_err(level);
        }
    }

    #[test]
    fn who_did_what_is_written_at_every_level_unless_it_is_named() {
        let written = |level: &str| -> Vec<String> {
            let filter = parse(level).expect(level).to_string();
            let directives = filter.split(',').map(str::to_owned);
            directives.filter(|own| own.starts_with("audit")).collect()
        };
        for level in ["off", "error", "warn", "millstream_server=debug"] {
            assert_eq!(written(level), ["audit=info"], "{level}");
        }
        assert_eq!(written("info,audit=warn"), ["audit=warn"]);
        assert_eq!(written("audit=off,info"), ["audit=off"]);
    }
}
