//! What is left among the checkpoints once a job has ended.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::places::names;
use crate::violation::Kind;

/// Journals of one job: one part for each retained checkpoint, one that is written, and what lies between two looks at
/// them.
const JOURNALS: u64 = 3;

/// Looks at the directories of all jobs: a checkpoint that is none is left at most once, journals are few, and every
/// shared file is named by a checkpoint of its job.
///
/// # Errors
/// [`Kind::LeftBehind`], with what was found.
pub(crate) fn look(checkpoints: &Path, retained: u64) -> Result<()> {
    let mut halves = Vec::new();
    let mut found = Vec::new();
    for job in names(checkpoints) {
        let directory = checkpoints.join(&job);
        let all = names(&directory);
        let mut named = String::new();
        for name in all.iter().filter(|name| name.starts_with("chk-")) {
            match fs::read_to_string(directory.join(name).join("_metadata")) {
                Ok(text) => named.push_str(&text),
                Err(_) => halves.push(format!("{job}/{name}")),
            }
        }
        let journals = all.iter().filter(|name| name.starts_with("_intake-"));
        let journals = journals.count() as u64;
        if journals > retained + JOURNALS {
            found.push(format!("{journals} journals in {job}, {retained} retained"));
        }
        let shared = names(&directory.join("shared")).into_iter();
        let unnamed = shared.filter(|name| !named.contains(&format!("../shared/{name}\"")));
        found.extend(unnamed.map(|name| format!("{job}/shared/{name} is named by nothing")));
    }
    if halves.len() > 1 {
        let list = halves.join(", ");
        found.push(format!(
            "{} checkpoints without _metadata: {list}",
            halves.len()
        ));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Kind::LeftBehind.because(found.join("; ")))
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
