//! What is left among the checkpoints once a job has ended.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::places::names;
use crate::violation::Kind;

/// Journals of one job besides those of its retained checkpoints: one that is written, and one of each attempt that ended
/// before it had a checkpoint, which stay as long as a checkpoint is older than they are.
const JOURNALS: u64 = 16;

/// Shared files that no checkpoint names, in the directory of a job to which nobody comes back.
const UNNAMED: usize = 8;

/// Looks at the directories of all jobs: in each a checkpoint that is none is left at most once, journals are few, and
/// every shared file is named by a checkpoint.
///
/// `by_attempt`: a job that died is begun again, and sweeps its directory. A job without a server is not: what goes on
/// from it is another job, so that some shared files may stay, a checkpoint that was written and one that was deleted.
///
/// `kept`: jobs that ended while the disk would not let go of anything.
///
/// # Errors
/// [`Kind::LeftBehind`], with what was found.
pub(crate) fn look(
    checkpoints: &Path,
    retained: u64,
    by_attempt: bool,
    kept: &BTreeSet<String>,
) -> Result<()> {
    let mut found = Vec::new();
    for job in names(checkpoints) {
        if kept.contains(&job) {
            continue;
        }
        let left = Left::of(&checkpoints.join(&job));
        let may_be_dead = !by_attempt && !checkpoints.join(&job).join("_ended").exists();
        if left.halves.len() > if may_be_dead { 2 } else { 1 } {
            let list = left.halves.join(", ");
            found.push(format!("checkpoints without _metadata in {job}: {list}"));
        }
        if left.journals > 2 * retained + JOURNALS {
            let journals = left.journals;
            found.push(format!("{journals} journals in {job}, {retained} retained"));
        }
        if left.unnamed.len() > if may_be_dead { UNNAMED } else { 0 } {
            let list = left.unnamed.join(", ");
            found.push(format!("shared files of {job} that nothing names: {list}"));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Kind::LeftBehind.because(found.join("; ")))
}

/// What lies in the directory of a job.
struct Left {
    /// Directories of checkpoints without `_metadata`.
    halves: Vec<String>,
    journals: u64,
    /// Shared files that no checkpoint of the job names.
    unnamed: Vec<String>,
}

impl Left {
    fn of(directory: &Path) -> Self {
        let all = names(directory);
        let (mut halves, mut named) = (Vec::new(), String::new());
        for name in all.iter().filter(|name| name.starts_with("chk-")) {
            match fs::read_to_string(directory.join(name).join("_metadata")) {
                Ok(text) => named.push_str(&text),
                Err(_) => halves.push(name.clone()),
            }
        }
        let journals = all.iter().filter(|name| name.starts_with("_intake-"));
        let mut unnamed = names(&directory.join("shared"));
        unnamed.retain(|name| !named.contains(&format!("../shared/{name}\"")));
        Self {
            halves,
            journals: journals.count() as u64,
            unnamed,
        }
    }
}

/// Whether the end of a job of this name is noted that left nothing to go on from.
pub(crate) fn has_noted_end(checkpoints: &Path, name: &str) -> bool {
    names(checkpoints).iter().any(|job| {
        let text = fs::read_to_string(checkpoints.join(job).join("_ended"));
        let note: Option<Value> = text.ok().and_then(|text| serde_json::from_str(&text).ok());
        note.is_some_and(|note| {
            let is = note.get("job_name").and_then(Value::as_str) == Some(name);
            is && note.get("savepoint").is_none_or(Value::is_null)
        })
    })
}
