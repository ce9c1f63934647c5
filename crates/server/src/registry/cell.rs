//! One job in memory: its newest view, and the way to its supervisor.

use std::sync::{Arc, LazyLock};

use millstream_core::{Configuration, Error, Result, TriggerId};
use millstream_protocol::Request;
use tokio::sync::{mpsc, oneshot, watch};

use crate::views::{JobView, OperationVerb};

/// What a supervisor is asked for.
pub(crate) enum Command {
    /// An operation.
    Operate {
        verb: OperationVerb,
        request: Request,
        answer: oneshot::Sender<Result<TriggerId>>,
    },
    /// Other values of settings that can be changed while a job runs.
    Set {
        settings: Configuration,
        answer: oneshot::Sender<Result<()>>,
    },
}

impl Command {
    /// Answers that it is not done. Whoever asked may have gone away.
    pub(crate) fn refuse(self, error: Error) {
        match self {
            Self::Operate { answer, .. } => drop(answer.send(Err(error))),
            Self::Set { answer, .. } => drop(answer.send(Err(error))),
        }
    }
}

/// One job.
pub(crate) struct JobCell {
    view: watch::Sender<Arc<JobView>>,
    commands: mpsc::Sender<Command>,
    /// Puts the whole view in place, where what is on record is only a part of it.
    rest: LazyLock<(), Box<dyn FnOnce() + Send>>,
}

/// So many requests to one job may wait.
const WAITING: usize = 64;

impl JobCell {
    /// A job, and where its supervisor finds its requests.
    pub(crate) fn new(view: JobView) -> (Arc<Self>, mpsc::Receiver<Command>) {
        let (commands, waiting) = mpsc::channel(WAITING);
        let view = watch::Sender::new(Arc::new(view));
        let rest: Box<dyn FnOnce() + Send> = Box::new(|| ());
        let cell = Self {
            view,
            commands,
            rest: LazyLock::new(rest),
        };
        (Arc::new(cell), waiting)
    }

    /// A job that had ended when the server started. `known` is what is on record of it; `read` reads what lies on disk
    /// besides, once, when it is first looked at.
    pub(crate) fn ended(
        known: JobView,
        read: impl FnOnce() -> JobView + Send + 'static,
    ) -> Arc<Self> {
        let view = watch::Sender::new(Arc::new(known));
        let shown = view.clone();
        let rest: Box<dyn FnOnce() + Send> = Box::new(move || {
            let whole = tokio::task::block_in_place(read);
            shown.send_replace(Arc::new(whole));
        });
        // Nobody receives: the job takes no requests.
        let (commands, _) = mpsc::channel(WAITING);
        Arc::new(Self {
            view,
            commands,
            rest: LazyLock::new(rest),
        })
    }

    pub(crate) fn view(&self) -> Arc<JobView> {
        LazyLock::force(&self.rest);
        Arc::clone(&self.view.borrow())
    }

    /// The view as far as it is known without reading anything: name, status and times are.
    pub(crate) fn glance(&self) -> Arc<JobView> {
        Arc::clone(&self.view.borrow())
    }

    pub(crate) fn show(&self, view: JobView) {
        self.view.send_replace(Arc::new(view));
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Arc<JobView>> {
        LazyLock::force(&self.rest);
        self.view.subscribe()
    }

    /// Hands a request to the supervisor.
    ///
    /// # Errors
    /// The job has ended.
    pub(crate) async fn send(&self, command: Command) -> Result<(), Command> {
        let sent = self.commands.send(command).await;
        sent.map_err(|refused| refused.0)
    }
}

#[cfg(test)]
mod tests;
