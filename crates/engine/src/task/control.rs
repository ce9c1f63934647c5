//! What the tasks of one worker share: the coordinator's commands, the failure, and the clock of
//! ticks.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use millstream_core::{CheckpointId, Error};
use timely::scheduling::Activator;

use crate::connector::Waker;
use crate::messages::{TaskKey, Trigger};
use crate::time::{Time, epoch};

/// The wakers of the source vertices of every worker of the process.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceWakers {
    wakers: Arc<Mutex<Vec<Waker>>>,
}

impl SourceWakers {
    /// A worker has a source vertex.
    pub(crate) fn add(&self, waker: Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.push(waker);
    }

    /// Has every source of the process look at the clock.
    pub(crate) fn wake(&self) {
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.iter().for_each(Waker::wake);
    }
}

/// What enumerators have found and readers have not taken: the thread of enumerators asks for no more than this holds.
#[derive(Debug, Clone)]
pub(crate) struct Deliveries {
    outstanding: Arc<AtomicUsize>,
    bell: Sender<()>,
}

/// Announcements, each counted once for every reader, that may wait to be taken.
const OUTSTANDING: usize = 256;

impl Deliveries {
    /// None yet, and where the bell is heard.
    pub(crate) fn new() -> (Self, Receiver<()>) {
        let (bell, heard) = crossbeam_channel::bounded(1);
        let outstanding = Arc::default();
        (Self { outstanding, bell }, heard)
    }

    /// Has the thread of enumerators look around.
    pub(crate) fn ring(&self) {
        // A full channel means that it will anyway; a closed one that it has ended.
        let _rung_already = self.bell.try_send(());
    }

    /// Whether another announcement may be made.
    pub(crate) fn has_room(&self) -> bool {
        self.outstanding.load(Ordering::Acquire) < OUTSTANDING
    }

    /// So many readers will take an announcement.
    pub(crate) fn expect(&self, readers: usize) {
        self.outstanding.fetch_add(readers, Ordering::AcqRel);
    }

    /// A reader has taken one.
    pub(crate) fn taken(&self) {
        if self.outstanding.fetch_sub(1, Ordering::AcqRel) == OUTSTANDING {
            self.ring();
        }
    }
}

/// What was found for the readers of one source on this worker.
#[derive(Debug, Default)]
struct Found {
    /// Announcements that a reader has not taken, each with the newest boundary that was told of before it.
    announcements: VecDeque<(CheckpointId, Arc<[u8]>)>,
    /// How many all readers have taken.
    before: usize,
    /// How many each has taken, by its place.
    seen: BTreeMap<usize, usize>,
}

/// The latest time that any source of the process has come to. Sources without records follow it, so
/// that none of them holds the others up.
#[derive(Debug, Clone, Default)]
pub(crate) struct TickClock {
    latest: Arc<AtomicU64>,
}

impl TickClock {
    /// A source has come to `time`.
    pub(crate) fn reached(&self, time: Time) {
        self.latest.fetch_max(time, Ordering::Relaxed);
    }

    /// The time that a source at `time` should come to: at least its own, never another epoch.
    pub(crate) fn follow(&self, time: Time) -> Time {
        let latest = self.latest.load(Ordering::Relaxed);
        if epoch(latest) == epoch(time) {
            latest.max(time)
        } else {
            time
        }
    }
}

/// The state that the tasks of a worker share with its loop.
#[derive(Default)]
pub(crate) struct Control {
    /// Boundaries that a task of this worker has not passed yet, in order.
    triggers: VecDeque<Trigger>,
    /// The newest boundary that was told of.
    told: CheckpointId,
    /// What enumerators have found, by the vertex of the source.
    found: BTreeMap<usize, Found>,
    /// Whether sources are to end, with everything committed.
    pub(crate) finish: bool,
    /// The newest boundary behind which sources are not to wait any more.
    pub(crate) resumed: Option<CheckpointId>,
    /// Snapshots that have ended and a task of this worker may not know of, in order, each with whether it is complete.
    ended: VecDeque<(CheckpointId, bool)>,
    /// How many snapshots have ended that are not in `ended` any more.
    ended_before: usize,
    /// How many ends of snapshots each local task has seen, by its place in `tasks`.
    seen: Vec<usize>,
    /// The first failure on this worker; tasks do nothing any more.
    pub(crate) failure: Option<(TaskKey, Error)>,
    /// The task that runs right now, for the blame of a panic.
    pub(crate) current: Cell<Option<TaskKey>>,
    /// Whether a source waits for the sinks to catch up.
    pub(crate) waits_for_sinks: bool,
    /// Activators of all tasks, to be used after a command.
    pub(crate) tasks: Vec<Activator>,
    /// The epoch of each local task, by its place in `tasks`.
    epochs: Vec<CheckpointId>,
}

impl Control {
    /// Registers a task; answers its place.
    pub(crate) fn register(&mut self, activator: Activator, epoch: CheckpointId) -> usize {
        self.tasks.push(activator);
        self.epochs.push(epoch);
        self.seen.push(0);
        self.epochs.len() - 1
    }

    /// A snapshot has ended.
    pub(crate) fn ended(&mut self, checkpoint: CheckpointId, completed: bool) {
        if !self.seen.is_empty() {
            self.ended.push_back((checkpoint, completed));
        }
    }

    /// The next end of a snapshot that the task at `place` has not seen, once it has passed its boundary or was never told
    /// of it.
    pub(crate) fn next_ended(&mut self, place: usize) -> Option<(CheckpointId, bool)> {
        let seen = self.seen.get_mut(place)?;
        let epoch = *self.epochs.get(place)?;
        let next = *self.ended.get(*seen - self.ended_before)?;
        let is_ahead = |trigger: &Trigger| trigger.checkpoint() == next.0;
        if next.0 > epoch && self.triggers.iter().any(is_ahead) {
            return None;
        }
        *seen += 1;
        let all = self.seen.iter().copied().min().unwrap_or_default();
        while self.ended_before < all && self.ended.pop_front().is_some() {
            self.ended_before += 1;
        }
        Some(next)
    }

    /// A task has passed the boundary to `epoch`: forgets boundaries that all have passed.
    pub(crate) fn passed(&mut self, place: usize, epoch: CheckpointId) {
        if let Some(known) = self.epochs.get_mut(place) {
            *known = epoch;
        }
        let all = self.epochs.iter().copied().min().unwrap_or(epoch);
        while self
            .triggers
            .front()
            .is_some_and(|trigger| trigger.checkpoint() <= all)
        {
            self.triggers.pop_front();
        }
    }

    /// Learns of a boundary.
    pub(crate) fn trigger(&mut self, trigger: Trigger) {
        self.told = trigger.checkpoint();
        self.triggers.push_back(trigger);
    }

    /// The task at `place` has a reader of the source that `vertex` begins with.
    pub(crate) fn reads(&mut self, place: usize, vertex: usize) {
        self.found.entry(vertex).or_default().seen.insert(place, 0);
    }

    /// The enumerator of the source that `vertex` begins with has found something.
    pub(crate) fn found(&mut self, vertex: usize, announcement: Arc<[u8]>) {
        // A worker whose reader could not be opened has failed; nobody takes it there.
        if let Some(found) = self.found.get_mut(&vertex) {
            found.announcements.push_back((self.told, announcement));
        }
    }

    /// The next announcement that the reader at `place` has not taken, unless it comes behind a boundary that the task
    /// has not passed.
    pub(crate) fn next_found(&mut self, place: usize, vertex: usize) -> Option<Arc<[u8]>> {
        let epoch = *self.epochs.get(place)?;
        let found = self.found.get_mut(&vertex)?;
        let seen = found.seen.get_mut(&place)?;
        let (told, announcement) = found.announcements.get(*seen - found.before)?;
        if *told > epoch {
            return None;
        }
        let announcement = announcement.clone();
        *seen += 1;
        let all = found.seen.values().copied().min().unwrap_or_default();
        while found.before < all && found.announcements.pop_front().is_some() {
            found.before += 1;
        }
        Some(announcement)
    }

    /// The first boundary behind `epoch`.
    pub(crate) fn next_trigger(&self, epoch: CheckpointId) -> Option<Trigger> {
        self.triggers
            .iter()
            .find(|trigger| trigger.checkpoint() > epoch)
            .cloned()
    }

    /// Has every task look at its commands.
    pub(crate) fn activate_all(&self) {
        for task in &self.tasks {
            task.activate();
        }
    }

    /// Keeps the first failure.
    pub(crate) fn fail(&mut self, task: TaskKey, error: Error) {
        if self.failure.is_none() {
            self.failure = Some((task, error));
        }
    }
}
