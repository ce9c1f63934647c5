//! Requests: every verb has an answer in every state.

use millstream_core::{JobStatus, TriggerId, codes};

use super::JobMachine;
use crate::checkpoint::Wanted;
use crate::event::Request;
use crate::operations::{OperationKind, OperationResult};
use crate::types::{Millis, SnapshotKind, Then};

impl Request {
    const fn kind(&self) -> OperationKind {
        match self {
            Self::Savepoint { .. } => OperationKind::Savepoint,
            Self::Checkpoint { .. } => OperationKind::Checkpoint,
            Self::Stop { .. } => OperationKind::Stop,
            Self::Cancel { .. } => OperationKind::Cancel,
        }
    }

    /// The snapshot that is asked for; `None` for a cancel.
    fn wanted(self) -> Option<Wanted> {
        let operation = Some(self.id());
        let (kind, then) = match self {
            Self::Savepoint {
                directory, format, ..
            } => (
                SnapshotKind::Savepoint { directory, format },
                Then::Continue,
            ),
            Self::Checkpoint { .. } => (SnapshotKind::Checkpoint, Then::Continue),
            Self::Stop {
                drain,
                directory,
                format,
                ..
            } => {
                let then = if drain { Then::Drain } else { Then::Suspend };
                (SnapshotKind::Savepoint { directory, format }, then)
            }
            Self::Cancel { .. } => return None,
        };
        Some(Wanted {
            kind,
            then,
            operation,
        })
    }
}

impl JobMachine {
    pub(super) fn requested(&mut self, now: Millis, request: Request) {
        let (id, kind) = (request.id(), request.kind());
        if !self.operations.begin(now, id, kind) {
            self.asked_again(id, kind);
            return;
        }
        match request.wanted() {
            Some(wanted) => match self.why_no_snapshot() {
                Some(why) => self.refuse(now, id, why),
                None => self.checkpoints.enqueue(now, wanted),
            },
            None => self.cancel(now, id),
        }
    }

    /// The same id is the same operation: nothing happens a second time.
    fn asked_again(&mut self, id: TriggerId, kind: OperationKind) {
        let first = self.operations.get(id).map(|operation| operation.kind);
        if let Some(first) = first.filter(|first| *first != kind) {
            self.warn(format!(
                "operation {id} is a {first:?} already, not a {kind:?}"
            ));
        }
    }

    fn refuse(&mut self, now: Millis, id: TriggerId, why: String) {
        self.end_operation(now, id, OperationResult::failed(codes::JOB_STATE.id, why));
    }

    /// Nothing runs yet, and what has to be done first was tried in vain: nobody knows how long that will be so. Whoever asks behind
    /// this waits for the next try.
    pub(super) fn refuse_waiting(&mut self, now: Millis, why: &str) {
        for wanted in self.checkpoints.drain_waiting() {
            if let Some(id) = wanted.operation {
                self.refuse(now, id, why.to_owned());
            }
        }
    }

    /// Why no snapshot can be asked for now; `None`: it can.
    fn why_no_snapshot(&self) -> Option<String> {
        if self.status != JobStatus::Running {
            return Some(format!("the job is {}, not RUNNING", self.status));
        }
        let stopping = |id: TriggerId| format!("the job is stopping (operation {id})");
        if let Some(last) = &self.last {
            let at_end = || "the input has ended and the job is finishing".to_owned();
            return Some(last.operation().map_or_else(at_end, stopping));
        }
        let waiting = self
            .checkpoints
            .waiting()
            .find(|wanted| wanted.then.is_last());
        waiting.and_then(|wanted| wanted.operation).map(stopping)
    }

    fn cancel(&mut self, now: Millis, id: TriggerId) {
        if self.status.is_terminal() {
            return self.refuse(now, id, format!("the job is {} already", self.status));
        }
        if self.status == JobStatus::Cancelling {
            // This operation ends together with the one that was first.
            return;
        }
        let reason = format!("the job was cancelled (operation {id})");
        self.abort_running(now, &reason);
        self.fail_waiting(now, &reason);
        self.checkpoints.disarm();
        self.next = None;
        self.waits = None;
        self.switch(JobStatus::Cancelling);
        // A stop whose savepoint is written ends with the job: then it is known what is committed.
        self.cancel_tasks(now);
        self.cancel_commit();
    }
}
