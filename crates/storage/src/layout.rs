//! Where the snapshots of jobs lie, as in Flink:
//! `<checkpoint dir>/<job id>/chk-<n>/` and `<savepoint dir>/savepoint-<first 6 of the job id>-<12 hex>/`.

use std::path::PathBuf;

use millstream_core::{CheckpointId, JobId};

use crate::location::Location;
use crate::names::SHARED;

/// The directories of one job's checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotLayout {
    job: JobId,
    checkpoints: Location,
}

impl SnapshotLayout {
    /// The layout of `job` below the directory `checkpoints` (`execution.checkpointing.dir`).
    pub fn new(checkpoints: Location, job: JobId) -> Self {
        Self { job, checkpoints }
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.job
    }

    /// The directory of the checkpoints of all jobs.
    pub fn checkpoints(&self) -> &Location {
        &self.checkpoints
    }

    /// `<checkpoint dir>/<job id>`: everything of this job.
    pub fn job_directory(&self) -> PathBuf {
        self.checkpoints.path().join(self.job.to_string())
    }

    /// `<checkpoint dir>/<job id>/chk-<n>`: the checkpoint with this number.
    pub fn checkpoint(&self, number: CheckpointId) -> PathBuf {
        self.job_directory().join(format!("chk-{number}"))
    }

    /// `<checkpoint dir>/<job id>/shared`: files that several checkpoints refer to.
    pub fn shared(&self) -> PathBuf {
        self.job_directory().join(SHARED)
    }

    /// `<savepoint dir>/savepoint-<first 6 of the job id>-<12 hex>`: a new savepoint. The lower 48 bits
    /// of `random` make its name unique.
    pub fn savepoint(savepoints: &Location, job: JobId, random: u64) -> PathBuf {
        let suffix = random & 0xFFFF_FFFF_FFFF;
        savepoints
            .path()
            .join(format!("savepoint-{}-{suffix:012x}", job.short()))
    }
}

#[cfg(test)]
mod tests {
    use super::SnapshotLayout;

    #[test]
    fn names_are_flinks() {
        let job = "f8cccb14cd33babade335fd60aefa9e4".parse().expect("an id");
        let layout = SnapshotLayout::new("/cp".parse().expect("a path"), job);
        let job_directory = "/cp/f8cccb14cd33babade335fd60aefa9e4";
        assert_eq!(
            layout.checkpoint(17).display().to_string(),
            format!("{job_directory}/chk-17")
        );
        assert_eq!(
            layout.shared().display().to_string(),
            format!("{job_directory}/shared")
        );
        let savepoints = "/sp".parse().expect("a path");
        let savepoint = SnapshotLayout::savepoint(&savepoints, job, 0xffff_d08c_c0ef_01b6);
        assert_eq!(
            savepoint.display().to_string(),
            "/sp/savepoint-f8cccb-d08cc0ef01b6"
        );
    }
}
