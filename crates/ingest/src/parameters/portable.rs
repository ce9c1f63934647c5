//! Parameters for a process elsewhere, which has neither the file nor the environment of this one.

use std::path::Path;

use millstream_core::Result;

use super::given::{Given, Origin};
use super::resolve::local_path;
use super::{Input, Loaded, load, table};

/// Parameters as arguments alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portable {
    /// `--name=value` for every parameter that was given, by whatever way.
    pub arguments: Vec<String>,
    /// One line each, to be shown before the job is submitted.
    pub notes: Vec<String>,
}

/// Checks the parameters as [`load`] does, and writes them down as arguments that say the same anywhere: relative paths
/// are taken from [`Input::directory`].
///
/// # Errors
/// Those of [`load`].
pub fn portable(input: &Input<'_>) -> Result<Portable> {
    let Loaded { notes, .. } = load(input)?;
    let given = Given::collect(input);
    let arguments = given
        .values()
        // What is set for Hadoop here says nothing about the machine of the job.
        .filter(|(_, _, origin)| !matches!(origin, Origin::Foreign(_)))
        .filter(|(name, _, _)| *name != table::CONFIG.name())
        .map(|(name, text, _)| format!("--{name}={}", absolute(name, text, input.directory)))
        .collect();
    Ok(Portable { arguments, notes })
}

fn absolute(name: &str, text: &str, directory: &Path) -> String {
    let is_path = [
        table::SOURCE_PATH.name(),
        table::SINK_PATH.name(),
        table::DEAD_LETTER_PATH.name(),
        table::CHECKPOINT_DIR.name(),
    ]
    .contains(&name);
    match local_path(text) {
        Ok(path) if is_path => directory.join(path).to_string_lossy().into_owned(),
        _ => text.to_owned(),
    }
}
