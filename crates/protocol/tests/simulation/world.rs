//! What survives a crash: snapshots, notes, output, and the truth about every record.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use millstream_core::lineage::Kin;
use millstream_core::{CheckpointId, JobId, JobStatus, Lineage, TriggerId};
use millstream_protocol::{
    ClaimMode, Decision, JobSettings, SnapshotRef, TaskId, TaskInfo, decide,
};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::ground::{Ground, OutputId, OutputState, STRANGER, id_of};
use crate::marks::Marks;
use crate::settings::random_settings;

/// A fact about a snapshot that all who know it share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flag(Rc<Cell<bool>>);

impl Flag {
    pub(crate) fn is_set(&self) -> bool {
        self.0.get()
    }

    pub(crate) fn set(&self) {
        self.0.set(true);
    }
}

/// A snapshot whose `_metadata` is in place.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// The run that wrote it.
    pub(crate) run: u64,
    /// Its job was to end with it.
    pub(crate) last: bool,
    /// So many records were read before its boundary.
    pub(crate) position: u32,
    /// Output that it tells to commit.
    pub(crate) outputs: Vec<OutputId>,
    /// It is noted beside it that all of that is committed.
    pub(crate) noted: Flag,
    /// A file of it was damaged.
    pub(crate) damaged: Flag,
}

/// The snapshot of another job that this one was started from.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub(crate) number: CheckpointId,
    pub(crate) claim: ClaimMode,
    pub(crate) stored: Stored,
    /// Which of the jobs of the run has written it, and where: `None`, one that nobody simulates.
    pub(crate) of: Option<(usize, String)>,
}

/// What is noted of a job's end: the number up to which output is committed, and whether a savepoint of that number is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndNote {
    pub(crate) run: u64,
    pub(crate) number: CheckpointId,
    pub(crate) savepoint: bool,
}

/// The note of a stop in the job's own directory, which is always there.
#[derive(Debug, Clone)]
pub(crate) struct StopNote {
    pub(crate) id: TriggerId,
    pub(crate) checkpoint: CheckpointId,
    pub(crate) written: bool,
    pub(crate) ended: bool,
    /// The number of the stop before that was written.
    pub(crate) earlier: Option<CheckpointId>,
}

/// Which of the places of snapshots can't be reached.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Away {
    pub(crate) checkpoints: bool,
    pub(crate) savepoints: bool,
}

#[derive(Debug)]
pub(crate) struct World {
    /// Which of the jobs of the run this is.
    pub(crate) job: usize,
    pub(crate) lineage: Lineage,
    /// The attempt that runs, or ran last, and what it comes from.
    pub(crate) kin: Kin,
    /// The job of the run that it was started from, and the records that lie before that.
    pub(crate) began_at: Option<(usize, u64)>,
    ground: Rc<RefCell<Ground>>,
    pub(crate) settings: JobSettings,
    /// Records in the input; fewer than 64.
    pub(crate) input: u32,
    pub(crate) sinks: Vec<TaskId>,
    pub(crate) checkpoints: BTreeMap<CheckpointId, Stored>,
    pub(crate) savepoints: BTreeMap<CheckpointId, Stored>,
    /// Savepoints that a user was told of: they can be restored for ever.
    pub(crate) reported: BTreeSet<CheckpointId>,
    pub(crate) foreign: Option<Foreign>,
    pub(crate) away: Away,
    pub(crate) stop: Option<StopNote>,
    /// The newest snapshot that the server has on record.
    pub(crate) recorded: Option<CheckpointId>,
    pub(crate) highest_number: CheckpointId,
    pub(crate) requested: BTreeSet<TriggerId>,
    pub(crate) ended: BTreeSet<TriggerId>,
    /// The last epoch of a job without checkpoints is being committed: nothing of it survives a crash.
    pub(crate) unprotected: bool,
    /// It is noted that the job has ended.
    pub(crate) ended_as: Option<JobStatus>,
    /// The same, where those look who want to go on from the newest snapshot of the job's name.
    pub(crate) end_note: Option<EndNote>,
    /// Nobody starts it again: another job has gone on from it.
    pub(crate) abandoned: bool,
    /// Something was done that all promises are to be checked behind.
    pub(crate) changed: bool,
    pub(crate) marks: Marks,
}

/// The bits of the first `count` records.
pub(crate) fn first(count: u32) -> u64 {
    (1 << count) - 1
}

impl World {
    pub(crate) fn random(rng: &mut StdRng, ground: &Rc<RefCell<Ground>>) -> Self {
        let settings = random_settings(rng);
        let input = rng.random_range(8..60);
        let mut world = Self::new(0, Lineage::fresh(1), settings, input, ground);
        world.ground_mut().begin_first(world.sinks.len());
        if rng.random_bool(0.3) {
            world.begin_with_a_savepoint(rng);
        }
        world
    }

    pub(crate) fn new(
        job: usize,
        lineage: Lineage,
        settings: JobSettings,
        input: u32,
        ground: &Rc<RefCell<Ground>>,
    ) -> Self {
        let sources = |info: &&TaskInfo| info.is_source;
        let mut sinks: Vec<TaskId> = settings
            .tasks
            .iter()
            .filter(|info| !sources(info))
            .map(|info| info.task)
            .collect();
        if sinks.is_empty() {
            sinks = settings.tasks.iter().map(|info| info.task).collect();
        }
        Self {
            job,
            kin: Kin::new(id_of(job), 0, &lineage, []),
            lineage,
            began_at: None,
            ground: Rc::clone(ground),
            input,
            sinks,
            settings,
            checkpoints: BTreeMap::new(),
            savepoints: BTreeMap::new(),
            reported: BTreeSet::new(),
            foreign: None,
            away: Away::default(),
            stop: None,
            recorded: None,
            highest_number: 0,
            requested: BTreeSet::new(),
            ended: BTreeSet::new(),
            unprotected: false,
            ended_as: None,
            end_note: None,
            abandoned: false,
            changed: false,
            marks: Marks::default(),
        }
    }

    pub(crate) fn ground(&self) -> Ref<'_, Ground> {
        self.ground.borrow()
    }

    pub(crate) fn ground_mut(&self) -> RefMut<'_, Ground> {
        self.ground.borrow_mut()
    }

    /// Another job has read a few records; its output waits in its savepoint to be committed.
    fn begin_with_a_savepoint(&mut self, rng: &mut StdRng) {
        let position = rng.random_range(0..5);
        let sinks = 0..self.sinks.len();
        let author = Kin::new(id_of(STRANGER), 1, &Lineage::fresh(0), []).author;
        let mut ground = self.ground_mut();
        let outputs = sinks
            .map(|sink| ground.prepare(0, author, 7, (sink, first(position))))
            .collect();
        drop(ground);
        self.lineage = Lineage::fresh(0).behind(id_of(STRANGER), 7, 1);
        let modes = [ClaimMode::NoClaim, ClaimMode::Claim, ClaimMode::Legacy];
        self.foreign = Some(Foreign {
            number: 7,
            claim: modes[rng.random_range(0..3)],
            stored: Stored {
                run: 1,
                last: false,
                position,
                outputs,
                noted: Flag::default(),
                damaged: Flag::default(),
            },
            of: None,
        });
        self.highest_number = 7;
    }

    /// Between two processes: a machine may have started anew, with other mounts and a disk that has seen better days.
    pub(crate) fn pass_a_night(&mut self, rng: &mut StdRng) {
        if rng.random_bool(0.5) {
            self.mount(rng);
        }
        if rng.random_bool(0.1) {
            self.damage(rng);
        }
    }

    /// Places go away and come back.
    pub(crate) fn mount(&mut self, rng: &mut StdRng) {
        self.away = Away {
            checkpoints: rng.random_bool(0.3),
            savepoints: rng.random_bool(0.3),
        };
    }

    /// A disk loses part of a file of the newest snapshot, now and then.
    pub(crate) fn damage(&mut self, rng: &mut StdRng) {
        if !rng.random_bool(0.3) {
            return;
        }
        let newest = match rng.random_range(0..2) {
            0 => self.checkpoints.values_mut().next_back(),
            _ => self.savepoints.values_mut().next_back(),
        };
        if let Some(stored) = newest {
            stored.damaged.set();
        }
    }

    /// An attempt begins, with a number that is above all before and noted durably, from this snapshot.
    pub(crate) fn begin_run(&mut self, restore: Option<&SnapshotRef>) {
        let writer = restore.map(|restore| match place(&restore.path) {
            ("f", _) => {
                self.lineage
                    .ancestors
                    .last()
                    .expect("it comes from there")
                    .job
            }
            _ => id_of(self.job),
        });
        self.set_run(self.kin.author.run + 1, writer);
    }

    /// `writer`: the job whose snapshot is gone on from.
    pub(crate) fn set_run(&mut self, run: u64, writer: Option<JobId>) {
        self.kin = Kin::new(id_of(self.job), run, &self.lineage, writer);
    }

    /// Output of the present attempt is made durable for a boundary.
    pub(crate) fn prepare(
        &mut self,
        sink: usize,
        records: u64,
        boundary: CheckpointId,
    ) -> OutputId {
        let author = self.kin.author;
        self.ground_mut()
            .prepare(self.job, author, boundary, (sink, records))
    }

    /// Commits output, once. Output that was removed would be lost data.
    pub(crate) fn commit(&mut self, id: OutputId) {
        let others = self.ground_mut().commit(id, self.job);
        if others {
            self.marks
                .hit("branch: its output was committed by the other one");
        }
    }

    /// The beginning of an attempt: what the snapshot does not tell to commit is left over, and removed as far as it is ours.
    pub(crate) fn remove_leftovers(&mut self, keep: &[OutputId]) {
        let removed = self.ground_mut().remove_leftovers(&self.kin, keep);
        for author in removed {
            if author.job == id_of(self.job) {
                continue;
            }
            let last = self.lineage.ancestors.last();
            let last =
                last.expect("nobody removes what is of another one that he does not come from");
            assert!(last.owned, "a fork touches the other branch");
            self.marks.hit(if author.job == last.job {
                "branch: what the one before had left behind is removed"
            } else {
                "branch: what another one behind it had left behind is removed"
            });
        }
    }

    /// The number of the newest snapshot that is in place and that the job must not go back behind.
    pub(crate) fn newest(&self) -> Option<CheckpointId> {
        let stop = self.stop.as_ref();
        let earlier = stop.and_then(|stop| stop.earlier);
        let stop = stop.filter(|stop| stop.written);
        let own = self.checkpoints.keys().next_back().copied();
        own.max(stop.map(|stop| stop.checkpoint))
            .max(earlier)
            .or_else(|| self.foreign.as_ref().map(|foreign| foreign.number))
    }

    /// The snapshot in a directory.
    pub(crate) fn at(&self, path: &str) -> Option<&Stored> {
        match place(path) {
            ("c", number) => self.checkpoints.get(&number),
            ("s", number) => self.savepoints.get(&number),
            _ => self.foreign.as_ref().map(|foreign| &foreign.stored),
        }
    }

    /// Whether what is in a directory can't be reached.
    pub(crate) fn is_away(&self, path: &str) -> bool {
        if path.starts_with("/c/") {
            self.away.checkpoints
        } else {
            self.away.savepoints
        }
    }

    /// Whatever a new process finds after a crash at this very moment, with any of the places away: nothing would be
    /// missing and nothing would be doubled.
    pub(crate) fn check(&self) {
        self.check_reported();
        if self.unprotected || self.ended_as.is_some() || self.abandoned {
            return;
        }
        for (checkpoints, savepoints) in [(false, false), (false, true), (true, false)] {
            let facts = self.facts_with(Away {
                checkpoints,
                savepoints,
            });
            match decide(&facts) {
                Decision::Fresh => self.assert_covered(&[], 0, "nothing"),
                Decision::GoOn(snapshot) => {
                    let stored = self.at(&snapshot.path);
                    let stored =
                        stored.unwrap_or_else(|| panic!("{snapshot} is gone on from but gone"));
                    self.assert_covered(&stored.outputs, stored.position, &snapshot.path);
                }
                Decision::Wait { why } => {
                    assert!(checkpoints || savepoints, "all is there, but: {why}");
                }
                Decision::Refused { why, .. } => {
                    assert!(self.any_damage(), "nothing is damaged, but: {why}");
                }
            }
        }
    }

    /// A savepoint that somebody was told of can be restored for ever, whatever became of its job.
    fn check_reported(&self) {
        let ground = self.ground();
        let savepoints = self.reported.iter().map(|number| &self.savepoints[number]);
        for id in savepoints.flat_map(|savepoint| &savepoint.outputs) {
            let state = ground.outputs[*id].state;
            assert_ne!(state, OutputState::Removed, "a savepoint's output");
        }
    }

    pub(crate) fn any_damage(&self) -> bool {
        let foreign = self.foreign.iter().map(|foreign| &foreign.stored);
        let own = self.checkpoints.values().chain(self.savepoints.values());
        own.chain(foreign).any(|stored| stored.damaged.is_set())
    }

    /// With this output committed, exactly the records before `position` are, but for lost ones, of which users are told.
    pub(crate) fn assert_covered(&self, outputs: &[OutputId], position: u32, from: &str) {
        let ground = self.ground();
        let mut covered = ground.committed[self.job].clone();
        for id in outputs {
            let output = &ground.outputs[*id];
            match output.state {
                OutputState::Committed | OutputState::Lost => {}
                OutputState::Prepared => {
                    assert_eq!(covered[output.sink] & output.records, 0, "would be doubled");
                    covered[output.sink] |= output.records;
                }
                OutputState::Removed => panic!("output of {from} was removed"),
            }
        }
        for (sink, records) in covered.iter().enumerate() {
            let lost = ground.lost(self.job, sink);
            assert_eq!(
                *records | lost,
                first(position) | lost,
                "sink {sink} of job {} would lose or double records from {from}",
                self.job
            );
        }
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.ground_mut().trace {
            trace.push_str(&format!("job {} ", self.job));
            trace.push_str(&line());
            trace.push('\n');
        }
    }
}

/// The place and the number of a path: `/c/5`, `/s/5` or `/f/7`.
pub(crate) fn place(path: &str) -> (&str, CheckpointId) {
    let mut parts = path.trim_start_matches('/').split('/');
    let place = parts.next().expect("a place");
    let number = parts.next().expect("a number");
    (place, number.parse().expect("a number"))
}
