//! Which snapshot a start goes on from, or why it can't.
//!
//! Storage reads the facts; this decides on them. The newest completed snapshot is the only right one:
//! output up to it may be committed, so going on from an older one would double it. Only proven damage
//! refuses a start. What is missing or can't be reached is waited for: a directory that is not mounted
//! yet looks like one from which everything was deleted, and nothing is forgotten on an absence.

use millstream_core::{CheckpointId, TriggerId, codes};

use crate::types::SnapshotRef;

/// How a snapshot was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Condition {
    /// It can be gone on from.
    #[default]
    Usable,
    /// It is not there or can't be read now; why, in one line.
    Unreachable(String),
    /// A file has another length, checksum or format than it was written with; one line that names it.
    Damaged(String),
}

/// A completed snapshot that a start could go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Which.
    pub snapshot: SnapshotRef,
    /// How it was found.
    pub condition: Condition,
    /// Whether it is noted beside it that all output that it covers is committed.
    pub committed: bool,
}

impl Offer {
    /// A snapshot that can be gone on from, and whose output may not be committed.
    pub fn usable(snapshot: SnapshotRef) -> Self {
        Self {
            snapshot,
            condition: Condition::Usable,
            committed: false,
        }
    }

    fn number(&self) -> CheckpointId {
        self.snapshot.checkpoint
    }

    /// Whether it can be gone on from.
    pub fn is_usable(&self) -> bool {
        self.condition == Condition::Usable
    }
}

/// Who owns the snapshot that a job was started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimMode {
    /// The user: the job never deletes it, and its first checkpoint is complete in itself.
    NoClaim,
    /// The job: it deletes the snapshot once newer checkpoints are complete.
    Claim,
    /// The user, but the job's checkpoints may refer to its files. Deprecated.
    Legacy,
}

/// The snapshot that the user had the job started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredFrom {
    /// Which. Where it can't be reached its number is not known and 0.
    pub offer: Offer,
    /// Who owns it.
    pub claim: ClaimMode,
}

/// A stop that had triggered its savepoint when the process died, and whose operation has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedStop {
    /// The operation.
    pub id: TriggerId,
    /// Its savepoint, which is [`Condition::Unreachable`] where it is not there.
    pub savepoint: Offer,
    /// Whether it is noted that the savepoint was complete. Nothing was committed before that note.
    pub written: bool,
}

/// What is known when a job starts, or is taken up by a new process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The job's own completed checkpoints, and the [savepoints](crate::link::StopBegun::gone_on_from) of stops that failed
    /// after they were noted as written, in any order. Other savepoints need not be among them: there is a checkpoint of the same number.
    pub offered: Vec<Offer>,
    /// Why it can't be told which snapshots the job has; then `offered` says nothing.
    pub unreachable: Option<String>,
    /// Who else has the job's checkpoints, or has gone on from them, in one line; then nothing else says anything.
    pub taken: Option<String>,
    /// The snapshot that the user had the job started from.
    pub restored_from: Option<RestoredFrom>,
    /// The newest snapshot that records say was completed; `None`: no record.
    pub completed_up_to: Option<CheckpointId>,
    /// The lowest number that no snapshot of the job has used, complete or not; 0 if not known.
    pub next_checkpoint: CheckpointId,
    /// A stop to be finished: its output is committed and the job ends without running again.
    pub unfinished_stop: Option<UnfinishedStop>,
}

/// What a start does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Begins at the beginning: nothing was ever completed.
    Fresh,
    /// Goes on from this snapshot.
    GoOn(SnapshotRef),
    /// Waits until new facts are there: what it has to go on from is missing or can't be reached.
    Wait {
        /// One line: what is missing, and what to do.
        why: String,
    },
    /// Does not start.
    Refused {
        /// The stable error code.
        code: &'static str,
        /// One line: what is damaged, or who has it, and what to do.
        why: String,
    },
}

/// What becomes of a stop that an earlier process has left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseOfStop {
    /// There is none.
    None,
    /// Its output is committed and the job ends.
    Resume,
    /// Not known as long as its savepoint can't be reached.
    Wait,
    /// It has failed; why, in one line.
    Over(String),
}

/// Decides what becomes of the stop that an earlier process has left behind.
///
/// Nothing is committed before it is noted that its savepoint is written. So without that note it may be given up,
/// but not where the checkpoint of the same number is there, which is put in place after the savepoint.
pub fn course_of_stop(facts: &Facts) -> CourseOfStop {
    let Some(stop) = &facts.unfinished_stop else {
        return CourseOfStop::None;
    };
    if facts.unreachable.is_some() || facts.taken.is_some() {
        return CourseOfStop::Wait;
    }
    let number = stop.savepoint.number();
    let own = facts.offered.iter().map(Offer::number).max();
    if own.max(facts.completed_up_to) > Some(number) {
        let why = "a newer snapshot than its savepoint is there, so the job goes on from that";
        return CourseOfStop::Over(why.to_owned());
    }
    match &stop.savepoint.condition {
        Condition::Usable => CourseOfStop::Resume,
        Condition::Unreachable(_) if stop.written || own == Some(number) => CourseOfStop::Wait,
        Condition::Unreachable(why) => CourseOfStop::Over(format!(
            "its savepoint was not complete when the process ended: {why}"
        )),
        Condition::Damaged(damage) => {
            CourseOfStop::Over(format!("its savepoint can't be used: {damage}"))
        }
    }
}

/// Decides what a start goes on from.
pub fn decide(facts: &Facts) -> Decision {
    if let Some(why) = &facts.taken {
        return Decision::Refused {
            code: codes::OWNED.id,
            why: why.clone(),
        };
    }
    if let Some(why) = &facts.unreachable {
        return Decision::Wait { why: why.clone() };
    }
    match course_of_stop(facts) {
        CourseOfStop::Wait => return wait_for_stop(facts),
        CourseOfStop::Resume => {
            if let Some(stop) = &facts.unfinished_stop {
                return Decision::GoOn(stop.savepoint.snapshot.clone());
            }
        }
        CourseOfStop::None | CourseOfStop::Over(_) => {}
    }
    let stop = facts.unfinished_stop.iter().filter(|stop| stop.written);
    let offered = facts.offered.iter().chain(stop.map(|stop| &stop.savepoint));
    let newest = newest(offered);
    let known = newest.map(Offer::number);
    if let Some(completed) = facts
        .completed_up_to
        .filter(|completed| known < Some(*completed))
    {
        return Decision::Wait {
            why: format!(
                "snapshot {completed} was completed but is not there, and going on from an older one would write \
                 output twice; bring it back, or cancel the job and start a new one with -s and the snapshot to \
                 accept that from"
            ),
        };
    }
    match newest.or_else(|| facts.restored_from.as_ref().map(|restored| &restored.offer)) {
        None => Decision::Fresh,
        Some(offer) => go_on_from(offer),
    }
}

/// The newest snapshot. Of two with one number, which hold the same, the one that can be used; of two of those the
/// checkpoint, which is the job's own.
fn newest<'a>(offered: impl Iterator<Item = &'a Offer>) -> Option<&'a Offer> {
    offered.max_by_key(|offer| {
        let condition = match &offer.condition {
            Condition::Damaged(_) => 0,
            Condition::Unreachable(_) => 1,
            Condition::Usable => 2,
        };
        (offer.number(), condition, !offer.snapshot.savepoint)
    })
}

fn go_on_from(offer: &Offer) -> Decision {
    let snapshot = &offer.snapshot;
    match &offer.condition {
        Condition::Usable => Decision::GoOn(snapshot.clone()),
        Condition::Unreachable(why) => Decision::Wait {
            why: format!("{snapshot} is the one to go on from but can't be reached: {why}"),
        },
        Condition::Damaged(damage) => Decision::Refused {
            code: codes::SNAPSHOT_CORRUPT.id,
            why: format!(
                "{snapshot} is the newest one but can't be used: {damage}; mend it, or start a new \
                 job with -s and an older snapshot, accepting that output since then is written twice"
            ),
        },
    }
}

fn wait_for_stop(facts: &Facts) -> Decision {
    let stop = facts.unfinished_stop.as_ref().map(|stop| &stop.savepoint);
    let why = match stop {
        Some(Offer {
            snapshot,
            condition: Condition::Unreachable(why),
            ..
        }) => format!(
            "the job was stopped with {snapshot}, which can't be reached: {why}; bring it back to have the stop finished, \
             or cancel the job"
        ),
        _ => "the savepoint of the job's stop can't be reached".to_owned(),
    };
    Decision::Wait { why }
}

#[cfg(test)]
mod tests;
