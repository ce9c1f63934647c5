//! Jobs that a server before this one had.

use std::path::Path;
use std::sync::Arc;

use millstream_core::{Configuration, JobId, Result};
use millstream_protocol::OperationResult;
use millstream_protocol::link::{JobReport, OUTCOME_FILE, SUBMISSION_FILE, Submission};
use millstream_protocol::supervision::Contact;

use super::book::Book;
use super::holder::Holders;
use super::{Supervisor, process};
use crate::clock;
use crate::files::{self, Trouble};
use crate::registry::{JobCell, Registry};
use crate::store::{JobRecord, OperationRecord};
use crate::views::{OperationVerb, OperationView};

/// Starts the supervisor of a job that has not ended; `operations` is all that was asked of it, `holders` the processes that were there
/// when the server started.
pub(crate) fn resume(
    registry: &Registry,
    mut record: JobRecord,
    operations: Vec<OperationRecord>,
    holders: &Holders,
) {
    let directory = registry.shared.data.job(record.id);
    let read = submission(&directory, record.id);
    let has_started = process::has_started(&directory);
    // Without what was submitted it can't be told whether there is output. What may be told later is looked at again.
    record.accepted = record.accepted
        || read.as_ref().is_err_and(|trouble| !trouble.may_pass)
        || has_started.unwrap_or_else(|trouble| !trouble.may_pass);
    let is_unread = read.is_err();
    let submission = read.unwrap_or_else(|_| nothing(record.id));
    let stopped_to_cancel = operations.iter().any(|o| stopped_to_cancel(&o.view));
    let open = operations
        .into_iter()
        .filter(|operation| operation.view.ended.is_none());
    let mut supervisor = Supervisor::new(registry, record, Arc::new(submission), open.collect());
    supervisor.held = Some(holders.of(&supervisor.directory));
    supervisor.stopped_to_cancel = stopped_to_cancel;
    supervisor.is_unread = is_unread;
    supervisor.book.contact(clock::now(), Contact::Adopting);
    supervisor.show();
    if supervisor.book.record().accepted {
        supervisor.list();
    } else {
        // Nobody else gets the id before it is known what has become of the job.
        supervisor.reservation = registry.shared.reserve(supervisor.book.id()).ok();
    }
    tokio::spawn(async move {
        supervisor.take_over().await;
        supervisor.run().await;
    });
}

impl Supervisor {
    /// Reads what the job was submitted as, where that could not be read yet.
    pub(super) fn read_submission(&mut self) -> Result<(), Trouble> {
        if self.is_unread {
            let submission = submission(&self.directory, self.book.id())?;
            self.book.set_submission(Arc::new(submission));
            self.is_unread = false;
            self.settings_told = false;
        }
        Ok(())
    }
}

/// Whether this is the cancel with savepoint that the job was stopped for.
fn stopped_to_cancel(operation: &OperationView) -> bool {
    operation.kind == OperationVerb::CancelWithSavepoint
        && matches!(operation.result, Some(OperationResult::Stopped { .. }))
}

/// Lists a job that has ended. Its files are read when somebody asks for it: there may be thousands of such jobs.
pub(crate) fn list_ended(registry: &Registry, record: JobRecord) {
    let id = record.id;
    let directory = registry.shared.data.job(id);
    let history = registry.shared.history;
    let known = Book::new(
        record.clone(),
        Arc::new(nothing(id)),
        directory.clone(),
        history,
    );
    let read = move || {
        let submission = submission(&directory, id).unwrap_or_else(|trouble| {
            let error = trouble.error;
            tracing::error!("What job {id} was submitted as is lost: {error}");
            nothing(id)
        });
        let outcome: Option<JobReport> =
            files::read(&directory.join(OUTCOME_FILE)).unwrap_or_else(|trouble| {
                let error = trouble.error;
                tracing::error!("The last report of job {id} is lost: {error}");
                None
            });
        Book::new(record, Arc::new(submission), directory, history)
            .with_report(outcome.map(Arc::new))
            .view()
    };
    registry.shared.list(id, JobCell::ended(known.view(), read));
}

/// What the job of `directory` was submitted as. Without it a job can't be started again, but it can be listed.
fn submission(directory: &Path, job: JobId) -> Result<Submission, Trouble> {
    let read = files::read(&directory.join(SUBMISSION_FILE))?;
    Ok(read.unwrap_or_else(|| nothing(job)))
}

fn nothing(job: JobId) -> Submission {
    Submission {
        job,
        entry: None,
        arguments: Vec::new(),
        configuration: Configuration::new(),
    }
}
