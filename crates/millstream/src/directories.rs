//! Where the snapshots of a job go.

use std::path::PathBuf;

use millstream_core::options::{CHECKPOINT_DIRECTORY, DATA_DIRECTORY, SAVEPOINT_DIRECTORY};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_storage::Location;

/// The directories of one job.
pub(crate) struct Directories {
    pub(crate) checkpoints: Location,
    pub(crate) savepoints: Location,
}

impl Directories {
    /// Those that the configuration names, else `checkpoints` and `savepoints` below the data directory.
    pub(crate) fn of(configuration: &Configuration) -> Result<Self> {
        let place = |set: Option<String>, name: &str| match set {
            Some(text) => text.parse::<Location>(),
            None => Location::from_path(data_directory(configuration)?.join(name)),
        };
        Ok(Self {
            checkpoints: place(configuration.get(&CHECKPOINT_DIRECTORY)?, "checkpoints")?,
            savepoints: place(configuration.get(&SAVEPOINT_DIRECTORY)?, "savepoints")?,
        })
    }
}

/// Where the checkpoints and the savepoints of a job with this configuration go that runs in this process.
///
/// # Errors
/// A place is none of this machine's, or there is no data directory.
pub fn snapshots(configuration: &Configuration) -> Result<(PathBuf, PathBuf)> {
    let Directories {
        checkpoints,
        savepoints,
    } = Directories::of(configuration)?;
    Ok((checkpoints.path().to_owned(), savepoints.path().to_owned()))
}

fn data_directory(configuration: &Configuration) -> Result<PathBuf> {
    if let Some(directory) = configuration.get(&DATA_DIRECTORY)? {
        return Ok(PathBuf::from(directory));
    }
    let home = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    home("XDG_DATA_HOME")
        .map(|data| data.join("millstream"))
        .or_else(|| home("HOME").map(|home| home.join(".local/share/millstream")))
        .ok_or_else(|| {
            Error::new(
                &codes::OPTION_CONFLICT,
                "no data directory: neither HOME nor XDG_DATA_HOME is set",
            )
            .next(format!("set {}", DATA_DIRECTORY.name))
        })
}
