//! What survives a crash: snapshots, output, and the truth about every record.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use millstream_core::{CheckpointId, Configuration, TriggerId};
use millstream_protocol::{
    ClaimMode, Facts, JobSettings, Offer, RestoredFrom, SnapshotRef, TaskId, TaskInfo,
    UnfinishedStop,
};
use rand::RngExt;
use rand::rngs::StdRng;

/// Output that a sink has made durable; an index into [`World::outputs`].
pub(crate) type OutputId = usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OutputState {
    Prepared,
    Committed,
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
    pub(crate) savepoint: bool,
    /// Whether the job may go back to it: its checkpoints, and the savepoint of a stop.
    pub(crate) offered: bool,
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
    pub(crate) stored: BTreeMap<CheckpointId, Stored>,
    pub(crate) restored_from: Option<(CheckpointId, ClaimMode)>,
    pub(crate) highest_number: CheckpointId,
    /// The stop whose savepoint this is, while it has not ended.
    pub(crate) stop_of: BTreeMap<CheckpointId, TriggerId>,
    pub(crate) requested: BTreeSet<TriggerId>,
    pub(crate) ended: BTreeSet<TriggerId>,
    /// The last epoch of a job without checkpoints is being committed: nothing of it survives a crash.
    pub(crate) unprotected: bool,
    pub(crate) trace: bool,
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
            stored: BTreeMap::new(),
            restored_from: None,
            highest_number: 0,
            stop_of: BTreeMap::new(),
            requested: BTreeSet::new(),
            ended: BTreeSet::new(),
            unprotected: false,
            trace,
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
        let stored = Stored {
            position,
            outputs,
            savepoint: true,
            offered: false,
        };
        self.stored.insert(7, stored);
        let modes = [ClaimMode::NoClaim, ClaimMode::Claim, ClaimMode::Legacy];
        self.restored_from = Some((7, modes[rng.random_range(0..3)]));
        self.highest_number = 7;
    }

    pub(crate) fn prepare(&mut self, sink: usize, records: u64) -> OutputId {
        self.outputs.push(Output {
            sink,
            records,
            state: OutputState::Prepared,
        });
        self.outputs.len() - 1
    }

    /// Commits output, once. Output that is gone would be lost data.
    pub(crate) fn commit(&mut self, id: OutputId) {
        let output = &mut self.outputs[id];
        if output.state == OutputState::Committed {
            return;
        }
        assert_eq!(
            output.state,
            OutputState::Prepared,
            "prepared output is lost: {output:?}"
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

    /// The snapshot that a start has to go on from.
    pub(crate) fn newest(&self) -> Option<CheckpointId> {
        let own = self.stored.iter().rev().find(|(_, stored)| stored.offered);
        own.map(|(number, _)| *number)
            .or_else(|| self.restored_from.map(|(number, _)| number))
    }

    pub(crate) fn snapshot(&self, number: CheckpointId) -> SnapshotRef {
        let savepoint = self
            .stored
            .get(&number)
            .is_some_and(|stored| stored.savepoint);
        SnapshotRef {
            checkpoint: number,
            path: format!("/{number}"),
            savepoint,
        }
    }

    /// After a crash at this very moment nothing would be missing and nothing would be doubled.
    pub(crate) fn check(&self) {
        if self.unprotected {
            return;
        }
        let newest = self.newest().map(|number| {
            self.stored
                .get(&number)
                .unwrap_or_else(|| panic!("snapshot {number} is gone"))
        });
        let position = newest.map_or(0, |stored| stored.position);
        let mut covered = self.committed.clone();
        for id in newest.into_iter().flat_map(|stored| &stored.outputs) {
            let output = &self.outputs[*id];
            match output.state {
                OutputState::Committed => {}
                OutputState::Prepared => {
                    assert_eq!(covered[output.sink] & output.records, 0, "would be doubled");
                    covered[output.sink] |= output.records;
                }
                OutputState::Removed => panic!("output of the newest snapshot was removed"),
            }
        }
        for (sink, records) in covered.iter().enumerate() {
            assert_eq!(
                *records,
                first(position),
                "sink {sink} would lose or double records from snapshot {:?}",
                self.newest()
            );
        }
    }

    /// What a new process finds.
    pub(crate) fn facts(&self, rng: &mut StdRng) -> Facts {
        let offer = |number| Offer {
            snapshot: self.snapshot(number),
            damage: None,
        };
        let own: Vec<_> = self
            .stored
            .iter()
            .filter(|(_, stored)| stored.offered)
            .map(|(n, _)| *n)
            .collect();
        let newest = own.iter().max().copied();
        let stop = newest.and_then(|number| {
            let id = *self.stop_of.get(&number)?;
            Some(UnfinishedStop {
                id,
                savepoint: self.snapshot(number),
            })
        });
        let claimed = self
            .restored_from
            .filter(|(number, _)| self.stored.contains_key(number));
        Facts {
            offered: own.into_iter().map(offer).collect(),
            restored_from: claimed.map(|(number, claim)| RestoredFrom {
                offer: offer(number),
                claim,
            }),
            completed_up_to: newest.filter(|_| rng.random_bool(0.5)),
            next_checkpoint: if rng.random_bool(0.5) {
                self.highest_number + 1
            } else {
                0
            },
            unfinished_stop: stop,
        }
    }
}

fn random_settings(rng: &mut StdRng) -> JobSettings {
    let mut configuration = Configuration::new();
    let mut set = |key: &str, value: String| configuration.set(key, value);
    if rng.random_bool(0.8) {
        set(
            "execution.checkpointing.interval",
            rng.random_range(1..500).to_string(),
        );
    }
    set(
        "execution.checkpointing.timeout",
        rng.random_range(200..3_000).to_string(),
    );
    set(
        "execution.checkpointing.min-pause",
        rng.random_range(0..200).to_string(),
    );
    set(
        "execution.checkpointing.tolerable-failed-checkpoints",
        rng.random_range(0..4).to_string(),
    );
    set(
        "execution.checkpointing.num-retained",
        rng.random_range(1..4).to_string(),
    );
    let retentions = [
        "RETAIN_ON_CANCELLATION",
        "DELETE_ON_CANCELLATION",
        "NO_EXTERNALIZED_CHECKPOINTS",
    ];
    let retention = retentions[rng.random_range(0..3)].to_owned();
    set(
        "execution.checkpointing.externalized-checkpoint-retention",
        retention,
    );
    let strategies = [
        "fixed-delay",
        "fixed-delay",
        "failure-rate",
        "exponential-delay",
        "none",
    ];
    set(
        "restart-strategy.type",
        strategies[rng.random_range(0..5)].to_owned(),
    );
    set(
        "restart-strategy.fixed-delay.attempts",
        rng.random_range(1..10).to_string(),
    );
    set(
        "task.cancellation.interval",
        rng.random_range(100..1_000).to_string(),
    );
    set(
        "task.cancellation.timeout",
        rng.random_range(1_000..5_000).to_string(),
    );
    let settings = JobSettings::from_configuration(&configuration, random_tasks(rng));
    let settings = settings.expect("valid options");
    assert!(settings.checkpoints.timeout >= Duration::from_millis(200));
    settings
}

fn random_tasks(rng: &mut StdRng) -> Vec<TaskInfo> {
    let vertices = rng.random_range(1..3);
    let mut tasks = Vec::new();
    for vertex in 0..vertices {
        for subtask in 0..rng.random_range(1..3) {
            let task = TaskId { vertex, subtask };
            let name = format!("task {vertex}.{subtask}");
            tasks.push(TaskInfo {
                task,
                name,
                is_source: vertex == 0,
            });
        }
    }
    tasks
}
