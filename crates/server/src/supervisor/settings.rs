//! Settings that are changed while the job runs: they belong to its submission, so that whatever process runs it next has them,
//! and are told to the process that runs it.

use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::reference::has_references;
use millstream_core::options::{CHECKPOINT_INTERVAL, LiveSettings, format_duration, live};
use millstream_core::{Configuration, Error, Result, codes};
use millstream_protocol::link::{SUBMISSION_FILE, Submission, ToJob};

use super::{Phase, Supervisor};
use crate::background::blocking;
use crate::files;

impl Supervisor {
    /// Changes settings. They are on the disk when this returns.
    pub(super) async fn change_settings(&mut self, settings: Configuration) -> Result<()> {
        if matches!(self.phase, Phase::Ended) {
            let (id, status) = (self.book.id(), self.book.record().status);
            let message = format!("job {id} is {status}");
            return Err(Error::new(&codes::JOB_STATE, message)
                .next("run it again with the settings: `millstream restart`"));
        }
        self.check(&settings)?;
        // What could not be read would be replaced by next to nothing.
        self.read_submission()?;
        let mut submission = Submission::clone(self.book.submission());
        submission.configuration.extend(&settings);
        let submission = Arc::new(submission);
        let (path, written) = (
            self.directory.join(SUBMISSION_FILE),
            Arc::clone(&submission),
        );
        blocking(move || Ok(files::write(&path, &*written)?)).await?;
        for (key, value) in settings.iter() {
            tracing::info!("Job {}: {key} is {value} from now on.", self.book.id());
        }
        self.book.set_submission(submission);
        self.show();
        self.settings_told = false;
        self.tell_settings().await;
        Ok(())
    }

    /// Refuses what the job can't be given while it runs.
    fn check(&self, settings: &Configuration) -> Result<()> {
        let Some(interval) = LiveSettings::of(settings)?.checkpoint_interval else {
            return Ok(());
        };
        let name = CHECKPOINT_INTERVAL.name;
        let before = self.book.settings().get(&CHECKPOINT_INTERVAL)?;
        let takes_any = before.is_some_and(|before| !before.is_zero());
        if takes_any == interval.is_zero() {
            let message = format!(
                "{name} can't be {} while the job runs: checkpoints are switched on and off at its start",
                format_duration(interval)
            );
            return Err(Error::new(&codes::OPTION_CONFLICT, message)
                .next("stop the job with a savepoint, and go on from that with the setting"));
        }
        let report = self.book.last_report();
        let longest = report.and_then(|report| report.longest_interval_ms);
        let longest = longest.map(Duration::from_millis);
        if let Some(longest) = longest.filter(|longest| interval > *longest) {
            let message = format!(
                "{name} can't be {} while the job runs: transactions of its sink are known to stay open for no more than {}",
                format_duration(interval),
                format_duration(longest)
            );
            return Err(Error::new(&codes::OPTION_CONFLICT, message).next(
                "give a shorter one, or restart the job with sink.kafka.transaction.timeout.ms long enough",
            ));
        }
        Ok(())
    }

    /// Tells the process the settings that may have been changed, once over each connection and after each change.
    pub(super) async fn tell_settings(&mut self) {
        if self.settings_told {
            return;
        }
        let mut settings = Configuration::new();
        let configuration = &self.book.submission().configuration;
        for option in live() {
            // What a reference stands for the process has found out itself.
            let value = configuration.written(option.name);
            if let Some(value) = value.filter(|value| !has_references(value)) {
                settings.set(option.name, value);
            }
        }
        let Phase::Connected(connection) = &mut self.phase else {
            return;
        };
        let is_empty = settings.iter().next().is_none();
        if !is_empty && let Err(cause) = connection.tell(&ToJob::Settings(settings)).await {
            tracing::debug!("Job {} takes no settings: {cause}", self.book.id());
            return;
        }
        self.settings_told = true;
    }
}
