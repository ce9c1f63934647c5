//! Which question is next, and what the answers prove. Pure.
//!
//! A marker is an offset that is committed inside the transaction of checkpoint n to a group of its own: n. It is visible
//! exactly if the transaction is committed, and tells nothing by its absence: groups are deleted and offsets expire.

use millstream_engine::connector::CommitOutcome;

use crate::kafka::transaction::{Described, Proof, State, Transaction};
use crate::kafka::wire::{Ended, Marker, Readable};

/// What has been answered in this round, and what was done in all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// The newest marker that is committed.
    pub(super) any: Option<Marker>,
    /// The marker, or that one waits for the end of its transaction.
    pub(super) stable: Option<Marker>,
    /// What the coordinator knows of the transactional id.
    pub(super) described: Option<Option<Described>>,
    /// What came of committing.
    pub(super) ended: Option<Ended>,
    /// Whether one of its records can be read.
    pub(super) readable: Option<Readable>,
    /// Whether committing was asked for, in this round or before.
    pub(super) asked_to_commit: bool,
}

/// What Kafka is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// The newest committed marker.
    Any,
    /// The marker, open transactions told.
    Stable,
    /// To commit the transaction.
    Commit,
    /// What the coordinator knows of the transactional id.
    Describe,
    /// Whether the record can be read.
    Readable,
}

/// What follows from the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// A question.
    Ask(Question),
    /// Everything anew a little later; what is waited for.
    Again(String),
    /// The outcome.
    Decided(CommitOutcome),
}

/// What to ask next about `transaction`, or what became of it.
pub(super) fn next(transaction: &Transaction, proof: Proof, facts: &Facts) -> Next {
    if let Some(ended) = &facts.ended {
        return match ended {
            // The coordinator has its decision in its log; what was open was exactly this transaction, by its start.
            Ended::Done if facts.stable != Some(Marker::Unstable) => committed(facts),
            Ended::Done => Next::Again("the commit is being completed".to_owned()),
            // What it has become is asked again, too: too late means that it was ended, one way or the other.
            Ended::TooLate(why) | Ended::Later(why) => Next::Again(why.clone()),
        };
    }
    let by_marker = match proof {
        Proof::Marker => by_marker(transaction, facts),
        Proof::Record | Proof::None => None,
    };
    by_marker
        .or_else(|| by_coordinator(transaction, facts))
        .unwrap_or_else(|| by_record(transaction, proof, facts))
}

/// A marker of this checkpoint or a later one proves that it was committed; an older one that nothing waits behind, that
/// it was not. `None`: no marker is committed.
fn by_marker(transaction: &Transaction, facts: &Facts) -> Option<Next> {
    let reaches = |marker: u64| marker >= transaction.checkpoint;
    Some(match (facts.any, facts.stable) {
        (None, _) => Next::Ask(Question::Any),
        (Some(Marker::At(marker)), _) | (_, Some(Marker::At(marker))) if reaches(marker) => {
            committed(facts)
        }
        (Some(_), None) => Next::Ask(Question::Stable),
        // What is open can only be this one: of the next there is no marker before this one is committed.
        (Some(Marker::At(_)), Some(Marker::Unstable)) => Next::Ask(Question::Commit),
        (Some(_), Some(Marker::At(marker))) => {
            let why = format!("the last marker that was committed is that of checkpoint {marker}");
            lost(transaction, why)
        }
        // What waits may be the next one's, where the group was deleted behind the commit of this one.
        (Some(_), Some(Marker::Absent | Marker::Unstable)) => return None,
    })
}

/// The coordinator proves it as long as the last transaction of the id is this very one, which its start tells.
/// `None`: it is not, or is not known any more.
fn by_coordinator(transaction: &Transaction, facts: &Facts) -> Option<Next> {
    let Some(described) = &facts.described else {
        return Some(Next::Ask(Question::Describe));
    };
    let described = described.as_ref().filter(|described| {
        described.producer == transaction.producer
            && described.started == transaction.started
            && described.started >= 0
    })?;
    match described.state {
        State::Ongoing if described.epoch == transaction.epoch => Some(Next::Ask(Question::Commit)),
        State::Committing | State::Committed => Some(committed(facts)),
        State::Aborting | State::Aborted => {
            let why = "its coordinator says that it was aborted".to_owned();
            Some(lost(transaction, why))
        }
        State::Ongoing | State::Empty | State::Other => None,
    }
}

fn by_record(transaction: &Transaction, proof: Proof, facts: &Facts) -> Next {
    let forgotten = "its coordinator knows nothing of it any more";
    if proof == Proof::None || transaction.record.is_none() {
        return unknown(transaction, forgotten.to_owned());
    }
    match &facts.readable {
        None => Next::Ask(Question::Readable),
        Some(Readable::Committed) => committed(facts),
        Some(Readable::Aborted) => lost(transaction, "its records were aborted".to_owned()),
        Some(Readable::Undecided) => {
            Next::Again("an older transaction is open in the partition of its record".to_owned())
        }
        Some(Readable::Gone(why)) => unknown(
            transaction,
            format!("{forgotten}, and its record is gone: {why}"),
        ),
    }
}

fn committed(facts: &Facts) -> Next {
    Next::Decided(match facts.asked_to_commit {
        true => CommitOutcome::Committed,
        false => CommitOutcome::AlreadyCommitted,
    })
}

fn lost(transaction: &Transaction, why: String) -> Next {
    failed(transaction, &why, CommitOutcome::Lost)
}

fn unknown(transaction: &Transaction, why: String) -> Next {
    failed(transaction, &why, CommitOutcome::Unknown)
}

/// Of a transaction without records nothing can be missing, whatever became of it.
fn failed(transaction: &Transaction, why: &str, outcome: fn(String) -> CommitOutcome) -> Next {
    if transaction.records == 0 && transaction.record.is_none() {
        return Next::Decided(CommitOutcome::AlreadyCommitted);
    }
    let (id, records) = (&transaction.id, transaction.records);
    Next::Decided(outcome(format!(
        "the transaction of {id} with {records} records: {why}"
    )))
}

#[cfg(test)]
mod tests;
