//! The settings of the server and of its clients: a configuration file, and what the command line says.
//!
//! The file is Flink's `config.yaml` (nested or with dots in the keys), or the flat `flink-conf.yaml` of older
//! versions. The command line wins.

mod flat;
mod given;
mod yaml;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use millstream_core::options::reference::{escape, is_reference};
use millstream_core::options::{self, LOG_LEVEL, OptionSummary, REST_TOKEN_FILE};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_process::regular;

pub(crate) use given::{check_setting, no_option};
pub use millstream_core::options::is_secret;

/// The environment variables that name the directory of the configuration file; the first that is set counts.
const DIRECTORY_VARIABLES: &[&str] = &["MILLSTREAM_CONF_DIR", "FLINK_CONF_DIR"];
const NAME: &str = "config.yaml";
const FLAT_NAME: &str = "flink-conf.yaml";
/// The names of a configuration file in its directory; the first that is there counts.
const NAMES: [&str; 2] = [NAME, FLAT_NAME];

/// A configuration that was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Every setting, unknown ones included.
    pub configuration: Configuration,
    /// Keys of the file that are no option here.
    pub unknown: Vec<String>,
    /// Keys of the file whose values are secret, and stand there themselves.
    pub secrets: Vec<String>,
    /// The file; `None`: there was none.
    pub file: Option<PathBuf>,
}

impl Loaded {
    /// The warning about secrets that every user of the machine can read; `None`: there are none.
    pub fn exposure(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let file = self.file.as_deref()?;
        let mode = fs::metadata(file).ok()?.permissions().mode();
        if mode & 0o004 == 0 || self.secrets.is_empty() {
            return None;
        }
        Some(format!(
            "every user of the machine can read {}, which holds what is secret: {}; let its owner alone read it, as `chmod 600` does, or put \
             references there",
            file.display(),
            self.secrets.join(", ")
        ))
    }

    /// The warning about keys that have no meaning here; `None`: all have one.
    pub fn warning(&self) -> Option<String> {
        let file = self.file.as_deref().filter(|_| !self.unknown.is_empty())?;
        let them = if self.unknown.len() == 1 {
            "it"
        } else {
            "them"
        };
        Some(format!(
            "{} sets what is no option of Millstream, it has no effect: {}; docs/guide/options.md lists the options, take {them} out to \
             silence this",
            file.display(),
            self.unknown.join(", ")
        ))
    }
}

/// Reads the configuration. `file`: the file, or its directory; `None`: the one in the directory that the
/// [environment names](named_directory), if any. `overrides` win.
///
/// # Errors
/// A file or a directory that was named is not there, or can't be read or understood.
pub fn load(file: Option<&Path>, overrides: &Configuration) -> Result<Loaded> {
    let file = match file {
        Some(named) if named.is_dir() => Some(in_directory(named).ok_or_else(|| none_in(named))?),
        Some(named) => Some(named.to_path_buf()),
        None => from_environment()?,
    };
    let mut loaded = Loaded::default();
    if let Some(file) = file {
        loaded.configuration = read(&file)?;
        loaded.unknown = unknown(&loaded.configuration);
        loaded.secrets = secrets(&loaded.configuration);
        loaded.file = Some(file);
    }
    loaded.configuration.extend(overrides);
    Ok(loaded)
}

/// The keys whose values are secret, and not given by a reference or a file.
fn secrets(configuration: &Configuration) -> Vec<String> {
    let names_a_file = |key: &str| key == REST_TOKEN_FILE.name || key.starts_with("security.ssl.");
    configuration
        .iter()
        .filter(|(key, value)| is_secret(key) && !names_a_file(key) && !is_reference(value))
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// The directory that the environment names for the configuration file, and the variable that does: `MILLSTREAM_CONF_DIR`, else
/// `FLINK_CONF_DIR`; `None`: neither is set.
pub fn named_directory() -> Option<(&'static str, PathBuf)> {
    DIRECTORY_VARIABLES.iter().find_map(|variable| {
        let directory = std::env::var_os(variable)?;
        Some((*variable, PathBuf::from(directory)))
    })
}

fn from_environment() -> Result<Option<PathBuf>> {
    match named_directory() {
        Some((variable, directory)) => in_named(variable, &directory),
        None => Ok(None),
    }
}

/// The configuration file in the directory that `variable` names, if one is there. What can't be looked into is refused: whoever has
/// named it means it to count, and without it a server would listen without its tokens.
fn in_named(variable: &str, directory: &Path) -> Result<Option<PathBuf>> {
    // By way of the directory itself: one that may not be entered is not taken for one without a file.
    fs::metadata(directory.join(".")).map_err(|cause| {
        let message = format!(
            "{variable} names {}, which is no directory that can be looked into",
            directory.display()
        );
        Error::new(&codes::CONFIG_FILE, message)
            .cause(cause)
            .next(format!("correct {variable}, or take it away"))
    })?;
    Ok(in_directory(directory))
}

/// What has the name of a configuration file in `directory`, if anything has. What is there and no file is found, too, so that it is
/// refused when it is read: whoever has put it there means it to count.
pub fn in_directory(directory: &Path) -> Option<PathBuf> {
    NAMES
        .iter()
        .map(|name| directory.join(name))
        .find(|file| fs::symlink_metadata(file).is_ok())
}

fn none_in(directory: &Path) -> Error {
    let directory = directory.display();
    Error::new(
        &codes::CONFIG_FILE,
        format!("{directory} holds neither {NAME} nor {FLAT_NAME}"),
    )
    .next("name the file itself, or leave --config out")
}

fn read(file: &Path) -> Result<Configuration> {
    let text = regular::read_text(file).map_err(|cause| {
        Error::new(
            &codes::CONFIG_FILE,
            format!("{} can't be read", file.display()),
        )
        .cause(cause)
        .next("check its path and permissions")
    })?;
    let is_flat = file.file_name().is_some_and(|name| name == FLAT_NAME);
    let settings = if is_flat {
        flat::parse(&text)
    } else {
        yaml::parse(&text)
    };
    settings.map_err(|what| {
        Error::new(&codes::CONFIG_FILE, format!("{}: {what}", file.display()))
            .next("write it as `key: value` lines, or as YAML maps")
    })
}

/// Resolves the references in the options that the server itself follows. What those of its jobs stand for is looked up by
/// the jobs' processes.
pub(crate) fn resolve(configuration: &mut Configuration) -> Result<()> {
    millstream_process::secrets::resolve_some(configuration, |key| {
        is_in(options::SERVER, key) || key == options::DATA_DIRECTORY.name
    })
}

/// The settings of a job of which its server follows some: restarts and cancellation. What one of them stands for may not be to be
/// had at present: the limit of a cancellation is left out then, so that its default counts, and what says how a job is restarted
/// stays as it is written, so that nobody takes it for none.
pub(crate) fn of_supervision(configuration: &Configuration) -> Configuration {
    let mut found = Configuration::new();
    for (key, value) in configuration.iter().filter(|(key, _)| is_followed(key)) {
        match millstream_process::secrets::resolve(key, value) {
            Ok(text) => found.set_resolved(key, value, text),
            Err(error) => {
                tracing::warn!("{error}");
                if !key.starts_with("task.cancellation") {
                    found.set(key, value);
                }
            }
        }
    }
    found
}

/// The same settings as they are written.
pub(crate) fn followed(configuration: &Configuration) -> Configuration {
    let mut found = Configuration::new();
    for (key, value) in configuration.iter().filter(|(key, _)| is_followed(key)) {
        found.set(key, value);
    }
    found
}

fn is_followed(key: &str) -> bool {
    key.starts_with("restart-strategy")
        || key.starts_with("task.cancellation")
        || key == options::CHECKPOINT_INTERVAL.name
}

/// The keys that are no option of a job or of the server.
pub fn unknown(configuration: &Configuration) -> Vec<String> {
    configuration
        .iter()
        .map(|(key, _)| key)
        .filter(|key| !is_job_option(key) && !is_in(options::SERVER, key))
        .map(str::to_owned)
        .collect()
}

/// The settings that concern jobs.
pub(crate) fn of_jobs(configuration: &Configuration) -> Configuration {
    let mut jobs = Configuration::new();
    for (key, value) in configuration.iter().filter(|(key, _)| is_job_option(key)) {
        jobs.set(key, value);
    }
    jobs
}

/// The environment variable that holds the token of a server, for it and for whoever asks it. It wins over the option.
pub(crate) const TOKEN_VARIABLE: &str = "MILLSTREAM_TOKEN";

/// Takes the token of the environment, where it holds one.
pub(crate) fn take_token(configuration: &mut Configuration) {
    if let Ok(token) = std::env::var(TOKEN_VARIABLE)
        && !token.is_empty()
    {
        // The token itself, whatever is in it.
        configuration.set(options::REST_TOKEN.name, escape(&token));
    }
}

/// Warns where the token of this process is on its command line.
pub(crate) fn warn_of_visible_token() {
    let set = format!("{}=", options::REST_TOKEN.name);
    let is_visible = |argument: std::ffi::OsString| {
        let argument = argument.to_string_lossy();
        let value = argument.split_once(&set).map(|(_, value)| value);
        value.is_some_and(|value| !is_reference(value))
    };
    if std::env::args_os().any(is_visible) {
        tracing::warn!(
            "{} is on the command line, where every user of the machine can read it; put it into the configuration file or \
             into {TOKEN_VARIABLE} instead",
            options::REST_TOKEN.name
        );
    }
}

/// What is wrong with the levels of the log.
pub(crate) fn not_levels(level: &str, what: &str) -> Error {
    let message = format!(
        "{} is `{}`, which are no levels",
        LOG_LEVEL.name,
        level.escape_debug()
    );
    Error::new(&codes::OPTION_VALUE, message)
        .cause(what.to_owned())
        .next("give error, warn, info, debug or trace, also for parts: `info,audit=warn`")
}

/// How long a process may take to report its job; `None`: as long as it likes.
pub(crate) fn start_limit(configuration: &Configuration) -> Result<Option<Duration>> {
    let limit = configuration.require(&options::JOB_START_TIMEOUT)?;
    Ok(Some(limit).filter(|limit| !limit.is_zero()))
}

fn is_job_option(key: &str) -> bool {
    is_in(options::ALL, key)
}

fn is_in(options: &[OptionSummary], key: &str) -> bool {
    options
        .iter()
        .any(|option| option.name == key || option.aliases.contains(&key))
}

#[cfg(test)]
mod tests;
