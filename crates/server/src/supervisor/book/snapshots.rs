//! Which snapshots of a job are remembered.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::CheckpointId;
use millstream_protocol::link::{CheckpointReport, CheckpointState, JobReport};

/// Every snapshot that has ended, as the report tells it; some more than once.
pub(super) fn ended(report: &JobReport) -> impl Iterator<Item = &CheckpointReport> {
    let named = [&report.completed, &report.savepoint, &report.failed];
    let all = report.checkpoints.iter().chain(named.into_iter().flatten());
    all.filter(|checkpoint| checkpoint.state != CheckpointState::InProgress)
}

/// Takes what the report tells of snapshots that have ended into `known`, oldest first, and forgets those that are too old.
/// Answers those that are new or have changed.
pub(super) fn note(
    known: &mut Vec<CheckpointReport>,
    report: &JobReport,
    history: usize,
) -> Vec<CheckpointReport> {
    let mut changed = BTreeMap::new();
    for checkpoint in ended(report) {
        if !known.contains(checkpoint) {
            changed.insert(checkpoint.id, checkpoint.clone());
        }
    }
    known.retain(|known| !changed.contains_key(&known.id));
    known.extend(changed.values().cloned());
    known.sort_by_key(|checkpoint| checkpoint.id);
    let kept = kept(known, history);
    known.retain(|checkpoint| kept.contains(&checkpoint.id));
    changed.retain(|id, _| kept.contains(id));
    changed.into_values().collect()
}

/// The newest `history` snapshots, and the newest completed checkpoint, savepoint and failed one whatever their age: they
/// are what is asked for first where nothing but failures followed.
fn kept(known: &[CheckpointReport], history: usize) -> BTreeSet<CheckpointId> {
    let newest = |is_wanted: fn(&CheckpointReport) -> bool| {
        let mut newest_first = known.iter().rev();
        newest_first.find(|checkpoint| is_wanted(checkpoint))
    };
    let named = [
        newest(|c| c.state == CheckpointState::Completed && c.savepoint.is_none()),
        newest(|c| c.state == CheckpointState::Completed && c.savepoint.is_none() && !c.discarded),
        newest(|c| c.state == CheckpointState::Completed && c.savepoint.is_some()),
        newest(|c| c.state == CheckpointState::Failed),
    ];
    let newest = known.iter().rev().take(history);
    let kept = newest.chain(named.into_iter().flatten());
    kept.map(|checkpoint| checkpoint.id).collect()
}

/// What lies in the directory of a job's checkpoints.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::supervisor) struct Lying {
    /// The numbers of all that are complete.
    pub(in crate::supervisor) numbers: BTreeSet<CheckpointId>,
    /// Those of them that no process has told to be complete.
    pub(in crate::supervisor) untold: Vec<CheckpointReport>,
    /// The lowest number that none has used, complete or not.
    pub(in crate::supervisor) unused: CheckpointId,
}

/// Takes what lies there into `known`. Answers what has changed. Of a job that goes on nothing is missed where nothing lies
/// there: the disk may be away.
pub(super) fn reconcile(
    known: &mut Vec<CheckpointReport>,
    lying: &Lying,
    has_ended: bool,
    history: usize,
) -> Vec<CheckpointReport> {
    let before = known.clone();
    let is_missed = has_ended || !lying.numbers.is_empty();
    for checkpoint in known.iter_mut() {
        let is_there = lying.numbers.contains(&checkpoint.id);
        let is_checkpoint =
            checkpoint.state == CheckpointState::Completed && checkpoint.savepoint.is_none();
        if is_checkpoint && (is_there || is_missed) {
            checkpoint.discarded = !is_there;
        }
    }
    // One that was told to be given up lies there all the same.
    known.retain(|known| lying.untold.iter().all(|untold| untold.id != known.id));
    known.extend(lying.untold.iter().cloned());
    known.sort_by_key(|checkpoint| checkpoint.id);
    let kept = kept(known, history);
    known.retain(|checkpoint| kept.contains(&checkpoint.id));
    let changed = known
        .iter()
        .filter(|checkpoint| !before.contains(checkpoint));
    changed.cloned().collect()
}

#[cfg(test)]
mod tests;
