//! Marks: which decisions the simulation has come by.

use std::collections::BTreeMap;

use millstream_protocol::recovery::{CourseOfStop, course_of_stop};
use millstream_protocol::{Condition, Decision, Facts, decide};

/// How often each was come by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks(BTreeMap<&'static str, u64>);

/// Every decision about a recovery, and everything that is to have happened.
pub(crate) const ALL: &[&str] = &[
    "start: fresh",
    "start: from a checkpoint",
    "start: from another job's snapshot",
    "start: a stop is resumed",
    "start: a stop is resumed that is noted as written",
    "start: waits for its directory",
    "start: waits for a checkpoint",
    "start: waits for what is on record",
    "start: waits for another job's snapshot",
    "start: waits for a stop that is noted as written",
    "start: waits for a stop whose checkpoint is there",
    "start: refused, damaged",
    "stop is over: a newer snapshot is there",
    "stop is over: its savepoint was not complete",
    "stop is over: its savepoint is damaged",
    "looked again: still away",
    "looked again: there",
    "cancelled while it waits",
    "recovery failed: unreachable",
    "recovery failed: damaged",
    "recovery failed: a sink",
    "recovery failed: the end of a stop is not noted",
    "recovery failed: what was given up is there",
    "recovery failed: of a stop that is carried on",
    "recovered: nothing",
    "recovered: committed",
    "recovered: noted as committed",
    "recovered: lost output was accepted",
    "commit: tried again",
    "commit: refused behind one that was tried in vain",
    "commit: lost output",
    "commit: unknown output",
    "commit: told to give up",
    "savepoint on the way: written",
    "savepoint on the way: only its checkpoint",
    "savepoint on the way: its checkpoint failed",
    "savepoint on the way: gone back to",
    "savepoint on the way: not committed",
    "stop: its checkpoint failed, its savepoint not",
    "given up while it was written",
    "given up while a sink held it up: not counted",
    "died between two actions",
    "died between two steps of a write",
    "died between two steps of a commit",
    "died before the note that the savepoint is written",
    "died behind the note that the savepoint is written",
    "taken: found out by a write",
    "taken: found out by a commit",
    "taken: found out by a recovery",
    "taken: found out by a look",
    "late acknowledgement",
    "process killed",
    "stopped",
    "stop failed",
    "branch: a fork from a savepoint on the way, beside its job",
    "branch: a fork from a savepoint on the way, behind its job's end",
    "branch: a fork from the savepoint of a stop",
    "branch: the newest is a checkpoint",
    "branch: the newest is a savepoint",
    "branch: refused, the newest was deleted",
    "branch: refused, another one runs",
    "branch: refused, a savepoint that was given up has lost its output",
    "branch: both have committed behind the fork",
    "branch: its output was committed by the other one",
    "branch: what the one before had left behind is removed",
    "branch: what another one behind it had left behind is removed",
    "branch: what was claimed is deleted",
    "ended: what nobody may ask for is removed",
    "ended: what a snapshot holds is kept",
    "finished",
    "cancelled",
    "failed",
];

impl Marks {
    pub(crate) fn hit(&mut self, mark: &'static str) {
        assert!(ALL.contains(&mark), "{mark} is not in the list");
        *self.0.entry(mark).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (mark, count) in &other.0 {
            *self.0.entry(mark).or_default() += count;
        }
    }

    pub(crate) fn count(&self, mark: &str) -> u64 {
        self.0.get(mark).copied().unwrap_or(0)
    }

    /// Marks what a start does with these facts.
    pub(crate) fn decided(&mut self, facts: &Facts) {
        if let CourseOfStop::Over(_) = course_of_stop(facts) {
            self.hit(over(facts));
        }
        let stop = facts.unfinished_stop.as_ref();
        self.hit(match decide(facts) {
            Decision::Fresh => "start: fresh",
            Decision::GoOn(snapshot) if snapshot.path.starts_with("/f") => {
                "start: from another job's snapshot"
            }
            Decision::GoOn(_) => match (course_of_stop(facts), stop) {
                (CourseOfStop::Resume, Some(stop)) if stop.written => {
                    "start: a stop is resumed that is noted as written"
                }
                (CourseOfStop::Resume, _) => "start: a stop is resumed",
                _ => "start: from a checkpoint",
            },
            Decision::Wait { .. } => waits(facts),
            Decision::Refused { .. } => "start: refused, damaged",
        });
    }
}

fn over(facts: &Facts) -> &'static str {
    let stop = facts.unfinished_stop.as_ref().expect("there is one");
    let offered = facts.offered.iter().map(|offer| offer.snapshot.checkpoint);
    if offered.max().max(facts.completed_up_to) > Some(stop.savepoint.snapshot.checkpoint) {
        return "stop is over: a newer snapshot is there";
    }
    match stop.savepoint.condition {
        Condition::Damaged(_) => "stop is over: its savepoint is damaged",
        _ => "stop is over: its savepoint was not complete",
    }
}

fn waits(facts: &Facts) -> &'static str {
    if facts.unreachable.is_some() {
        return "start: waits for its directory";
    }
    if course_of_stop(facts) == CourseOfStop::Wait {
        let written = facts
            .unfinished_stop
            .as_ref()
            .is_some_and(|stop| stop.written);
        return if written {
            "start: waits for a stop that is noted as written"
        } else {
            "start: waits for a stop whose checkpoint is there"
        };
    }
    let offered = facts.offered.iter().map(|offer| offer.snapshot.checkpoint);
    let newest = offered.max();
    if newest < facts.completed_up_to {
        "start: waits for what is on record"
    } else if newest.is_none() {
        "start: waits for another job's snapshot"
    } else {
        "start: waits for a checkpoint"
    }
}
