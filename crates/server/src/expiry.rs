//! Ended jobs are forgotten after a while, the oldest first: their record, their directory and their operations.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::{
    JOB_STORE_CAPACITY, JOB_STORE_EXPIRATION, JOB_STORE_FAILED_EXPIRATION,
};
use millstream_core::{Configuration, JobId, JobStatus, Result, TriggerId};

use crate::background::blocking;
use crate::clock;
use crate::registry::{Registry, forget};
use crate::store::delete_operation;
use crate::views::{JobView, OperationView};

/// So many ended operations of a job are remembered, whether or not it has ended.
const OPERATIONS: usize = 1_000;

/// How long, and how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Milliseconds from a job's end.
    age: u64,
    /// The same of a job that has failed.
    failed_age: u64,
    count: usize,
}

impl Limits {
    pub(crate) fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let seconds = configuration.require(&JOB_STORE_EXPIRATION)?;
        let failed = configuration.require(&JOB_STORE_FAILED_EXPIRATION)?;
        let count = configuration.get(&JOB_STORE_CAPACITY)?;
        Ok(Self {
            age: seconds.saturating_mul(1_000),
            failed_age: failed.max(seconds).saturating_mul(1_000),
            count: count.map_or(usize::MAX, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            }),
        })
    }

    /// The jobs to be forgotten at `now`, and how long until there may be another one.
    fn due(self, now: u64, jobs: &[Arc<JobView>]) -> (Vec<JobId>, Option<Duration>) {
        // Whether it has failed, when it ended, which it is: those that have failed are the last that there are too many of.
        let mut ended: Vec<(bool, u64, JobId)> = jobs
            .iter()
            .filter_map(|view| Some((view.status == JobStatus::Failed, view.end_time?, view.id)))
            .collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(self.count);
        let until = |failed: bool, at: u64| {
            at.saturating_add(if failed { self.failed_age } else { self.age })
        };
        let is_due = |(place, (failed, at, _)): &(usize, (bool, u64, JobId))| {
            *place < surplus || until(*failed, *at) <= now
        };
        let (due, kept): (Vec<_>, Vec<_>) = ended.into_iter().enumerate().partition(is_due);
        let next = kept
            .iter()
            .map(|(_, (failed, at, _))| until(*failed, *at))
            .min();
        let next = next.map(|next| Duration::from_millis(next.saturating_sub(now)));
        (due.into_iter().map(|(_, (_, _, id))| id).collect(), next)
    }

    /// The operations to be forgotten: old disposals, which belong to no job, and of every job those of which it has too many
    /// newer ones. `operations` begin with the newest.
    fn due_operations(self, now: u64, operations: &[OperationView]) -> Vec<TriggerId> {
        let mut kept: HashMap<JobId, usize> = HashMap::new();
        let mut due = Vec::new();
        for operation in operations {
            let Some(ended) = operation.ended else {
                continue;
            };
            let is_due = match operation.job {
                None => ended.saturating_add(self.age) <= now,
                Some(job) => {
                    let kept = kept.entry(job).or_default();
                    *kept += 1;
                    *kept > OPERATIONS
                }
            };
            if is_due {
                due.push(operation.id);
            }
        }
        due
    }
}

/// Forgets jobs for as long as the server runs.
pub(crate) async fn run(registry: Registry, limits: Limits) {
    // A machine may sleep, clocks are set, and operations end all the time; so it looks now and then, too.
    const LONGEST: Duration = Duration::from_secs(600);
    loop {
        let (due, next) = limits.due(clock::now(), &registry.known_jobs());
        for job in due {
            forget_job(&registry, job).await;
        }
        for id in limits.due_operations(clock::now(), &registry.operations(None)) {
            registry
                .shared
                .change_operations(|all| drop(all.remove(&id)));
            let store = &registry.shared.store;
            store
                .soon(move |transaction| delete_operation(transaction, id))
                .await;
        }
        let store = registry.shared.store.clone();
        let kept = blocking(move || {
            store.refill_reserve();
            Ok(())
        });
        if let Err(error) = kept.await {
            tracing::warn!("{error}");
        }
        let next = next
            .unwrap_or(LONGEST)
            .clamp(Duration::from_millis(10), LONGEST);
        tokio::select! {
            () = registry.shared.job_ended.notified() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
}

async fn forget_job(registry: &Registry, job: JobId) {
    tracing::info!("Job {job} ended long ago and is forgotten.");
    let directory = registry.shared.data.job(job);
    registry.shared.forget(job);
    forget(registry, job, &directory).await;
}

#[cfg(test)]
mod tests;
