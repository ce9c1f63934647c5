//! What the driver's thread for disks and sinks is at, step by step: the process may die between any two.

use std::collections::VecDeque;

use millstream_core::CheckpointId;
use millstream_protocol::{
    Attempt, CommitResult, Event, Nature, OnLostOutput, SnapshotRef, Uncommitted,
};
use rand::RngExt;

use crate::ground::{OutputId, OutputState};
use crate::process::Process;
use crate::world::{Flag, Stored, place};

#[derive(Debug)]
pub(crate) enum Step {
    PutCheckpoint,
    PutSavepoint,
    Open,
    CleanUp,
    Commit(OutputId),
    /// Notes beside the snapshot in this directory that its output is committed.
    Note(String),
    Look,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Write {
        checkpoint: CheckpointId,
        /// It is for a stop: its savepoint comes first.
        of_stop: bool,
    },
    Commit {
        checkpoint: CheckpointId,
    },
    Recover {
        attempt: Attempt,
        restore: Option<SnapshotRef>,
    },
    Look,
}

/// Something slow.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) kind: Kind,
    pub(crate) steps: VecDeque<Step>,
    pub(crate) outputs: Vec<OutputId>,
    savepoint: Option<Result<String, String>>,
    lost: Vec<Uncommitted>,
    unknown: Vec<Uncommitted>,
}

impl Work {
    pub(crate) fn new(kind: Kind, steps: Vec<Step>, outputs: Vec<OutputId>) -> Self {
        Self {
            kind,
            steps: steps.into(),
            outputs,
            savepoint: None,
            lost: Vec::new(),
            unknown: Vec::new(),
        }
    }

    pub(crate) fn is_commit(&self) -> bool {
        matches!(self.kind, Kind::Commit { .. } | Kind::Recover { .. })
    }
}

/// What follows from a step.
enum Did {
    Next,
    /// The work ends here with this answer.
    Ends(Event),
}

impl Process {
    /// One step of something that is under way.
    pub(crate) fn work_on(&mut self) {
        if let Some(choice) = self.pick(self.work.len()) {
            self.work_at(choice);
        }
    }

    /// One step of this one.
    pub(crate) fn work_at(&mut self, place: usize) {
        let mut work = self.work.swap_remove(place);
        let mark = match work.kind {
            Kind::Write { .. } => "died between two steps of a write",
            _ => "died between two steps of a commit",
        };
        let is_taken = self.taken || self.mood.is_some() && self.rng.random_bool(0.002);
        if is_taken && !work.steps.is_empty() {
            return self.is_told_at(&work);
        }
        let Some(step) = work.steps.pop_front() else {
            let answer = self.done(work);
            self.answers.push(answer);
            return;
        };
        self.world
            .note(|| format!("         {:?}: {step:?}", work.kind));
        match self.do_step(&mut work, step) {
            Did::Next => self.work.push(work),
            Did::Ends(answer) => self.answers.push(answer),
        }
        self.world.changed = true;
        self.world.check();
        self.may_die(0.01, mark);
    }

    fn do_step(&mut self, work: &mut Work, step: Step) -> Did {
        let fails = self.mood.is_some() && self.rng.random_bool(0.04);
        match (step, work.kind.clone()) {
            (
                Step::PutCheckpoint,
                Kind::Write {
                    checkpoint,
                    of_stop,
                },
            ) => self.put_checkpoint(work, checkpoint, of_stop, fails),
            (
                Step::PutSavepoint,
                Kind::Write {
                    checkpoint,
                    of_stop,
                },
            ) => self.put_savepoint(work, checkpoint, of_stop, fails),
            (Step::Open, Kind::Recover { attempt, restore }) => {
                self.open(attempt, restore.as_ref(), fails)
            }
            (Step::CleanUp, _) => {
                self.world.remove_leftovers(&work.outputs);
                Did::Next
            }
            (Step::Commit(output), kind) => self.commit_one(work, &kind, output, fails),
            (Step::Note(path), kind) => self.note_committed(work, &kind, &path, fails),
            (Step::Look, _) => {
                let facts = self.world.facts(&mut self.rng);
                self.world.marks.decided(&facts);
                Did::Ends(Event::Facts(Box::new(facts)))
            }
            (step, kind) => panic!("{step:?} in {kind:?}"),
        }
    }

    fn stored(&self, work: &Work, checkpoint: CheckpointId) -> Stored {
        let triggered = &self.triggered[&checkpoint];
        Stored {
            run: self.world.kin.author.run,
            last: triggered.then.is_last(),
            position: triggered.position,
            outputs: work.outputs.clone(),
            noted: Flag::default(),
            damaged: Flag::default(),
        }
    }

    fn put_checkpoint(
        &mut self,
        work: &Work,
        checkpoint: CheckpointId,
        of_stop: bool,
        fails: bool,
    ) -> Did {
        if !fails && !self.world.away.checkpoints {
            let stored = self.stored(work, checkpoint);
            self.world.checkpoints.insert(checkpoint, stored);
            self.owed.in_place(checkpoint, work.outputs.clone());
            return Did::Next;
        }
        if of_stop {
            self.world
                .marks
                .hit("stop: its checkpoint failed, its savepoint not");
            if !self.world.away.savepoints {
                self.world.savepoints.remove(&checkpoint);
                self.owed.deleted(checkpoint);
            }
        } else if work
            .steps
            .iter()
            .any(|step| matches!(step, Step::PutSavepoint))
        {
            self.world
                .marks
                .hit("savepoint on the way: its checkpoint failed");
        }
        let reason = "disk full".to_owned();
        Did::Ends(Event::SnapshotFailed { checkpoint, reason })
    }

    fn put_savepoint(
        &mut self,
        work: &mut Work,
        checkpoint: CheckpointId,
        of_stop: bool,
        fails: bool,
    ) -> Did {
        let reason = "disk full".to_owned();
        if !fails && !self.world.away.savepoints {
            let stored = self.stored(work, checkpoint);
            self.world.savepoints.insert(checkpoint, stored);
            self.owed.in_place(checkpoint, work.outputs.clone());
            work.savepoint = Some(Ok(format!("/s/{checkpoint}")));
        } else if of_stop {
            return Did::Ends(Event::SnapshotFailed { checkpoint, reason });
        } else {
            work.savepoint = Some(Err(reason));
        }
        Did::Next
    }

    fn open(&mut self, attempt: Attempt, restore: Option<&SnapshotRef>, fails: bool) -> Did {
        let failed = |nature| {
            Did::Ends(Event::RecoveryFailed {
                attempt,
                code: "MS-3001",
                cause: "it can't be opened".to_owned(),
                nature,
            })
        };
        if !self.undeleted.is_empty() {
            if self.world.away.checkpoints {
                self.world
                    .marks
                    .hit("recovery failed: what was given up is there");
                return failed(Nature::Unreachable);
            }
            for path in std::mem::take(&mut self.undeleted) {
                self.world.checkpoints.remove(&place(&path).1);
            }
        }
        self.owed.begins(restore.is_some());
        let Some(restore) = restore else {
            self.world.marks.hit("recovered: nothing");
            return Did::Next;
        };
        let nature = if self.world.is_away(&restore.path) {
            Nature::Unreachable
        } else if self
            .world
            .at(&restore.path)
            .is_some_and(|stored| stored.damaged.is_set())
        {
            Nature::Damaged
        } else {
            let stored = self.world.at(&restore.path);
            let held = stored.filter(|stored| !stored.noted.is_set());
            let held = held.map_or_else(Vec::new, |stored| stored.outputs.clone());
            self.owed.restored(restore.checkpoint, held);
            if !fails {
                return Did::Next;
            }
            Nature::Program
        };
        let marks = &mut self.world.marks;
        marks.hit(match nature {
            Nature::Unreachable => "recovery failed: unreachable",
            Nature::Damaged => "recovery failed: damaged",
            Nature::Program => "recovery failed: a sink",
            Nature::Taken => "taken: found out by a recovery",
        });
        if self.machine.stopping().is_some() && nature != Nature::Damaged {
            marks.hit("recovery failed: of a stop that is carried on");
        }
        failed(nature)
    }

    fn commit_one(&mut self, work: &mut Work, kind: &Kind, output: OutputId, fails: bool) -> Did {
        let gives_up = self.commit_cancelled && self.rng.random_bool(0.5);
        if gives_up {
            self.world.marks.hit("commit: told to give up");
        }
        if fails || gives_up {
            return self.unreachable(kind);
        }
        let named = |reason: &str| Uncommitted {
            output: output.to_string(),
            reason: reason.to_owned(),
        };
        if self.is_lost(output) {
            self.world.marks.hit("commit: lost output");
            work.lost.push(named("somebody deleted it"));
            return Did::Next;
        }
        self.world.commit(output);
        if self.mood.is_some() && self.rng.random_bool(0.004) {
            self.world.marks.hit("commit: unknown output");
            work.unknown.push(named("the connection broke"));
        }
        Did::Next
    }

    /// Whether somebody has deleted it by now.
    fn is_lost(&mut self, output: OutputId) -> bool {
        let mut ground = self.world.ground_mut();
        let is_prepared = ground.outputs[output].state == OutputState::Prepared;
        if self.mood.is_some() && is_prepared && self.rng.random_bool(0.004) {
            ground.lose(output);
        }
        ground.outputs[output].state == OutputState::Lost
    }

    fn unreachable(&mut self, kind: &Kind) -> Did {
        self.world.marks.hit("commit: tried again");
        let result = CommitResult::Unreachable {
            output: "x".to_owned(),
            reason: "y".to_owned(),
        };
        Did::Ends(answer(kind, result))
    }

    /// Notes that all is committed, or is taken for that.
    fn note_committed(&mut self, work: &Work, kind: &Kind, path: &str, fails: bool) -> Did {
        let complete = work.lost.is_empty() && work.unknown.is_empty();
        let accepts = matches!(kind, Kind::Recover { .. })
            && self.world.settings.on_lost_output == OnLostOutput::Accept;
        if !complete && !accepts {
            return Did::Next;
        }
        if fails || self.world.is_away(path) {
            return self.unreachable(kind);
        }
        if let Some(stored) = self.world.at(path) {
            stored.noted.set();
        }
        Did::Next
    }

    /// All steps are done.
    fn done(&mut self, work: Work) -> Event {
        let Work {
            kind,
            outputs,
            savepoint,
            lost,
            unknown,
            ..
        } = work;
        let accepts = matches!(kind, Kind::Recover { .. })
            && self.world.settings.on_lost_output == OnLostOutput::Accept;
        match &kind {
            _ if !(accepts || lost.is_empty() && unknown.is_empty()) => {}
            Kind::Commit { checkpoint } => self.owed.committed(*checkpoint),
            Kind::Recover {
                restore: Some(restore),
                ..
            } => self.owed.committed(restore.checkpoint),
            _ => {}
        }
        if let Kind::Write { checkpoint, .. } = kind {
            return Event::SnapshotWritten {
                checkpoint,
                path: format!("/c/{checkpoint}"),
                savepoint,
            };
        }
        if lost.is_empty() && unknown.is_empty() {
            if let Kind::Recover {
                restore: Some(_), ..
            } = &kind
            {
                self.world.marks.hit("recovered: committed");
            }
            self.pending.retain(|(_, output)| !outputs.contains(output));
            let committed = outputs.len() as u64;
            return answer(
                &kind,
                CommitResult::Done {
                    committed,
                    already: 0,
                },
            );
        }
        answer(&kind, CommitResult::Incomplete { lost, unknown })
    }
}

fn answer(kind: &Kind, result: CommitResult) -> Event {
    match kind {
        Kind::Commit { checkpoint } => Event::CommitEnded {
            checkpoint: *checkpoint,
            result,
        },
        Kind::Recover { attempt, .. } => Event::RecoveryCommitEnded {
            attempt: *attempt,
            result,
        },
        Kind::Write { .. } | Kind::Look => panic!("{kind:?} commits nothing"),
    }
}
