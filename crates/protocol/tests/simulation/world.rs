//! What survives a crash: snapshots, notes, output, and the truth about every record.

use std::collections::{BTreeMap, BTreeSet};

use millstream_core::{CheckpointId, JobStatus, TriggerId};
use millstream_protocol::{ClaimMode, Decision, JobSettings, TaskId, TaskInfo, decide};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::marks::Marks;
use crate::settings::random_settings;

/// Output that a sink has made durable; an index into [`World::outputs`].
pub(crate) type OutputId = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputState {
    Prepared,
    Committed,
    /// Somebody deleted it before it was committed.
    Lost,
    Removed,
}

/// Records of one sink, one bit each.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) sink: usize,
    pub(crate) records: u64,
    pub(crate) state: OutputState,
}

/// A snapshot whose `_metadata` is in place.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    /// So many records were read before its boundary.
    pub(crate) position: u32,
    /// Output that it tells to commit.
    pub(crate) outputs: Vec<OutputId>,
    /// It is noted beside it that all of that is committed.
    pub(crate) noted: bool,
    /// A file of it was damaged.
    pub(crate) damaged: bool,
}

/// The snapshot of another job that this one was started from.
#[derive(Debug, Clone)]
pub(crate) struct Foreign {
    pub(crate) number: CheckpointId,
    pub(crate) claim: ClaimMode,
    pub(crate) stored: Stored,
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
    pub(crate) settings: JobSettings,
    /// Records in the input; fewer than 64.
    pub(crate) input: u32,
    pub(crate) sinks: Vec<TaskId>,
    pub(crate) outputs: Vec<Output>,
    /// What each sink has committed, one bit a record.
    pub(crate) committed: Vec<u64>,
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
    pub(crate) marks: Marks,
    /// Every event and action, where somebody wants to see them.
    pub(crate) trace: Option<String>,
}

/// The bits of the first `count` records.
pub(crate) fn first(count: u32) -> u64 {
    (1 << count) - 1
}

impl World {
    pub(crate) fn random(rng: &mut StdRng, trace: bool) -> Self {
        let settings = random_settings(rng);
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
        let mut world = Self {
            input: rng.random_range(8..60),
            committed: vec![0; sinks.len()],
            sinks,
            settings,
            outputs: Vec::new(),
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
            marks: Marks::default(),
            trace: trace.then(String::new),
        };
        if rng.random_bool(0.3) {
            world.begin_with_a_savepoint(rng);
        }
        world
    }

    /// Another job has read a few records; its output waits in its savepoint to be committed.
    fn begin_with_a_savepoint(&mut self, rng: &mut StdRng) {
        let position = rng.random_range(0..5);
        let sinks = 0..self.sinks.len();
        let outputs = sinks
            .map(|sink| self.prepare(sink, first(position)))
            .collect();
        let modes = [ClaimMode::NoClaim, ClaimMode::Claim, ClaimMode::Legacy];
        self.foreign = Some(Foreign {
            number: 7,
            claim: modes[rng.random_range(0..3)],
            stored: Stored {
                position,
                outputs,
                noted: false,
                damaged: false,
            },
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
            stored.damaged = true;
        }
    }

    pub(crate) fn prepare(&mut self, sink: usize, records: u64) -> OutputId {
        self.outputs.push(Output {
            sink,
            records,
            state: OutputState::Prepared,
        });
        self.outputs.len() - 1
    }

    /// Commits output, once. Output that was removed would be lost data.
    pub(crate) fn commit(&mut self, id: OutputId) {
        let output = &mut self.outputs[id];
        if matches!(output.state, OutputState::Committed | OutputState::Lost) {
            return;
        }
        assert_eq!(
            output.state,
            OutputState::Prepared,
            "prepared output is removed: {output:?}"
        );
        let committed = &mut self.committed[output.sink];
        assert_eq!(
            *committed & output.records,
            0,
            "records are committed twice: {output:?}"
        );
        *committed |= output.records;
        output.state = OutputState::Committed;
    }

    /// The beginning of an attempt: what the snapshot does not tell to commit is left over and removed.
    pub(crate) fn remove_leftovers(&mut self, keep: &[OutputId]) {
        for (id, output) in self.outputs.iter_mut().enumerate() {
            if output.state == OutputState::Prepared && !keep.contains(&id) {
                output.state = OutputState::Removed;
            }
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

    pub(crate) fn at_mut(&mut self, path: &str) -> Option<&mut Stored> {
        match place(path) {
            ("c", number) => self.checkpoints.get_mut(&number),
            ("s", number) => self.savepoints.get_mut(&number),
            _ => self.foreign.as_mut().map(|foreign| &mut foreign.stored),
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
        for id in self
            .reported
            .iter()
            .flat_map(|n| &self.savepoints[n].outputs)
        {
            let state = self.outputs[*id].state;
            assert_ne!(state, OutputState::Removed, "a savepoint's output");
        }
        if self.unprotected || self.ended_as.is_some() {
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

    pub(crate) fn any_damage(&self) -> bool {
        let foreign = self.foreign.iter().map(|foreign| &foreign.stored);
        let own = self.checkpoints.values().chain(self.savepoints.values());
        own.chain(foreign).any(|stored| stored.damaged)
    }

    /// With this output committed, exactly the records before `position` are, but for lost ones, of which users are told.
    pub(crate) fn assert_covered(&self, outputs: &[OutputId], position: u32, from: &str) {
        let mut covered = self.committed.clone();
        for id in outputs {
            let output = &self.outputs[*id];
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
            let lost = self.lost(sink);
            assert_eq!(
                *records | lost,
                first(position) | lost,
                "sink {sink} would lose or double records from {from}"
            );
        }
    }

    /// The records that were lost with output that somebody deleted.
    pub(crate) fn lost(&self, sink: usize) -> u64 {
        let lost = self.outputs.iter();
        lost.filter(|output| output.sink == sink && output.state == OutputState::Lost)
            .fold(0, |records, output| records | output.records)
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
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
