//! Jobs that a server before this one had.

use std::path::Path;
use std::sync::Arc;

use millstream_core::{Configuration, JobId, Result};
use millstream_protocol::link::{JobReport, OUTCOME_FILE, SUBMISSION_FILE, Submission};
use millstream_protocol::supervision::Contact;

use super::Supervisor;
use super::book::Book;
use crate::registry::{JobCell, Registry};
use crate::store::{JobRecord, OperationRecord};
use crate::{clock, files};

/// Starts the supervisor of a job that has not ended; `open` are its operations that have not ended.
///
/// # Errors
/// What the job was submitted as can't be read.
pub(crate) fn resume(
    registry: &Registry,
    record: JobRecord,
    open: Vec<OperationRecord>,
) -> Result<()> {
    let accepted = record.accepted;
    let submission = Arc::new(submission(&registry.shared.data.job(record.id), record.id)?);
    let mut supervisor = Supervisor::new(registry, record, submission, None, open);
    supervisor.book.contact(clock::now(), Contact::Adopting);
    supervisor.show();
    if accepted {
        let cell = Arc::clone(&supervisor.cell);
        registry.shared.list(supervisor.book.id(), cell);
    }
    tokio::spawn(async move {
        supervisor.take_over().await;
        supervisor.run().await;
    });
    Ok(())
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
        let submission = submission(&directory, id).unwrap_or_else(|error| {
            tracing::error!("What job {id} was submitted as is lost: {error}");
            nothing(id)
        });
        let outcome: Option<JobReport> =
            files::read(&directory.join(OUTCOME_FILE)).unwrap_or_else(|error| {
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
fn submission(directory: &Path, job: JobId) -> Result<Submission> {
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
