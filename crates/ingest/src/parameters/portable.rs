//! Parameters for a process elsewhere, which has neither the file nor the environment of this one.

use std::path::Path;

use millstream_core::Result;
use millstream_core::options::reference::{escape, has_references};

use super::given::{Origin, References};
use super::places::local_path;
use super::{Input, checked, notes, table};

/// Parameters as arguments alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portable {
    /// `--name=value` for every parameter that was given, by whatever way.
    pub arguments: Vec<String>,
    /// One line each, to be shown before the job is submitted.
    pub notes: Vec<String>,
}

/// Checks the parameters as [`load`](super::load) does, and writes them down as arguments that say the same anywhere: relative
/// paths are taken from [`Input::directory`]. References stay as they are written: they are looked up where the job runs, and
/// what has some is checked there.
///
/// # Errors
/// Those of [`load`](super::load).
pub fn portable(input: &Input<'_>) -> Result<Portable> {
    let mut given = checked(input, References::Elsewhere)?;
    let mut notes = std::mem::take(&mut given.notes);
    notes.extend(notes::of(&given));
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
        table::FILE_BAD_PATH.name(),
        table::AFTER_COMMIT_PATH.name(),
        table::CHECKPOINT_DIR.name(),
        table::HADOOP_HOME.name(),
        table::ES_CA.name(),
        table::ES_MAPPING.name(),
        table::KERBEROS_KEYTAB.name(),
    ]
    .contains(&name);
    match local_path(text) {
        // What begins with a reference is whole where that is known.
        Ok(path) if is_path && path.is_relative() && !begins_with_reference(text) => {
            let directory = escape(&directory.to_string_lossy());
            Path::new(&directory)
                .join(path)
                .to_string_lossy()
                .into_owned()
        }
        Ok(path) if is_path => path.to_string_lossy().into_owned(),
        _ => text.to_owned(),
    }
}

fn begins_with_reference(text: &str) -> bool {
    text.starts_with("${") && has_references(text)
}
