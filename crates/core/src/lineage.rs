//! Where a run of a job comes from: the jobs that went before it.
//!
//! The newest of several snapshots is found along the lineage, not by the time of day: clocks go back, and two
//! machines never agree.

use serde::{Deserialize, Serialize};

use crate::ids::{CheckpointId, JobId};

/// A job that was left for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ancestor {
    /// The job.
    pub job: JobId,
    /// The number of the snapshot at which it was left.
    pub left_at: CheckpointId,
    /// The next job went on from its newest snapshot and held its lock, so nothing but that job goes on from here.
    /// `false`: a fork, beside which the job may live on.
    #[serde(default)]
    pub owned: bool,
}

/// The ancestry of a job, and a logical clock of runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lineage {
    /// A logical clock: a job that starts takes one more than the highest that it can see. A restart of the same job
    /// keeps it.
    pub generation: u64,
    /// The jobs that went before, oldest first.
    pub ancestors: Vec<Ancestor>,
}
