//! Processes that hang: how long they are waited for, and how they are brought down.

use std::time::Duration;

use millstream_core::options::format_duration;
use millstream_core::{Error, codes};
use millstream_protocol::link::SOCKET_FILE;
use tokio::process::Child;
use tokio::time::Instant;

use super::{LOOK, Phase, Supervisor, process};
use crate::background::blocking;
use crate::views::OperationVerb;

/// A process whose tasks do not end in time ends itself; so long after that the server brings it down.
const GRACE: Duration = Duration::from_secs(2);

/// A process that runs and can't be connected to is waited for so long before anything is said: it may be about to listen.
const SILENCE: Duration = Duration::from_secs(5);

/// A process that can't be connected to.
pub(super) struct Unheard {
    since: Instant,
    /// Whether that was told.
    is_told: bool,
}

impl Supervisor {
    /// A process runs the job, and can't be connected to. After a while that is told, and a cancel that waits is one by signal:
    /// there is no other way.
    pub(super) async fn not_heard(&mut self) {
        let unheard = self.unheard.get_or_insert_with(|| Unheard {
            since: Instant::now(),
            is_told: false,
        });
        let (is_long, is_told) = (unheard.since.elapsed() >= SILENCE, unheard.is_told);
        unheard.is_told |= is_long;
        if is_long && !is_told {
            self.tell_unheard().await;
        }
        if is_long && self.cancel_waits() && self.brought_down.is_none() {
            let process = self.named_process();
            let message = format!(
                "{process} of the job could not be told of its cancellation, and was killed"
            );
            let error = Error::new(&codes::JOB_PROCESS, message).next(LOOK);
            self.bring_down(error).await;
        }
        self.connect_later();
    }

    async fn tell_unheard(&mut self) {
        let directory = self.directory.clone();
        let found = blocking(move || Ok(process::running(&directory))).await;
        self.pid = found.ok().flatten().or(self.pid);
        let record = self.book.record();
        let end = process::ended_by(&self.directory, self.pid);
        tracing::warn!(
            "Job {} ({}): {} runs it and can't be connected to ({} is gone, or nobody listens there), so that it can't be told anything. `millstream cancel {}` \
             ends both; to end the process alone, so that the job is restarted from its newest checkpoint, {end} does.",
            record.name,
            record.id,
            self.named_process(),
            self.directory.join(SOCKET_FILE).display(),
            record.id
        );
    }

    fn named_process(&self) -> String {
        self.pid
            .map_or_else(|| "the process".to_owned(), |pid| format!("process {pid}"))
    }

    /// The first report is waited for from now on, or the next one of a process that has not built its job, but not for ever.
    pub(super) fn expect_report(&mut self) {
        let limit = self.registry.shared.start_limit;
        // A limit beyond what the clock can tell is none.
        self.report_by = limit.and_then(|limit| Instant::now().checked_add(limit));
    }

    /// When the process was waited for long enough; `None`: it may take its time.
    pub(super) fn patience(&self) -> Option<Instant> {
        let has_process = matches!(self.phase, Phase::Connecting { .. } | Phase::Connected(_));
        if !has_process || self.brought_down.is_some() {
            return None;
        }
        let limits = [self.report_by, self.cancelled_by()];
        limits.into_iter().flatten().min()
    }

    /// When a process that was told to cancel the job must be gone.
    fn cancelled_by(&self) -> Option<Instant> {
        let cancels = self
            .pending
            .values()
            .filter(|pending| pending.verb == OperationVerb::Cancel);
        let since = cancels.map(|pending| pending.since).min()?;
        since
            .checked_add(self.book.cancellation_limit()?)?
            .checked_add(GRACE)
    }

    /// The process hangs.
    pub(super) async fn out_of_patience(&mut self) {
        let process = self.named_process();
        let is_silent = self.report_by.is_some_and(|at| at <= Instant::now());
        let limit = if is_silent {
            self.registry.shared.start_limit
        } else {
            self.book.cancellation_limit()
        };
        let limit = format_duration(limit.unwrap_or_default());
        let error = if is_silent {
            Error::new(
                &codes::JOB_PROCESS,
                format!("{process} of the job said nothing for {limit} before the job was built, and was killed"),
            )
            .next("see why its program takes so long before it executes the job, or raise millstream.job-start-timeout")
        } else {
            Error::new(
                &codes::JOB_PROCESS,
                format!("{process} of the job did not react to its cancellation within {limit} and was killed"),
            )
            .next(LOOK)
        };
        self.bring_down(error).await;
    }

    /// Kills the process. What follows, follows when it is gone.
    pub(super) async fn bring_down(&mut self, why: Error) {
        tracing::warn!("Job {}: {why}", self.book.id());
        self.brought_down = Some(why);
        self.report_by = None;
        self.kill_process().await;
    }

    /// Kills the process, whoever has started it.
    pub(super) async fn kill_process(&self) {
        let own = self.child.as_ref().and_then(Child::id);
        let directory = self.directory.clone();
        let killed = blocking(move || {
            process::kill(own, &directory);
            Ok(())
        });
        if let Err(error) = killed.await {
            tracing::error!("{error}");
        }
    }
}
