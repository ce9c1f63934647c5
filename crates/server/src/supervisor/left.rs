//! What lies there of a job's checkpoints after a process that had no time to tell.

use std::fs;
use std::time::Duration;

use millstream_core::{JobId, Result};
use millstream_protocol::link::{CheckpointReport, CheckpointState};
use millstream_storage::{
    Location, Snapshot, SnapshotLayout, checkpoints_of, is_directory_there, is_in_store,
};

use super::Supervisor;
use super::book::Lying;
use crate::background::blocking;
use crate::checkpoints;
use crate::logs;

/// A disk that does not answer is not waited for longer: what was told is shown then.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl Supervisor {
    /// The process is gone, and nobody else runs the job: between its last report and its end it may have completed
    /// checkpoints and deleted older ones. What really lies there is shown, and what the next process is told. `has_ended`:
    /// there is no next one.
    pub(super) async fn take_what_lies_there(&mut self, has_ended: bool) {
        let Some(layout) = self.layout() else {
            return;
        };
        let known = self.book.record().checkpoints.clone();
        let look = blocking(move || look(&layout, &known));
        let id = self.book.id();
        let lying = match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(Some(lying))) => lying,
            // Where it lay may be away: nothing is concluded from that.
            Ok(Ok(None)) => return,
            Ok(Err(error)) => return not_looked_at(id, &error.to_string()),
            Err(_) => return not_looked_at(id, "the disk or store does not answer"),
        };
        let changed = self.book.lies_there(lying, has_ended);
        if changed.is_empty() {
            return;
        }
        for checkpoint in &changed {
            let is = match checkpoint.discarded {
                true => "was deleted",
                false => "is complete",
            };
            tracing::info!(
                "Job {id}: checkpoint {} {is}, which its process had no time to tell.",
                checkpoint.id
            );
        }
        self.save(changed).await;
        self.show();
    }

    /// Where the job's checkpoints lie; `None`: that can't be told.
    pub(super) fn layout(&self) -> Option<SnapshotLayout> {
        let job = self.book.id();
        let mut told = self.book.record().checkpoints.iter().rev();
        let told = told.find_map(|checkpoint| above(checkpoint.path.as_deref()?, job));
        let data = self.registry.shared.data.path();
        let directory = match told {
            Some(told) => Ok(told),
            None => checkpoints::place(self.book.settings(), data),
        };
        match directory {
            Ok(directory) => Some(SnapshotLayout::new(directory, job)),
            Err(error) => {
                not_looked_at(job, &error.to_string());
                None
            }
        }
    }
}

/// The directory of checkpoints that this one of `job` lies in; `None`: it lies elsewhere, as savepoints do.
fn above(path: &str, job: JobId) -> Option<Location> {
    let checkpoint: Location = path.parse().ok()?;
    let own = checkpoint.path().parent()?;
    let is_own = own
        .file_name()
        .is_some_and(|name| name == job.to_string().as_str());
    let above = own.parent().filter(|_| is_own)?;
    Location::from_path(above).ok()
}

fn not_looked_at(job: JobId, why: &str) {
    tracing::warn!(
        "Job {job}: its checkpoints can't be looked at, so those are shown that its process has told: {why}"
    );
}

/// Looks at what lies there; `None`: the directory of the job's checkpoints does not. Those that are `known` are not opened.
fn look(layout: &SnapshotLayout, known: &[CheckpointReport]) -> Result<Option<Lying>> {
    if !is_directory_there(&layout.job_directory())? {
        return Ok(None);
    }
    let (completed, unused) = checkpoints_of(layout)?;
    let mut lying = Lying {
        numbers: completed.iter().map(|(number, _)| *number).collect(),
        untold: Vec::new(),
        unused,
    };
    for (number, location) in completed {
        let is_told = |known: &CheckpointReport| {
            known.id == number && known.state == CheckpointState::Completed
        };
        if known.iter().any(is_told) {
            continue;
        }
        match Snapshot::open(&location) {
            Ok(snapshot) => lying.untold.push(report_of(&snapshot)),
            // Whoever goes on from it says so; nobody is shown a path that nothing can be restored from.
            Err(error) => tracing::warn!("{error}"),
        }
    }
    Ok(Some(lying))
}

/// What its process would have told of a checkpoint, as far as the checkpoint itself does.
fn report_of(snapshot: &Snapshot) -> CheckpointReport {
    let metadata = snapshot.metadata();
    CheckpointReport {
        id: metadata.checkpoint_id,
        state: CheckpointState::Completed,
        savepoint: None,
        last: metadata.last,
        triggered: metadata.created,
        acknowledged: None,
        ended: Some(completed(snapshot)),
        bytes: metadata.files().map(|file| file.bytes).sum(),
        longest_pause_ms: 0,
        path: Some(snapshot.location().to_string()),
        discarded: false,
        failure: None,
        // They are told of what is committed.
        numbers: snapshot
            .is_committed()
            .is_ok_and(|committed| committed)
            .then_some(metadata.numbers),
        tasks: Vec::new(),
    }
}

/// When a snapshot was complete: its metadata is written last. Stores tell no time of a file here, so that of theirs it is only known
/// that it was not before they were triggered. Without any time, a job would seem to have had no checkpoint.
fn completed(snapshot: &Snapshot) -> u64 {
    let triggered = snapshot.metadata().created;
    let place = snapshot.location().metadata_path();
    let written = match is_in_store(&place) {
        true => None,
        false => fs::metadata(&place).ok(),
    };
    written.map_or(triggered, |about| logs::modified(&about).max(triggered))
}
