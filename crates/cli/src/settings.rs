//! The configuration that an action works with: the file, and `-D`, which wins.

use std::path::Path;

use millstream_core::{Configuration, Result};
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
    Ok(configuration::load(file, &overrides)?.configuration)
}
