//! The settings of a job that its server follows: when a process is started again, and how long a cancellation may take.

use std::time::Duration;

use millstream_protocol::link::JobReport;
use millstream_protocol::supervision::Followed;
use millstream_protocol::{CancellationSettings, RestartStrategy};

use super::Book;
use crate::configuration;

impl Book {
    /// Keeps the settings for the server after this one, whose process may die before it has told them again. Answers whether they
    /// are new.
    pub(super) fn note_followed(&mut self, report: &JobReport) -> bool {
        // What was not built does not tell what its program sets.
        if report.vertices.is_empty() {
            return false;
        }
        let told = configuration::followed(&report.configuration);
        let is_new = self.record.followed.as_ref() != Some(&told);
        self.record.followed = Some(told);
        is_new
    }

    /// The job's restart strategy, as its process or its submission says.
    pub(in crate::supervisor) fn restart_strategy(&self) -> RestartStrategy {
        self.followed().restart_strategy()
    }

    /// How long the job may take to end after it was cancelled, as its process or its submission says; `None`: as long as
    /// it likes.
    pub(in crate::supervisor) fn cancellation_limit(&self) -> Option<Duration> {
        let followed = self.followed();
        let settings = CancellationSettings::from_configuration(followed.settings());
        settings.ok().and_then(|settings| settings.timeout)
    }

    /// The settings, with what their references stand for.
    fn followed(&self) -> Followed {
        match &self.record.followed {
            Some(told) => Followed::Told((self.resolve)(told)),
            None => Followed::Submitted((self.resolve)(&self.submission.configuration)),
        }
    }
}

#[cfg(test)]
mod tests;
