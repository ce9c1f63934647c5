//! Where checkpoints of jobs lie.

use std::path::Path;

use millstream_core::options::CHECKPOINT_DIRECTORY;
use millstream_core::{Configuration, Result};
use millstream_process::secrets;
use millstream_storage::Location;

/// Where the checkpoints of a job, or of jobs without a word on it, lie with these settings, which are as they are written: what a
/// reference in them stands for is looked up. `data`: the data directory of the server.
///
/// # Errors
/// It is no place of this machine or of a store, or what it stands for is not to be had.
pub(crate) fn place(settings: &Configuration, data: &Path) -> Result<Location> {
    let mut settings = settings.clone();
    secrets::resolve_some(&mut settings, |key| CHECKPOINT_DIRECTORY.is_set_by(key))?;
    match settings.get(&CHECKPOINT_DIRECTORY)? {
        Some(directory) => directory.parse(),
        None => Location::from_path(data.join("checkpoints")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_may_be_written_as_a_reference() {
        let directory = tempfile::tempdir().expect("a directory");
        let (data, note) = (directory.path(), directory.path().join("place"));
        std::fs::write(&note, "/mnt/cp").expect("written");
        let note = note.display();
        for (key, value, expected) in [
            (CHECKPOINT_DIRECTORY.name, "/cp".to_owned(), Some("/cp")),
            (
                CHECKPOINT_DIRECTORY.name,
                format!("${{file:{note}}}"),
                Some("/mnt/cp"),
            ),
            (
                "state.checkpoints.dir",
                format!("${{file:{note}}}/jobs"),
                Some("/mnt/cp/jobs"),
            ),
            (
                CHECKPOINT_DIRECTORY.name,
                "${file:/nowhere/at/all}".to_owned(),
                None,
            ),
        ] {
            let mut settings = Configuration::new();
            settings.set(key, &value);
            let found = place(&settings, data).ok();
            let found = found.as_ref().map(|found| found.path().to_owned());
            assert_eq!(found.as_deref(), expected.map(Path::new), "{value}");
        }
        let found = place(&Configuration::new(), data).expect("the default");
        assert_eq!(found.path(), data.join("checkpoints"));
    }
}
