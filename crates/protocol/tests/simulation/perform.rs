//! Performs the actions of the machine, and checks each against the rules.

use std::collections::BTreeSet;

use millstream_core::{CheckpointId, JobStatus, TaskStatus, TriggerId};
use millstream_protocol::{
    Action, Attempt, ClaimMode, DiscardReason, Event, Nature, OperationResult, SnapshotKind,
    SnapshotRef, Then,
};
use rand::RngExt;

use crate::ground::{OutputId, OutputState};
use crate::process::{Process, Triggered};
use crate::tasks::{Boundary, Task};
use crate::work::{Kind, Step, Work};
use crate::world::{EndNote, Flag, StopNote, first, place};

impl Process {
    pub(crate) fn perform(&mut self, action: Action) {
        if self.taken {
            return self.perform_without_checkpoints(&action);
        }
        match action {
            Action::JobSwitched { from, to } => self.job_switched(from, to),
            Action::TaskSwitched {
                attempt, from, to, ..
            } => {
                assert_eq!(attempt, self.attempt);
                assert!(from != to && !from.is_terminal());
            }
            Action::RecoverCommits { attempt, restore } => self.recover(attempt, restore),
            Action::StartAttempt {
                attempt,
                restore,
                next_checkpoint,
            } => self.start_attempt(attempt, restore.as_ref(), next_checkpoint),
            Action::DiscardSnapshot { snapshot, reason } => self.discard(&snapshot, reason),
            Action::OperationEnded { id, result } => self.operation_ended(id, &result),
            Action::Warn { .. } => {}
            Action::HeldUp { .. } | Action::RestartsLater { .. } => {
                assert_eq!(self.status, JobStatus::Restarting);
            }
            Action::LookAgain => {
                assert!(self.work.is_empty() && self.attempt == 0);
                self.work
                    .push(Work::new(Kind::Look, vec![Step::Look], Vec::new()));
            }
            Action::CancelCommit { attempt } => {
                assert_eq!(attempt, self.attempt);
                assert!(self.work.iter().any(Work::is_commit) || !self.answers.is_empty());
                self.commit_cancelled = true;
            }
            Action::OutputAccepted { outputs } => {
                assert!(!outputs.is_empty());
                self.world.marks.hit("recovered: lost output was accepted");
            }
            Action::KillProcess { .. } => {
                self.world.marks.hit("process killed");
                self.assert_all_operations_ended();
                self.crash();
            }
            Action::JobEnded { status, .. } => self.job_ended(status),
            for_snapshot => self.perform_for_snapshot(for_snapshot),
        }
    }

    fn perform_for_snapshot(&mut self, action: Action) {
        match action {
            Action::Trigger {
                attempt,
                checkpoint,
                kind,
                then,
                ..
            } => {
                self.trigger(attempt, checkpoint, kind, then);
            }
            Action::AbortCheckpoint { checkpoint, .. } => {
                for task in &mut self.tasks {
                    task.boundaries
                        .retain(|boundary| boundary.checkpoint != checkpoint);
                }
            }
            Action::DiscardAcknowledged { checkpoint, .. } => self.discard_late(checkpoint),
            Action::WriteSnapshot {
                attempt,
                checkpoint,
                kind,
            } => {
                assert!(kind.is_persisted());
                self.assert_complete(attempt, checkpoint);
                self.write(checkpoint);
            }
            Action::Commit {
                attempt,
                checkpoint,
            } => self.commit(attempt, checkpoint),
            Action::NotifyCompleted { checkpoint, .. } => self.assert_committed(checkpoint),
            Action::ResumeSources { .. } => {
                assert_eq!(
                    self.paused,
                    Some(Then::Suspend),
                    "a drain can't be taken back"
                );
                self.paused = None;
            }
            Action::FinishSources { .. } => {
                assert!(
                    self.pending.is_empty(),
                    "output is not committed at the end"
                );
                self.end_tasks(TaskStatus::Finished);
            }
            Action::CancelTasks { attempt } => {
                assert_eq!(attempt, self.attempt);
                self.end_tasks(TaskStatus::Canceled);
            }
            other => panic!("not performed: {other:?}"),
        }
    }

    fn job_switched(&mut self, from: JobStatus, to: JobStatus) {
        assert_eq!(from, self.status);
        assert!(!from.is_terminal(), "{from} to {to}");
        if to == JobStatus::Cancelling && from == JobStatus::Restarting && self.attempt == 0 {
            self.world.marks.hit("cancelled while it waits");
        }
        self.status = to;
        let savepoint = self
            .machine
            .stop_savepoint()
            .map(|savepoint| savepoint.checkpoint);
        let savepoint = savepoint.filter(|number| self.world.savepoints.contains_key(number));
        if to.is_terminal() && (savepoint.is_some() || to == JobStatus::Finished) {
            self.note_the_end(savepoint);
        }
        // A stop that has begun and not ended tells the end by itself.
        let stop = self.world.stop.as_ref();
        if to.is_terminal() && stop.is_none_or(|stop| self.world.ended.contains(&stop.id)) {
            self.world.ended_as = Some(to);
        }
    }

    /// Noted where those look who go on from the newest snapshot: as the driver does, before anything is deleted.
    fn note_the_end(&mut self, savepoint: Option<CheckpointId>) {
        let highest = self.machine.next_checkpoint().saturating_sub(1);
        self.world.end_note = Some(EndNote {
            run: self.world.kin.author.run,
            number: savepoint.unwrap_or(highest),
            savepoint: savepoint.is_some(),
        });
    }

    fn discard_late(&mut self, checkpoint: CheckpointId) {
        let complete = self.triggered.get(&checkpoint).is_some_and(|t| t.written);
        let was_given_up = self.undeleted.contains(&format!("/c/{checkpoint}"));
        let held = self.world.newest() == Some(checkpoint) && !was_given_up;
        assert!(
            !(complete && held),
            "files of a complete snapshot are deleted"
        );
        self.world.marks.hit("late acknowledgement");
    }

    fn recover(&mut self, attempt: Attempt, restore: Option<SnapshotRef>) {
        assert!(!self.workers, "the workers before are there");
        self.attempt = attempt;
        self.pending.clear();
        self.commit_cancelled = false;
        let stored = restore.as_ref().map(|restore| {
            let stored = self.world.at(&restore.path);
            stored.expect("what is gone on from is there").clone()
        });
        let covers = stored.clone().unwrap_or_else(|| crate::world::Stored {
            run: 0,
            last: false,
            position: 0,
            outputs: Vec::new(),
            noted: Flag::default(),
            damaged: Flag::default(),
        });
        self.world
            .assert_covered(&covers.outputs, covers.position, "a recovery");
        self.world.begin_run(restore.as_ref());
        if self.machine.stopping().is_some() {
            if self.note_written() {
                return;
            }
        } else if self.world.stop.as_ref().is_some_and(|stop| !stop.ended) {
            // Noted before output of its savepoint is removed: from then on it is over for good.
            if self.rng.random_bool(0.1) {
                self.world
                    .marks
                    .hit("recovery failed: the end of a stop is not noted");
                let (code, cause) = ("MS-2007", "disk full".to_owned());
                let nature = Nature::Unreachable;
                self.answers.push(Event::RecoveryFailed {
                    attempt,
                    code,
                    cause,
                    nature,
                });
                return;
            }
            if let Some(stop) = self.world.stop.as_mut() {
                stop.ended = true;
            }
            if self.may_die(0.05, "died between two actions") {
                return;
            }
        }
        let mut steps = vec![Step::Open, Step::CleanUp];
        if let (Some(stored), Some(restore)) = (&stored, &restore) {
            if stored.noted.is_set() {
                self.world.marks.hit("recovered: noted as committed");
            } else {
                steps.extend(stored.outputs.iter().map(|output| Step::Commit(*output)));
                steps.push(Step::Note(restore.path.clone()));
            }
            if self.world.reported.contains(&restore.checkpoint) && !restore.savepoint {
                self.world.marks.hit("savepoint on the way: gone back to");
            }
        }
        let outputs = covers.outputs;
        self.begin_commit(Work::new(
            Kind::Recover { attempt, restore },
            steps,
            outputs,
        ));
    }

    fn write(&mut self, checkpoint: CheckpointId) {
        let triggered = &self.triggered[&checkpoint];
        let savepoint = matches!(triggered.kind, SnapshotKind::Savepoint { .. });
        let of_stop = savepoint && triggered.then.is_last();
        let steps = match (savepoint, of_stop) {
            (false, _) => vec![Step::PutCheckpoint],
            (true, false) => vec![Step::PutCheckpoint, Step::PutSavepoint],
            (true, true) => vec![Step::PutSavepoint, Step::PutCheckpoint],
        };
        let kind = Kind::Write {
            checkpoint,
            of_stop,
        };
        let outputs = self.pending_up_to(checkpoint);
        self.work.push(Work::new(kind, steps, outputs));
    }

    /// Nothing else is under way when a commit begins, but writes of snapshots that were given up.
    fn begin_commit(&mut self, work: Work) {
        let busy = self
            .work
            .iter()
            .any(|work| !matches!(work.kind, Kind::Write { .. }));
        assert!(!busy, "two commits at once");
        self.work.push(work);
    }

    fn start_attempt(
        &mut self,
        attempt: Attempt,
        restore: Option<&SnapshotRef>,
        next_checkpoint: CheckpointId,
    ) {
        assert!(!self.workers && self.work.is_empty(), "{:?}", self.work);
        let stopping = self
            .unfinished_stop
            .is_some_and(|id| !self.world.ended.contains(&id));
        assert!(!stopping, "a job that was stopped runs again");
        assert!(next_checkpoint > self.world.newest().unwrap_or(0));
        let stored = restore.and_then(|restore| self.world.at(&restore.path));
        assert_eq!(stored.is_some(), restore.is_some());
        self.position = stored.map_or(0, |stored| stored.position);
        self.attempt = attempt;
        self.workers = true;
        self.paused = None;
        let old = std::mem::take(&mut self.tasks);
        // What an old attempt has sent may still arrive.
        let late = old
            .into_iter()
            .flat_map(|task| task.messages)
            .map(|message| message.event);
        self.answers.extend(late);
        for info in self.world.settings.tasks.clone() {
            let sink = self.world.sinks.iter().position(|sink| *sink == info.task);
            let mut task = Task::new(info.task, sink, self.position);
            task.report(attempt, TaskStatus::Deploying);
            task.report(attempt, TaskStatus::Initializing);
            task.report(attempt, TaskStatus::Running);
            self.tasks.push(task);
        }
    }

    fn trigger(
        &mut self,
        attempt: Attempt,
        checkpoint: CheckpointId,
        kind: SnapshotKind,
        then: Then,
    ) {
        assert_eq!(attempt, self.attempt);
        assert!(
            self.world.newest().is_none_or(|newest| newest < checkpoint),
            "a number again"
        );
        self.world.highest_number = self.world.highest_number.max(checkpoint);
        if then.is_last() {
            self.paused = Some(then);
        }
        // Savepoints have names of their own: one that nobody was told of is another one.
        if !self.world.reported.contains(&checkpoint) {
            self.world.savepoints.remove(&checkpoint);
        }
        if let Some(id) = self.machine.stopping() {
            let before = self.world.stop.take();
            let earlier = before.and_then(|before| match before.written {
                true => Some(before.checkpoint),
                false => before.earlier,
            });
            self.world.stop = Some(StopNote {
                id,
                checkpoint,
                written: false,
                ended: false,
                earlier,
            });
        }
        let position = self.position;
        for task in self.tasks.iter_mut().filter(|task| task.alive) {
            task.boundaries.push_back(Boundary {
                checkpoint,
                position,
            });
        }
        let acknowledged = BTreeSet::new();
        let triggered = Triggered {
            attempt,
            kind,
            then,
            position,
            acknowledged,
            written: false,
        };
        assert!(
            self.triggered.insert(checkpoint, triggered).is_none(),
            "a number again"
        );
    }

    /// No snapshot is complete without the acknowledgement of every task.
    fn assert_complete(&self, attempt: Attempt, checkpoint: CheckpointId) {
        let triggered = &self.triggered[&checkpoint];
        assert_eq!(attempt, triggered.attempt);
        assert_eq!(
            triggered.acknowledged.len(),
            self.world.settings.tasks.len()
        );
    }

    pub(crate) fn pending_up_to(&self, checkpoint: CheckpointId) -> Vec<OutputId> {
        let up_to = self
            .pending
            .iter()
            .filter(|(boundary, _)| *boundary <= checkpoint);
        up_to.map(|(_, output)| *output).collect()
    }

    /// Output is committed only for a snapshot that is complete.
    fn commit(&mut self, attempt: Attempt, checkpoint: CheckpointId) {
        assert_eq!(attempt, self.attempt);
        self.assert_complete(attempt, checkpoint);
        let triggered = &self.triggered[&checkpoint];
        let persisted = triggered.kind.is_persisted();
        assert!(!persisted || self.world.checkpoints.contains_key(&checkpoint));
        assert!(triggered.written == persisted);
        self.world.unprotected |= !persisted;
        let outputs = self.pending_up_to(checkpoint);
        self.owed.asked(checkpoint, outputs.clone());
        let mut steps: Vec<Step> = outputs.iter().map(|output| Step::Commit(*output)).collect();
        if persisted {
            steps.push(Step::Note(format!("/c/{checkpoint}")));
        }
        if self.world.savepoints.contains_key(&checkpoint) {
            steps.push(Step::Note(format!("/s/{checkpoint}")));
        }
        self.begin_commit(Work::new(Kind::Commit { checkpoint }, steps, outputs));
    }

    /// Writers hear that their output is committed once that is so, and noted.
    fn assert_committed(&self, checkpoint: CheckpointId) {
        let triggered = &self.triggered[&checkpoint];
        if !triggered.kind.is_persisted() {
            return assert!(self.pending.is_empty());
        }
        let stored = &self.world.checkpoints[&checkpoint];
        assert!(triggered.written && stored.noted.is_set());
        if let Some(savepoint) = self.world.savepoints.get(&checkpoint) {
            assert!(savepoint.noted.is_set());
        }
        let ground = self.world.ground();
        for id in &stored.outputs {
            assert_eq!(ground.outputs[*id].state, OutputState::Committed);
        }
    }

    pub(crate) fn end_tasks(&mut self, status: TaskStatus) {
        let attempt = self.attempt;
        for task in self.tasks.iter_mut().filter(|task| task.alive) {
            task.alive = false;
            task.boundaries.clear();
            task.report(attempt, status);
        }
    }

    fn discard(&mut self, snapshot: &SnapshotRef, reason: DiscardReason) {
        let path = &snapshot.path;
        let Some(stored) = self.world.at(path).cloned() else {
            panic!("{snapshot} is deleted twice");
        };
        if reason != DiscardReason::Aborted {
            // A newer one may hold it, too.
            let newer = snapshot.checkpoint + 1..;
            let savepoints = self.world.savepoints.range(newer.clone());
            let newer = self.world.checkpoints.range(newer).chain(savepoints);
            let held: BTreeSet<OutputId> = newer
                .flat_map(|(_, newer)| newer.outputs.iter().copied())
                .collect();
            let ground = self.world.ground();
            let mut outputs = stored.outputs.iter().filter(|id| !held.contains(id));
            let uncommitted = outputs.any(|id| ground.outputs[*id].state == OutputState::Prepared);
            assert!(
                !uncommitted,
                "{snapshot} is deleted before its output is committed"
            );
        }
        let checkpoint = format!("/c/{}", snapshot.checkpoint);
        if reason == DiscardReason::Aborted && self.undeleted.contains(&checkpoint) {
            // Beside a checkpoint that stays, the savepoint shows how far a stop had come.
            return;
        }
        if self.world.is_away(path) {
            // It stays, with a warning; what was given up must be gone before an older one is gone back to.
            if reason == DiscardReason::Aborted && !snapshot.savepoint {
                self.undeleted.push(path.clone());
            }
            return;
        }
        let newest = self.machine.completed_snapshots().last();
        let is_last = newest.is_some_and(|newest| newest.checkpoint == snapshot.checkpoint);
        if reason == DiscardReason::JobEnded
            && is_last
            && self.status != JobStatus::Finished
            && self.machine.stop_savepoint().is_none()
        {
            self.note_the_end(None);
        }
        if !snapshot.savepoint {
            self.owed.deleted(snapshot.checkpoint);
        }
        match place(path) {
            ("c", number) => drop(self.world.checkpoints.remove(&number)),
            ("s", number) => {
                assert_eq!(reason, DiscardReason::Aborted, "a savepoint");
                assert!(!self.world.reported.contains(&number));
                self.world.savepoints.remove(&number);
            }
            _ => {
                let foreign = self.world.foreign.take().expect("it is there");
                assert_eq!(foreign.claim, ClaimMode::Claim, "it is not ours");
                self.deleted = foreign.of;
            }
        }
        if reason == DiscardReason::JobEnded {
            assert!(self.status.is_terminal());
        } else {
            self.world.changed = true;
            self.world.check();
        }
    }

    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        assert!(self.world.requested.contains(&id), "nobody asked for it");
        assert!(self.world.ended.insert(id), "operation {id} ended twice");
        // A note that can't be written is missed by the next process, which finds the job gone on or carries the stop on.
        let is_noted = self.status.is_terminal() || !self.rng.random_bool(0.25);
        let stop = self.world.stop.as_mut().filter(|stop| stop.id == id);
        if let Some(stop) = stop {
            stop.ended |= is_noted;
            if self.status.is_terminal() {
                self.world.ended_as = Some(self.status);
            }
        }
        match result {
            OperationResult::Stopped { checkpoint, path } => {
                assert!(self.status == JobStatus::Finished && place(path) == ("s", *checkpoint));
                self.world.marks.hit("stopped");
                self.reported(*checkpoint);
            }
            OperationResult::Completed { checkpoint, path } => {
                assert!(self.triggered[checkpoint].written);
                assert_eq!(place(path).1, *checkpoint);
                let stored = self.world.at(path).expect("it is there");
                assert!(
                    stored.noted.is_set(),
                    "told before it is noted that its output is committed"
                );
                if path.starts_with("/s") {
                    self.reported(*checkpoint);
                }
            }
            OperationResult::Failed { reason, .. }
                if reason.starts_with("the job has not begun yet") =>
            {
                assert!(!self.workers && self.status == JobStatus::Running);
                self.world
                    .marks
                    .hit("commit: refused behind one that was tried in vain");
            }
            OperationResult::Failed { code, .. } if code == "MS-2002" => {
                self.world.marks.hit("stop failed");
            }
            OperationResult::Cancelled => assert_eq!(self.status, JobStatus::Canceled),
            OperationResult::Failed {
                savepoint: Some(path),
                ..
            } => {
                self.world.marks.hit("savepoint on the way: not committed");
                self.reported(place(path).1);
            }
            OperationResult::Failed { .. } => {}
        }
    }

    /// A user is told of a savepoint: from it every record is committed or can be.
    fn reported(&mut self, checkpoint: CheckpointId) {
        let stored = self.world.savepoints.get(&checkpoint);
        let stored = stored.expect("it is there").clone();
        self.world
            .assert_covered(&stored.outputs, stored.position, "a savepoint");
        self.world.reported.insert(checkpoint);
    }

    fn assert_all_operations_ended(&self) {
        let open: Vec<_> = self.world.requested.difference(&self.world.ended).collect();
        assert!(open.is_empty(), "operations never ended: {open:?}");
    }

    fn job_ended(&mut self, status: JobStatus) {
        assert_eq!(status, self.status);
        // Who only looks is not waited for.
        let mut work = self.work.iter();
        let busy = work.any(|work| !matches!(work.kind, Kind::Look));
        assert!(!self.workers && !busy, "something is under way");
        self.assert_all_operations_ended();
        self.ended = Some(status);
        assert_eq!(self.world.ended_as, Some(status), "it is not noted");
        if status == JobStatus::Finished {
            self.assert_all_is_committed();
        }
        self.end_sinks();
    }

    /// Sinks give up what is prepared and owed to nobody.
    fn end_sinks(&mut self) {
        let Some(kept) = self.owed.kept() else {
            return;
        };
        let author = self.world.kin.author;
        let any = self.world.ground_mut().remove_at_end(author, &kept);
        if any {
            self.world
                .marks
                .hit("ended: what nobody may ask for is removed");
        }
        let ground = self.world.ground();
        let is_in = |id: &OutputId, state| ground.outputs[*id].state == state;
        let is_owed = kept.iter().any(|id| is_in(id, OutputState::Prepared));
        for (number, stored) in &self.world.checkpoints {
            let mut removed = stored.outputs.iter();
            let removed = removed.any(|id| is_in(id, OutputState::Removed));
            assert!(
                !removed,
                "output of checkpoint {number}, which stays, is removed"
            );
        }
        drop(ground);
        if is_owed {
            self.world.marks.hit("ended: what a snapshot holds is kept");
        }
    }

    /// A job that finished has committed all it has read: the whole input, or up to its last savepoint.
    fn assert_all_is_committed(&self) {
        let read = match (self.triggered.values().last(), &self.world.stop) {
            (
                Some(Triggered {
                    kind: SnapshotKind::Savepoint { .. },
                    position,
                    ..
                }),
                _,
            ) => *position,
            (None, Some(stop)) if self.unfinished_stop == Some(stop.id) => {
                self.world.savepoints[&stop.checkpoint].position
            }
            _ => self.world.input,
        };
        let ground = self.world.ground();
        for (sink, records) in ground.committed[self.world.job].iter().enumerate() {
            let lost = ground.lost(self.world.job, sink);
            assert_eq!(
                *records | lost,
                first(read) | lost,
                "not all is committed at the end"
            );
        }
    }
}
