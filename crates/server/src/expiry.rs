//! Ended jobs are forgotten after a while, the oldest first: their record, their directory and their operations.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::{
    JOB_STORE_CAPACITY, JOB_STORE_EXPIRATION, JOB_STORE_FAILED_EXPIRATION,
};
use millstream_core::{Configuration, JobId, JobStatus, Result, TriggerId};
use tokio::time::Instant;

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

    /// The jobs to be forgotten at `now`, and how long until there may be another one. `ends` knows since when they have ended.
    fn due(
        self,
        now: u64,
        jobs: &[Arc<JobView>],
        ends: &mut Ends<JobId>,
    ) -> (Vec<JobId>, Option<Duration>) {
        ends.look(now, jobs.iter().map(|view| (view.id, view.end_time)));
        let mut ended: Vec<Ended> = jobs
            .iter()
            .filter_map(|view| {
                Some(Ended {
                    has_failed: view.status == JobStatus::Failed,
                    since: ends.since(view.id)?,
                    told: view.end_time?,
                    id: view.id,
                })
            })
            .collect();
        ended.sort_unstable();
        let surplus = ended.len().saturating_sub(self.count);
        let until = |ended: &Ended| {
            let age = match ended.has_failed {
                true => self.failed_age,
                false => self.age,
            };
            ended.since.saturating_add(age)
        };
        let is_due = |(place, ended): &(usize, Ended)| *place < surplus || until(ended) <= now;
        let (due, kept): (Vec<_>, Vec<_>) = ended.into_iter().enumerate().partition(is_due);
        let next = kept.iter().map(|(_, ended)| until(ended)).min();
        let next = next.map(|next| Duration::from_millis(next.saturating_sub(now)));
        (due.into_iter().map(|(_, ended)| ended.id).collect(), next)
    }

    /// The operations to be forgotten: old disposals, which belong to no job, and of every job those of which it has too many
    /// newer ones. `operations` begin with the newest.
    fn due_operations(
        self,
        now: u64,
        operations: &[OperationView],
        ends: &mut Ends<TriggerId>,
    ) -> Vec<TriggerId> {
        let disposals = operations
            .iter()
            .filter(|operation| operation.job.is_none());
        ends.look(
            now,
            disposals.map(|operation| (operation.id, operation.ended)),
        );
        let mut kept: HashMap<JobId, usize> = HashMap::new();
        let mut due = Vec::new();
        for operation in operations {
            if operation.ended.is_none() {
                continue;
            }
            let is_due = match operation.job {
                None => {
                    let since = ends.since(operation.id);
                    since.is_some_and(|since| since.saturating_add(self.age) <= now)
                }
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

/// A job that has ended. In the order in which they go where there are too many: those that have failed are the last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ended {
    has_failed: bool,
    since: u64,
    /// When it ended by the time of day.
    told: u64,
    id: JobId,
}

/// Since when things have ended, by a clock that nobody sets: no step of the time of day makes them old.
struct Ends<I> {
    since: HashMap<I, u64>,
    /// Whether it has looked already; what it finds from then on ends while the server runs.
    has_looked: bool,
}

impl<I: Copy + Eq + Hash> Ends<I> {
    fn new() -> Self {
        Self {
            since: HashMap::new(),
            has_looked: false,
        }
    }

    /// Looks at all that there is, at `now`. The time of day at which something ended counts only where that was before the server
    /// started.
    fn look(&mut self, now: u64, all: impl Iterator<Item = (I, Option<u64>)>) {
        let (known, has_looked) = (std::mem::take(&mut self.since), self.has_looked);
        let ended = all.filter_map(|(id, told)| {
            let told = told?;
            let first = if has_looked { now } else { told.min(now) };
            Some((id, known.get(&id).copied().unwrap_or(first)))
        });
        self.since = ended.collect();
        self.has_looked = true;
    }

    fn since(&self, id: I) -> Option<u64> {
        self.since.get(&id).copied()
    }
}

/// Forgets jobs for as long as the server runs.
pub(crate) async fn run(registry: Registry, limits: Limits) {
    // Operations end all the time; so it looks now and then, too.
    const LONGEST: Duration = Duration::from_secs(600);
    // The time of day when the server started, and what has passed since by a clock that nobody sets.
    let (began, started) = (clock::now(), Instant::now());
    let now = || {
        let passed = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        began.saturating_add(passed)
    };
    let (mut jobs_ended, mut disposals_ended) = (Ends::new(), Ends::new());
    loop {
        let (due, next) = limits.due(now(), &registry.known_jobs(), &mut jobs_ended);
        for job in due {
            forget_job(&registry, job).await;
        }
        let operations = registry.operations(None);
        for id in limits.due_operations(now(), &operations, &mut disposals_ended) {
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
