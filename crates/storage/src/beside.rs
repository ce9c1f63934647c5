//! What lies beside a snapshot that can't be used: advice for messages.

use std::path::Path;
use std::time::SystemTime;

use crate::files;
use crate::location::Location;
use crate::metadata::SnapshotMetadata;

/// How many neighbours a message names.
const NEIGHBOURS: usize = 3;

/// The newest completed snapshots beside `location`, as text. Those that can't be read are no advice.
pub(crate) fn neighbours(location: &Location) -> Vec<String> {
    let listed = location.path().parent().map(files::list);
    let Some(Ok(entries)) = listed else {
        return Vec::new();
    };
    let written = |path: &Path| files::look(path).ok()?.written;
    let parent = location.path().parent().unwrap_or(location.path());
    let mut found: Vec<(SystemTime, Location)> = entries
        .into_iter()
        .filter_map(|entry| {
            let directory = parent.join(entry.name);
            let location = Location::from_path(&directory).ok()?;
            Some((written(&location.metadata_path())?, location))
        })
        .filter(|(_, other)| other != location)
        .collect();
    found.sort();
    found
        .iter()
        .rev()
        .map(|(_, location)| location)
        .filter(|other| is_readable(other))
        .take(NEIGHBOURS)
        .map(Location::to_string)
        .collect()
}

fn is_readable(location: &Location) -> bool {
    let path = location.metadata_path();
    files::read(&path).is_ok_and(|bytes| SnapshotMetadata::from_text(&bytes, &path).is_ok())
}
