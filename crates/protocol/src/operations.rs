//! Operations: what users ask for. Each ends exactly once, and is remembered with its result.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};

use millstream_core::{CheckpointId, TriggerId};
use serde::{Deserialize, Serialize};

use crate::commit::Committed;
use crate::types::Millis;

/// So many ended operations are remembered, so that memory does not grow with a job's age. A server
/// keeps its own, durable record.
const REMEMBERED: usize = 1_000;

/// The verb of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationKind {
    /// Write a savepoint and go on.
    Savepoint,
    /// Take a checkpoint now.
    Checkpoint,
    /// Stop with a savepoint.
    Stop,
    /// End the job at once.
    Cancel,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationResult {
    /// The savepoint or checkpoint that was asked for is complete.
    Completed {
        /// Its number.
        checkpoint: CheckpointId,
        /// Its directory.
        path: String,
    },
    /// The job stopped: the savepoint is complete and all output up to it is committed.
    Stopped {
        /// The savepoint's number.
        checkpoint: CheckpointId,
        /// The savepoint's directory.
        path: String,
    },
    /// The job was cancelled.
    Cancelled,
    /// It did not come about.
    Failed {
        /// The stable error code.
        code: Cow<'static, str>,
        /// Why, in one line.
        reason: String,
        /// The savepoint of a stop, where it was written nevertheless.
        savepoint: Option<String>,
        /// Whether the output up to that savepoint is committed.
        committed: Option<Committed>,
    },
}

impl OperationResult {
    /// A failure without a savepoint.
    pub fn failed(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Failed {
            code: Cow::Borrowed(code),
            reason: reason.into(),
            savepoint: None,
            committed: None,
        }
    }
}

/// An operation and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operation {
    /// The verb.
    pub kind: OperationKind,
    /// When it was asked for.
    pub requested: Millis,
    /// When it ended and what came of it; `None`: it is under way.
    pub ended: Option<(Millis, OperationResult)>,
}

/// The operations of one job.
#[derive(Debug, Clone, Default)]
pub struct Operations {
    by_id: BTreeMap<TriggerId, Operation>,
    ended: VecDeque<TriggerId>,
}

impl Operations {
    /// Notes a new operation. `false` if there is one of that id, which stays as it is.
    pub fn begin(&mut self, now: Millis, id: TriggerId, kind: OperationKind) -> bool {
        if self.by_id.contains_key(&id) {
            return false;
        }
        self.by_id.insert(
            id,
            Operation {
                kind,
                requested: now,
                ended: None,
            },
        );
        true
    }

    /// Ends an operation. `false` if it had ended before or is unknown: then nothing changes.
    pub fn end(&mut self, now: Millis, id: TriggerId, result: &OperationResult) -> bool {
        let Some(operation) = self.by_id.get_mut(&id).filter(|o| o.ended.is_none()) else {
            return false;
        };
        operation.ended = Some((now, result.clone()));
        self.ended.push_back(id);
        if self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        true
    }

    /// The operation of that id.
    pub fn get(&self, id: TriggerId) -> Option<&Operation> {
        self.by_id.get(&id)
    }

    /// Every operation that is remembered, by id.
    pub fn iter(&self) -> impl Iterator<Item = (TriggerId, &Operation)> {
        self.by_id.iter().map(|(id, operation)| (*id, operation))
    }

    /// The operations of this kind under way.
    pub fn pending_of(&self, kind: OperationKind) -> Vec<TriggerId> {
        let mut pending = self.pending();
        pending.retain(|id| {
            self.get(*id)
                .is_some_and(|operation| operation.kind == kind)
        });
        pending
    }

    /// The operations under way.
    pub fn pending(&self) -> Vec<TriggerId> {
        self.iter()
            .filter(|(_, operation)| operation.ended.is_none())
            .map(|(id, _)| id)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> TriggerId {
        TriggerId::from_bytes(u128::from(number).to_be_bytes())
    }

    #[test]
    fn an_operation_ends_once_and_keeps_its_first_result() {
        let mut operations = Operations::default();
        assert!(operations.begin(Millis(1), id(1), OperationKind::Cancel));
        assert!(!operations.begin(Millis(2), id(1), OperationKind::Cancel));
        assert!(operations.end(Millis(3), id(1), &OperationResult::Cancelled));
        assert!(!operations.end(
            Millis(4),
            id(1),
            &OperationResult::failed("MS-2004", "late")
        ));
        let ended = operations
            .get(id(1))
            .and_then(|operation| operation.ended.clone());
        assert_eq!(ended, Some((Millis(3), OperationResult::Cancelled)));
    }

    #[test]
    fn only_the_newest_ended_operations_are_remembered() {
        let mut operations = Operations::default();
        operations.begin(Millis(0), id(0), OperationKind::Stop);
        for number in 1..=1_500 {
            operations.begin(Millis(0), id(number), OperationKind::Savepoint);
            operations.end(Millis(0), id(number), &OperationResult::Cancelled);
        }
        assert_eq!(operations.iter().count(), REMEMBERED + 1);
        assert_eq!(
            operations.pending(),
            [id(0)],
            "what is under way is never forgotten"
        );
        assert!(operations.get(id(1)).is_none() && operations.get(id(1_500)).is_some());
    }
}
