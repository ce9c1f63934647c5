//! How a job has ended by the decision of its server, told as its process would have.

use std::sync::Arc;

use millstream_core::JobStatus;
use millstream_protocol::link::{CheckpointReport, CheckpointState, JobReport};

use super::Book;

impl Book {
    /// The job has ended while it had no process; `why` it was not restarted, where it has failed. Answers the report that is its
    /// outcome: what the process told last, corrected by what is known since.
    pub(in crate::supervisor) fn decide(
        &mut self,
        now: u64,
        status: JobStatus,
        why: Option<String>,
    ) -> Arc<JobReport> {
        self.end(now, status, None);
        let told = self.report.as_deref().cloned();
        let told = told.unwrap_or_else(|| self.nothing_told(now));
        let record = &self.record;
        let newest = |is_wanted: fn(&CheckpointReport) -> bool| {
            let mut newest_first = record.checkpoints.iter().rev();
            newest_first.find(|known| is_wanted(known)).cloned()
        };
        let report = Arc::new(JobReport {
            name: record.name.clone(),
            status,
            switched: record.timestamps.clone(),
            counts: record.present.counts.snapshots,
            checkpoints: record.checkpoints.clone(),
            completed: newest(|c| c.state == CheckpointState::Completed && c.savepoint.is_none()),
            savepoint: newest(|c| c.state == CheckpointState::Completed && c.savepoint.is_some()),
            failed: newest(|c| c.state == CheckpointState::Failed),
            next_checkpoint: record.next_checkpoint,
            failures: record.failures.clone(),
            gave_up: why,
            held_up: None,
            next_attempt: None,
            operations: Vec::new(),
            ..told
        });
        if self.report.is_some() {
            self.report = Some(Arc::clone(&report));
        }
        report
    }

    /// What is told of a job of which no process has told this server anything. Its settings as they count are not known without
    /// secrets.
    fn nothing_told(&self, now: u64) -> JobReport {
        let record = &self.record;
        let begun = JobReport::begun(record.id, record.name.clone(), record.status, 0, now);
        JobReport {
            switched: record.timestamps.clone(),
            next_checkpoint: record.next_checkpoint,
            ..begun
        }
    }
}
