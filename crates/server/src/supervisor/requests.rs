//! Requests to a job: taken on record, passed on when they have a meaning, and ended.

use std::collections::BTreeMap;
use std::time::Duration;

use millstream_core::{Error, JobStatus, Result, TriggerId, codes};
use millstream_protocol::link::{EndedOperation, ToJob};
use millstream_protocol::supervision::{Contact, is_due};
use millstream_protocol::{OperationResult, Request};
use tokio::time::Instant;

use super::{Phase, Supervisor};
use crate::registry::Command;
use crate::store::{OperationRecord, end_operation};
use crate::views::{OperationVerb, OperationView};
use crate::{clock, operations};

/// An operation that has not ended.
pub(super) struct Pending {
    pub(super) verb: OperationVerb,
    pub(super) request: Request,
    /// When this server took it up.
    pub(super) since: Instant,
    /// Whether the process was told of it over the present connection.
    pub(super) was_sent: bool,
}

/// The operations that a server before this one has left open.
pub(super) fn pending(open: Vec<OperationRecord>) -> BTreeMap<TriggerId, Pending> {
    let pending = open.into_iter().filter_map(|operation| {
        let pending = Pending {
            verb: operation.view.kind,
            request: operation.request?,
            since: Instant::now(),
            was_sent: false,
        };
        Some((operation.view.id, pending))
    });
    pending.collect()
}

/// Whether a cancel is among them.
pub(super) fn is_cancel_among(pending: &BTreeMap<TriggerId, Pending>) -> bool {
    let mut verbs = pending.values().map(|pending| pending.verb);
    verbs.any(|verb| verb == OperationVerb::Cancel)
}

impl Supervisor {
    pub(super) fn cancel_waits(&self) -> bool {
        is_cancel_among(&self.pending)
    }

    pub(super) async fn take_command(&mut self, command: Command) {
        let (verb, request, answer) = match command {
            Command::Operate {
                verb,
                request,
                answer,
            } => (verb, request, answer),
            Command::Set { settings, answer } => {
                let set = self.change_settings(settings).await;
                if answer.send(set).is_err() {
                    tracing::debug!("Whoever asked has gone away; the settings are changed.");
                }
                return;
            }
        };
        let taken = self.take_request(verb, request).await;
        let is_taken = taken.is_ok();
        if answer.send(taken).is_err() {
            tracing::debug!("Whoever asked has gone away; the operation stands.");
        }
        if !is_taken {
            return;
        }
        let is_cancel = verb == OperationVerb::Cancel;
        match self.phase {
            Phase::Waiting { .. } if is_cancel => {
                self.end_without_process(JobStatus::Canceled, None).await;
            }
            Phase::Unclear { .. } if is_cancel => self.cancel_unseen().await,
            _ => self.send_due_requests().await,
        }
    }

    async fn take_request(&mut self, verb: OperationVerb, request: Request) -> Result<TriggerId> {
        let id = request.id();
        let job = Some(self.book.id());
        if let Some(known) = self.registry.operation(id) {
            return operations::same(&known, job, verb);
        }
        if matches!(self.phase, Phase::Ended) {
            return Err(Error::new(
                &codes::JOB_STATE,
                format!("job {} is {}", self.book.id(), self.book.record().status),
            ));
        }
        let view = OperationView {
            id,
            job,
            kind: verb,
            requested: clock::now(),
            ended: None,
            result: None,
            parameters: operations::parameters(&request),
        };
        let record = OperationRecord {
            view,
            request: Some(request.clone()),
        };
        if let Some(known) = operations::enter(&self.registry, record).await? {
            return operations::same(&known, job, verb);
        }
        let pending = Pending {
            verb,
            request,
            since: Instant::now(),
            was_sent: false,
        };
        self.pending.insert(id, pending);
        if verb == OperationVerb::Cancel {
            // Whoever is answered and asks for the job then is to see it.
            self.book.cancel(clock::now());
            self.show();
        }
        Ok(id)
    }

    /// Tells the process what it has not been told and has a meaning now.
    pub(super) async fn send_due_requests(&mut self) {
        let Some(status) = self.book.report_status() else {
            return;
        };
        self.tell_settings().await;
        let Phase::Connected(connection) = &mut self.phase else {
            return;
        };
        let due = self
            .pending
            .values_mut()
            .filter(|pending| !pending.was_sent && is_due(&pending.request, status));
        for pending in due {
            let message = ToJob::Request(pending.request.clone());
            if let Err(cause) = connection.tell(&message).await {
                // The connection's end comes as a report does; what was not sent is sent over the next.
                tracing::debug!("Job {} takes no requests: {cause}", self.book.id());
                return;
            }
            pending.was_sent = true;
        }
    }

    /// Takes the operations that the process says have ended on record, then tells it so.
    pub(super) async fn record_ended_operations(&mut self) {
        /// How long after one that failed the next attempt is made, if no report comes before.
        const AGAIN: Duration = Duration::from_secs(1);
        self.record_at = None;
        let Some(report) = self.book.last_report() else {
            return;
        };
        let told = report.operations.iter();
        let ended: Vec<EndedOperation> = told
            .filter(|ended| !self.is_given_up_cancel(ended))
            .cloned()
            .collect();
        if ended.is_empty() {
            return;
        }
        let ids = ended.iter().map(|operation| operation.id).collect();
        if let Err(error) = self.record_ends(ended).await {
            tracing::error!("Ends of operations are not on record, it is tried again: {error}");
            self.record_at = Some(Instant::now() + AGAIN);
            return;
        }
        let Phase::Connected(connection) = &mut self.phase else {
            return;
        };
        if let Err(cause) = connection.tell(&ToJob::Recorded(ids)).await {
            tracing::debug!("Job {} takes no word: {cause}", self.book.id());
        }
    }

    /// A process whose tasks do not end says that the cancel has failed, and ends itself: with that the job is cancelled.
    fn is_given_up_cancel(&self, ended: &EndedOperation) -> bool {
        let pending = self.pending.get(&ended.id);
        pending.is_some_and(|pending| pending.verb == OperationVerb::Cancel)
            && ended.result != OperationResult::Cancelled
    }

    /// Takes ends of operations on record, and shows them. Those that have ended before stay as they are.
    pub(super) async fn record_ends(&mut self, ended: Vec<EndedOperation>) -> Result<()> {
        let new: Vec<EndedOperation> = ended
            .into_iter()
            .filter(|operation| self.pending.contains_key(&operation.id))
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let rows = new.clone();
        let shared = &self.registry.shared;
        let write = move |transaction: &rusqlite::Transaction<'_>| {
            rows.iter()
                .try_for_each(|o| end_operation(transaction, o.id, o.at, &o.result))
        };
        shared.store.durable_if_full(write).await?;
        for operation in new {
            self.show_end(operation);
        }
        Ok(())
    }

    pub(super) fn show_end(&mut self, operation: EndedOperation) {
        let EndedOperation { id, at, result } = operation;
        let verb = self.pending.remove(&id).map(|pending| pending.verb);
        if verb == Some(OperationVerb::CancelWithSavepoint)
            && matches!(result, OperationResult::Stopped { .. })
        {
            self.stopped_to_cancel = true;
        }
        self.registry.shared.show_end(id, at, result);
    }

    /// A process is there but has not reported.
    pub(super) fn await_report(&mut self, contact: Contact) {
        self.book.contact(clock::now(), contact);
        self.show();
    }
}
