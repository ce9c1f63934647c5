//! The beginning of an attempt: what is there, its number, and what the snapshot holds that it goes on from.

use std::sync::Arc;

use millstream_core::{Error, ErrorKind, Result, counted};
use millstream_protocol::{
    Attempt as AttemptNumber, CommitResult, Condition, Facts, Offer, OnLostOutput, RestoredFrom,
    SnapshotRef,
};
use millstream_storage::{
    Behind, Location, Pin, Reached, Snapshot, SnapshotKind as StoredKind, SnapshotMetadata,
    mark_committed, sweep,
};

use super::commit::{Tally, checked, guarded};
use super::{IoWorker, Message, Restore, Run, spell};
use crate::connector::{Cancelled, CommitterContext};
use crate::graph::{JobGraph, NodeKind};
use crate::job::others;
use crate::restore::RestoredJob;

/// What a recovery comes to.
pub(in crate::job) struct Recovered {
    pub(in crate::job) run: Run,
    pub(in crate::job) restored: Option<Arc<RestoredJob>>,
    /// Where other jobs may have noted what they read behind the snapshot.
    pub(in crate::job) behind: Behind,
    pub(in crate::job) result: CommitResult,
}

impl IoWorker {
    /// Looks at what there is now.
    pub(super) fn look(&mut self) -> Facts {
        let keeper = &mut self.start.keeper;
        let mut facts = guarded(|| keeper.look()).unwrap_or_else(|error| Facts {
            unreachable: Some(error.to_string()),
            ..Facts::default()
        });
        if let Some(given) = &self.start.given {
            let (restored_from, opened) = restored_from(given, &self.start.graph);
            facts.restored_from = Some(restored_from);
            self.start.first = opened.ok();
        }
        facts
    }

    pub(super) fn recover(
        &mut self,
        attempt: AttemptNumber,
        restore: Option<SnapshotRef>,
        cancelled: Cancelled,
    ) -> Message {
        match guarded(|| self.try_recover(attempt, restore, cancelled)).flatten() {
            Ok(recovered) => Message::Recovered {
                attempt,
                recovered: Box::new(recovered),
            },
            Err(error) => Message::RecoveryFailed { attempt, error },
        }
    }

    fn try_recover(
        &mut self,
        attempt: AttemptNumber,
        restore: Option<SnapshotRef>,
        cancelled: Cancelled,
    ) -> Result<Recovered> {
        // An attempt that is tried again keeps its number, for which it was checked before.
        self.start.keeper.check()?;
        self.delete_given_up()?;
        let run = self.run_of(attempt)?;
        self.sweep();
        self.owed.begins(restore.is_some());
        let restored = restore
            .map(|snapshot| self.open(&snapshot.path))
            .transpose()?;
        let mut behind = Behind::default();
        if let Some(restored) = &restored {
            let metadata = restored.snapshot().metadata();
            self.owed
                .restored(metadata.checkpoint_id, restored.all_prepared()?);
            self.note_restored(metadata)?;
            self.pin = Pin::take(restored.snapshot().location());
            let (layout, name) = (&self.start.layout, &self.start.graph.name);
            behind = others::behind(restored.snapshot(), layout, &run.lineage, name)?;
        }
        let result = self.recover_sinks(&run, restored.as_deref(), &cancelled)?;
        Ok(Recovered {
            run,
            restored,
            behind,
            result,
        })
    }

    /// Deletes what an attempt that died has left in the job's directory. What can't be is tried again by the next one.
    pub(super) fn sweep(&self) {
        let layout = &self.start.layout;
        match sweep(layout) {
            Ok(swept) if swept.files.is_empty() => {}
            Ok(swept) => tracing::info!(
                "Deleted {}, {}, that an earlier attempt had left in {}.",
                counted(swept.files.len(), "file"),
                counted(swept.bytes(), "byte"),
                layout.job_directory().display()
            ),
            Err(error) => tracing::warn!("What an earlier attempt has left stays: {error}"),
        }
    }

    /// Notes that output is committed up to the snapshot, also where it is of the job that this one goes on from. One at which
    /// nothing was committed is no such point.
    fn note_restored(&mut self, metadata: &SnapshotMetadata) -> Result<()> {
        if !metadata.is_committed_boundary() {
            return Ok(());
        }
        self.start.keeper.reached(&Reached {
            job_id: metadata.job_id,
            job_name: metadata.job_name.clone(),
            lineage: metadata.lineage.clone(),
            number: metadata.checkpoint_id,
        })
    }

    /// The number of the attempt. One that tries again keeps it.
    fn run_of(&mut self, attempt: AttemptNumber) -> Result<Run> {
        if let Some((known, run)) = &self.run
            && *known == attempt
        {
            return Ok(run.clone());
        }
        let run = self.start.keeper.begin_run()?;
        self.run = Some((attempt, run.clone()));
        Ok(run)
    }

    fn recover_sinks(
        &mut self,
        run: &Run,
        restored: Option<&RestoredJob>,
        cancelled: &Cancelled,
    ) -> Result<CommitResult> {
        self.committers.clear();
        let graph = self.start.graph.clone();
        let mut total = Tally::default();
        let mut any = false;
        for (node, uid) in graph.nodes.iter().zip(graph.uids()) {
            let NodeKind::Sink(factory) = &node.kind else {
                continue;
            };
            let context = CommitterContext {
                job: self.start.layout.job(),
                uid: uid.clone(),
                parallelism: node.parallelism,
                lineage: run.lineage.clone(),
                run: run.number,
                restored: restored.map(|job| job.snapshot().metadata().checkpoint_id),
                cancelled: cancelled.clone(),
            };
            let Some(mut committer) = factory.committer(context)? else {
                continue;
            };
            let prepared = restored.map(|job| job.prepared(&uid)).transpose()?;
            let prepared = prepared.unwrap_or_default();
            let entries = restored.map(|job| job.operator(&uid).entries);
            any |= !prepared.is_empty();
            let outcomes = committer.recover(&prepared, &entries.unwrap_or_default());
            // Also where it fails: it may be what the job ends with.
            self.committers.insert(uid.clone(), committer);
            let outcomes = match outcomes {
                Ok(outcomes) => checked(&uid, outcomes, &prepared)?,
                Err(error) if error.kind() == ErrorKind::Unavailable => {
                    let (output, reason) = (node.title(), error.to_string());
                    return Ok(CommitResult::Unreachable { output, reason });
                }
                Err(error) => return Err(error),
            };
            total.count(&prepared, outcomes);
        }
        let result = total.result();
        let Some(restored) = restored.filter(|_| self.is_settled(&result)) else {
            return Ok(result);
        };
        let snapshot = restored.snapshot();
        self.owed.committed(snapshot.metadata().checkpoint_id);
        // Where that was noted beside the snapshot before, it was beside its savepoint first, and nothing was left to commit.
        self.inherit_notes(snapshot.metadata(), any);
        match any {
            true => Ok(self.note(snapshot.location(), result)),
            false => Ok(result),
        }
    }

    /// Whether all is committed, or taken for that.
    fn is_settled(&self, result: &CommitResult) -> bool {
        match result {
            CommitResult::Done { .. } => true,
            CommitResult::Incomplete { .. } => self.start.on_lost == OnLostOutput::Accept,
            CommitResult::Unreachable { .. } | CommitResult::Taken { .. } => false,
        }
    }

    /// Notes beside the snapshot that all is committed. A snapshot of somebody else may lie where this job can't write.
    fn note(&self, location: &Location, result: CommitResult) -> CommitResult {
        let Err(error) = mark_committed(location.path()) else {
            return result;
        };
        let given = self.start.given.as_ref();
        if given.is_some_and(|given| given.location == *location) {
            tracing::warn!(
                "That its output is committed can't be noted beside {location}: {error}"
            );
            return result;
        }
        CommitResult::Unreachable {
            output: format!("of {location}"),
            reason: error.to_string(),
        }
    }

    fn open(&mut self, path: &str) -> Result<Arc<RestoredJob>> {
        let location: Location = path.parse()?;
        if let Some(first) = self.start.first.take()
            && *first.snapshot().location() == location
        {
            // Checked when the job was prepared; a later attempt checks it again.
            return Ok(first);
        }
        // The job's own checkpoints hold what the job has, whatever it was allowed to drop at its start.
        let given = self.start.given.as_ref();
        let given = given.filter(|given| given.location == location);
        let allowed = given.is_none_or(|given| given.allow_non_restored);
        RestoredJob::check(Snapshot::open(&location)?, &self.start.graph, allowed)
    }
}

/// Opens the snapshot that the user gave: what is known of it, and it or why it can't be used.
pub(in crate::job) fn restored_from(
    given: &Restore,
    graph: &JobGraph,
) -> (RestoredFrom, Result<Arc<RestoredJob>>) {
    let opened = Snapshot::open(&given.location).and_then(|opened| {
        let committed = opened.is_committed()?;
        Ok((opened, committed))
    });
    let mut snapshot = SnapshotRef {
        checkpoint: 0,
        path: given.location.to_string(),
        savepoint: false,
    };
    let mut committed = false;
    if let Ok((opened, noted)) = &opened {
        let metadata = opened.metadata();
        snapshot.checkpoint = metadata.checkpoint_id;
        snapshot.savepoint = metadata.kind == StoredKind::Savepoint;
        committed = *noted;
    }
    let restored =
        opened.and_then(|(opened, _)| RestoredJob::check(opened, graph, given.allow_non_restored));
    let offer = Offer {
        snapshot,
        condition: restored
            .as_ref()
            .err()
            .map_or(Condition::Usable, condition_of),
        committed,
    };
    let claim = given.claim;
    (RestoredFrom { offer, claim }, restored)
}

/// What an error of opening a snapshot says of it.
fn condition_of(error: &Error) -> Condition {
    match (error.kind(), error.code()) {
        (ErrorKind::Unavailable | ErrorKind::NotFound, _) => Condition::Unreachable(spell(error)),
        _ => Condition::Damaged(spell(error)),
    }
}
