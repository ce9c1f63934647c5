//! The configuration that an action works with: the file, and `-D`, which wins.

use std::path::Path;

use millstream_core::{Configuration, Result, options};
use millstream_server::configuration;

use crate::arguments::Connection;

/// Reads the configuration that the options of an action name. Keys that mean nothing here are the server's to
/// warn about: an action that runs each second must not repeat them.
///
/// # Errors
/// A file that is named can't be read, or `-D` sets what is no option.
pub(crate) fn load(connection: &Connection) -> Result<Configuration> {
    let file = connection.config.as_deref().map(Path::new);
    let overrides = connection.overrides()?;
    let mut configuration = configuration::load(file, &overrides)?.configuration;
    resolve(&mut configuration)?;
    Ok(configuration)
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
