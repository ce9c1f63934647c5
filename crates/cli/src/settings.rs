//! The configuration that an action works with: the file, and `-D`, which wins.

use std::path::{Path, PathBuf};

use millstream_core::{Configuration, Result, options};
use millstream_server::configuration::{self, Loaded};

use crate::arguments::Connection;

/// Reads the configuration that the options of an action name. Keys that mean nothing here are the server's to
/// warn about: an action that runs each second must not repeat them.
///
/// # Errors
/// A file that is named can't be read, or `-D` sets what is no option.
pub(crate) fn load(connection: &Connection) -> Result<Configuration> {
    let mut configuration = loaded(connection)?.configuration;
    resolve(&mut configuration)?;
    Ok(configuration)
}

/// Reads the configuration as [`load`] does, with its references as they are written, and what is known of the file.
///
/// # Errors
/// Those of [`load`], but for references.
pub(crate) fn loaded(connection: &Connection) -> Result<Loaded> {
    read(connection.config.as_deref(), &connection.overrides()?)
}

/// The same by the name of the file or its directory, where one was given, and with what overrides it.
///
/// # Errors
/// Those of [`loaded`].
pub(crate) fn read(named: Option<&str>, overrides: &Configuration) -> Result<Loaded> {
    let named = named.map(PathBuf::from);
    let file = match named {
        None if configuration::named_directory().is_none() => std::env::current_exe()
            .ok()
            .and_then(|program| beside(&program)),
        named => named,
    };
    configuration::load(file.as_deref(), overrides)
}

/// The directory of the configuration that was installed with `program`: `conf` beside its `bin`, as Flink has it, but
/// `/etc/millstream` for one in `/usr/bin`. `None`: there is no file in it.
fn beside(program: &Path) -> Option<PathBuf> {
    let top = program
        .parent()
        .filter(|bin| bin.ends_with("bin"))?
        .parent()?;
    let directory = match top.file_name() {
        Some(name) if name == "usr" => top.parent()?.join("etc/millstream"),
        _ => top.join("conf"),
    };
    configuration::in_directory(&directory).map(|_| directory)
}

/// The options that the command itself follows; what the others stand for is known where the server or the job runs.
const OWN: [&str; 11] = [
    options::REST_ADDRESS.name,
    options::REST_PORT.name,
    options::REST_TOKEN.name,
    options::REST_SSL_ENABLED.name,
    options::REST_SSL_CERTIFICATE.name,
    options::CLIENT_TRUSTED.name,
    options::CLIENT_CERTIFICATE.name,
    options::CLIENT_KEY.name,
    options::CLIENT_TIMEOUT.name,
    options::TARGET.name,
    options::DATA_DIRECTORY.name,
];

/// Resolves the references in the options that the command itself follows.
///
/// # Errors
/// What one stands for is not to be had.
pub(crate) fn resolve(configuration: &mut Configuration) -> Result<()> {
    millstream_process::secrets::resolve_some(configuration, |key| OWN.contains(&key))
}
