//! The state of the first version: one entry for each file and reader, with the file's whole path.
//!
//! It is turned into numbered pieces, by a function of the entries alone, so that the enumerator and every reader
//! come to the same numbers: first the files that were read to their end, then the others, each in the order of
//! their time and name. What was known of the others becomes one layer of one reader.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use millstream_engine::connector::StateEntry;
use serde::Deserialize;

use super::intervals::Intervals;
use super::layers::{Layer, Partial, Position};
use super::listing::Identity;
use super::name::Name;
use super::share::Share;

/// One reader's part in one file, as it was written.
#[derive(Debug, Deserialize)]
struct FileEntry {
    path: String,
    #[serde(flatten)]
    identity: Identity,
    #[serde(flatten)]
    share: Share,
    #[serde(default)]
    done: Vec<(u64, u64)>,
    #[serde(default)]
    parts: Vec<(u64, u64)>,
    #[serde(default)]
    starts: Vec<(u64, u64)>,
}

/// One version of a file, all readers together.
#[derive(Debug, Clone)]
pub(crate) struct LegacyFile {
    pub(crate) name: Name,
    pub(crate) identity: Identity,
    /// Whether it was one split, whose offsets are those of decompressed or decoded text.
    pub(crate) whole: bool,
    done: Intervals,
    starts: Vec<(u64, u64)>,
}

impl LegacyFile {
    fn is_complete(&self) -> bool {
        let end = if self.whole {
            u64::MAX
        } else {
            self.identity.size
        };
        self.done.covers(0, end)
    }
}

/// The files of a snapshot of the first version, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Legacy {
    pub(crate) files: Vec<LegacyFile>,
    /// How many of them, from the first on, were read to their end.
    pub(crate) complete: u64,
}

impl Legacy {
    /// Whether an entry is one of the first version's.
    pub(crate) fn is_file(entry: &StateEntry) -> bool {
        entry.value.get("kind").and_then(|kind| kind.as_str()) == Some("file")
    }

    /// Reads the entries for files; others are passed over.
    ///
    /// # Errors
    /// The key of an entry that can't be read, and why.
    pub(crate) fn read(entries: &[StateEntry]) -> Result<Self, (String, serde_json::Error)> {
        let mut versions: BTreeMap<Name, Vec<LegacyFile>> = BTreeMap::new();
        for entry in entries.iter().filter(|entry| Self::is_file(entry)) {
            let file =
                FileEntry::deserialize(&entry.value).map_err(|error| (entry.key.clone(), error))?;
            add(&mut versions, &file);
        }
        let mut files: Vec<LegacyFile> = versions.into_values().filter_map(oldest).collect();
        let place = |file: &LegacyFile| (!file.is_complete(), file.identity.mtime);
        files.sort_by(|a, b| (place(a), &a.name).cmp(&(place(b), &b.name)));
        let complete = files.partition_point(LegacyFile::is_complete) as u64;
        Ok(Self { files, complete })
    }

    /// What the readers of the snapshot had done.
    pub(crate) fn layer(&self) -> Layer {
        let begun = (self.complete..).zip(self.files.iter().skip(self.complete as usize));
        let partial = |(piece, file): (u64, &LegacyFile)| Partial {
            piece,
            done: Vec::new(),
            parts: file.done.within(0, u64::MAX).collect(),
            starts: file.starts.clone(),
        };
        Layer {
            parallelism: 1,
            readers: vec![Position {
                subtask: 0,
                below: self.complete,
                partial: begun.map(partial).collect(),
            }],
        }
    }
}

fn add(versions: &mut BTreeMap<Name, Vec<LegacyFile>>, file: &FileEntry) {
    let name = Path::new(&file.path).file_name();
    let name = Name::of(name.unwrap_or(OsStr::new(&file.path)));
    let whole = file.share.split == 0;
    let known = versions.entry(name.clone()).or_default();
    let same =
        |version: &&mut LegacyFile| version.identity == file.identity && version.whole == whole;
    if known.iter_mut().find(same).is_none() {
        known.push(LegacyFile {
            name,
            identity: file.identity,
            whole,
            done: Intervals::default(),
            starts: Vec::new(),
        });
    }
    let Some(version) = known.iter_mut().find(same) else {
        return;
    };
    let owned = file.share.count(file.identity.size);
    for (from, to) in &file.done {
        let splits = file.share.ranges(*from, (*to).min(owned));
        splits.for_each(|(from, to)| version.done.insert(from, to));
    }
    for (from, to) in &file.parts {
        version.done.insert(*from, *to);
    }
    version.starts.extend(&file.starts);
    version.starts.sort_unstable();
    version.starts.dedup();
}

/// Readers may have seen different versions of a file that changed: the oldest one is held on to.
fn oldest(mut versions: Vec<LegacyFile>) -> Option<LegacyFile> {
    versions.sort_by_key(|version| version.identity.mtime);
    versions.into_iter().reduce(|mut first, other| {
        for (from, to) in other.done.within(0, u64::MAX) {
            first.done.insert(from, to);
        }
        first.starts.extend(&other.starts);
        first.starts.sort_unstable();
        first
    })
}

#[cfg(test)]
mod tests {
    use millstream_engine::connector::StateEntry;
    use serde_json::json;

    use super::Legacy;
    use crate::files_source::intervals::Intervals;
    use crate::files_source::layers::Place;

    fn entry(key: &str, value: serde_json::Value) -> StateEntry {
        StateEntry {
            key: key.to_owned(),
            value,
        }
    }

    #[test]
    fn entries_of_the_first_version_become_numbered_pieces() {
        let entries = [
            entry(
                "/in/b.csv#0",
                json!({"kind": "file", "path": "/in/b.csv", "size": 25, "mtime": 5,
                "split": 10, "first": 0, "step": 2, "done": [[0, 1]], "parts": [[20, 22]], "starts": [[22, 4]]}),
            ),
            entry(
                "/in/b.csv#1",
                json!({"kind": "file", "path": "/in/b.csv", "size": 25, "mtime": 5,
                "split": 10, "first": 1, "step": 2, "done": [[0, 1]]}),
            ),
            entry(
                "/in/a.csv.gz#0",
                json!({"kind": "file", "path": "/in/a.csv.gz", "size": 9, "mtime": 7,
                "split": 0, "first": 0, "step": 2, "done": [[0, 1]]}),
            ),
            entry("columns#0", json!({"kind": "columns", "names": ["a"]})),
        ];
        let legacy = Legacy::read(&entries).expect("whole");
        let names: Vec<String> = legacy
            .files
            .iter()
            .map(|file| file.name.to_string())
            .collect();
        assert_eq!(names, ["a.csv.gz", "b.csv"]);
        assert_eq!(legacy.complete, 1);
        let layer = legacy.layer();
        let done = |sequence, split| {
            let place = Place {
                sequence,
                key: 3,
                size: 25,
                split,
            };
            let (mut done, mut starts) = (Intervals::default(), Vec::new());
            layer.add_to(&place, &mut done, &mut starts);
            (done, starts.len())
        };
        assert!(done(0, 0).0.covers(0, u64::MAX));
        let (done, starts) = done(1, 7);
        assert_eq!(done.gaps(0, 25), [(22, 25)]);
        assert_eq!(starts, 1);
    }

    #[test]
    fn an_entry_that_lacks_something_is_named() {
        let entries = [entry("a.csv#0", json!({"kind": "file"}))];
        let (key, _) = Legacy::read(&entries).expect_err("fields are missing");
        assert_eq!(key, "a.csv#0");
    }
}
