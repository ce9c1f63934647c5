//! Where checkpoints of jobs lie.

use std::path::Path;

use millstream_core::options::CHECKPOINT_DIRECTORY;
use millstream_core::{Configuration, Result};
use millstream_storage::Location;

/// Where the checkpoints of a job, or of jobs without a word on it, lie with these settings. `data`: the data directory of the server.
///
/// # Errors
/// It is no place of this machine or of a store.
pub(crate) fn place(settings: &Configuration, data: &Path) -> Result<Location> {
    match settings.get(&CHECKPOINT_DIRECTORY)? {
        Some(directory) => directory.parse(),
        None => Location::from_path(data.join("checkpoints")),
    }
}
