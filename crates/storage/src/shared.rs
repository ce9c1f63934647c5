//! Files that several checkpoints of a job refer to. How many do is counted anew from their `_metadata` whenever it matters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use millstream_core::Result;

use crate::disk::{read_if_there, subdirectories};
use crate::metadata::{FilePlace, SnapshotMetadata};
use crate::names::METADATA_FILE;

/// How many checkpoints refer to each shared file, by its name.
pub(crate) type References = BTreeMap<String, usize>;

/// The references of the completed checkpoints in a job's directory, but `except`. `None`: a `_metadata` can't be understood,
/// so nothing is known to be free.
pub(crate) fn retained(job_directory: &Path, except: Option<&Path>) -> Result<Option<References>> {
    let mut checkpoints = Vec::new();
    for directory in subdirectories(job_directory)? {
        if Some(directory.as_path()) == except {
            continue;
        }
        let path = directory.join(METADATA_FILE);
        let Some(bytes) = read_if_there(&path)? else {
            continue;
        };
        match SnapshotMetadata::from_text(&bytes, &path) {
            Ok(metadata) => checkpoints.push(metadata),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(references(checkpoints.iter())))
}

/// Counts the references of `checkpoints`; a file that one of them names twice counts once.
fn references<'a>(checkpoints: impl Iterator<Item = &'a SnapshotMetadata>) -> References {
    let mut references = References::new();
    for checkpoint in checkpoints {
        let names: BTreeSet<&str> = checkpoint
            .files()
            .filter_map(|file| match file.place() {
                Some(FilePlace::Shared(name)) => Some(name),
                _ => None,
            })
            .collect();
        for name in names {
            *references.entry(name.to_owned()).or_default() += 1;
        }
    }
    references
}

/// Those of `candidates` that nothing refers to.
pub(crate) fn unreferenced(
    candidates: BTreeSet<String>,
    references: &References,
) -> BTreeSet<String> {
    let is_free = |name: &String| references.get(name).is_none_or(|count| *count == 0);
    candidates.into_iter().filter(is_free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::tests::example;

    fn checkpoint(files: &[&str]) -> SnapshotMetadata {
        let mut metadata = example();
        let state = &mut metadata.operators[1].states[0];
        let file = state.files[0].clone();
        state.files = files
            .iter()
            .map(|path| crate::metadata::FileEntry {
                path: (*path).to_owned(),
                ..file.clone()
            })
            .collect();
        metadata
    }

    #[test]
    fn references_are_counted_by_checkpoint() {
        let checkpoints = [
            checkpoint(&["own", "../shared/a", "../shared/b", "../shared/a"]),
            checkpoint(&["../shared/b", "../shared/c", "a"]),
            checkpoint(&[]),
        ];
        let counted = references(checkpoints.iter());
        let expected = [("a", 1), ("b", 2), ("c", 1)];
        let expected: References = expected.map(|(name, n)| (name.to_owned(), n)).into();
        assert_eq!(counted, expected);
        let candidates = ["a", "d", "own"].map(str::to_owned).into();
        let free = ["d", "own"].map(str::to_owned).into();
        assert_eq!(unreferenced(candidates, &counted), free);
    }
}
