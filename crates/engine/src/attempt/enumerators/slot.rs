//! One enumerator, and when it is to be polled.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use millstream_core::{CheckpointId, Error, Result};

use crate::attempt::{Shared, panicked};
use crate::connector::{
    Enumerated, Enumerator, EnumeratorContext, Remaining, SnapshotRequest, SourceProgress,
    SourceSnapshot, Waker,
};
use crate::graph::NodeKind;

/// An enumerator that is held up is polled again after this time.
const HELD_UP: Duration = Duration::from_secs(1);
/// An enumerator that waits for its waker is due never.
const NEVER: Duration = Duration::MAX;

/// One enumerator.
pub(super) struct Slot {
    /// The vertex whose source it looks for splits of.
    pub(super) vertex: usize,
    /// The source, as people know it.
    title: String,
    enumerator: Box<dyn Enumerator>,
    woken: Arc<AtomicBool>,
    /// When it is to be polled unless it is woken before; `None`: when it is woken.
    due: Option<Instant>,
    ended: bool,
    /// What was said last to hold it up. A reader shows in the same place what holds that one up.
    said: Option<String>,
    progress: SourceProgress,
}

/// What a look at an enumerator came to.
pub(super) enum Step {
    /// Something to tell the readers.
    Found(Arc<[u8]>),
    /// Nothing for this long, unless it is woken.
    Wait(Duration),
}

/// Opens the enumerators of all sources that have one.
///
/// # Errors
/// The first that can't be opened, with the vertex of its source.
pub(super) fn open_all(shared: &Arc<Shared>) -> Result<Vec<Slot>, (usize, Error)> {
    let mut slots = Vec::new();
    let vertices = &shared.spec.plan.vertices;
    for vertex in
        (0..vertices.len()).filter(|vertex| vertices.get(*vertex).is_some_and(|v| v.is_source))
    {
        let opened = guarded(|| open(shared, vertex)).map_err(|error| (vertex, error))?;
        slots.extend(opened);
    }
    Ok(slots)
}

fn open(shared: &Arc<Shared>, number: usize) -> Result<Option<Slot>> {
    let spec = &shared.spec;
    let Some(vertex) = spec.plan.vertices.get(number) else {
        return Ok(None);
    };
    let head = vertex.chain.first().copied().unwrap_or_default();
    let (Some(node), Some(uid)) = (spec.graph.nodes.get(head), spec.plan.uids.get(head)) else {
        return Ok(None);
    };
    let NodeKind::Source(factory) = &node.kind else {
        return Ok(None);
    };
    let metrics = spec.metrics.get(number).and_then(|all| all.first());
    let progress = metrics.map(|metrics| metrics.source.clone());
    let progress = progress.unwrap_or_default();
    let woken = Arc::new(AtomicBool::new(true));
    let (flag, deliveries) = (woken.clone(), shared.deliveries.clone());
    let waker = Waker::new(move || {
        flag.store(true, Ordering::Release);
        deliveries.ring();
    });
    let enumerator = factory.enumerator(EnumeratorContext {
        job: spec.job,
        uid: uid.clone(),
        parallelism: vertex.parallelism,
        lineage: spec.lineage.clone(),
        run: spec.run,
        restored: shared.restored_sources.of_enumerator(number),
        waker,
        directory: spec.directory.clone(),
        behind: spec.behind.before.clone(),
        branches: spec.behind.all.clone(),
        rivals: spec.behind.rivals.clone(),
        progress: progress.clone(),
    })?;
    Ok(enumerator.map(|enumerator| Slot {
        vertex: number,
        title: node.title(),
        enumerator,
        woken,
        due: None,
        ended: false,
        said: None,
        progress,
    }))
}

impl Slot {
    /// Polls the enumerator if it is due.
    pub(super) fn poll(&mut self, now: Instant) -> Result<Step> {
        if self.ended {
            return Ok(Step::Wait(NEVER));
        }
        let is_due = self.due.is_some_and(|due| due <= now);
        if !self.woken.swap(false, Ordering::AcqRel) && !is_due {
            let wait = self.due.map_or(NEVER, |due| due.duration_since(now));
            return Ok(Step::Wait(wait));
        }
        self.due = None;
        let enumerated = guarded(|| self.enumerator.poll())?;
        self.show(match &enumerated {
            Enumerated::HeldUp(why) => Some(why),
            Enumerated::Found(_) | Enumerated::Pending(_) | Enumerated::Ended => None,
        });
        let wait = match enumerated {
            Enumerated::Found(announcement) => {
                // There may be more.
                self.woken.store(true, Ordering::Release);
                return Ok(Step::Found(announcement));
            }
            Enumerated::Pending(wait) => wait,
            Enumerated::HeldUp(_) => Some(HELD_UP),
            Enumerated::Ended => {
                self.ended = true;
                None
            }
        };
        self.due = wait.and_then(|wait| now.checked_add(wait));
        Ok(Step::Wait(wait.unwrap_or(NEVER)))
    }

    /// Shows what holds the source up, and says it once.
    fn show(&mut self, held_up: Option<&String>) {
        let shown = &self.progress.held_up;
        if self.said.as_ref() == held_up {
            // A reader that showed something in its place has taken that back since.
            if held_up.is_some() && shown.get().is_none() {
                shown.set(held_up.cloned());
            }
            return;
        }
        match held_up {
            Some(why) => {
                tracing::warn!("{} is held up: {why}", self.title);
                shown.set(Some(why.clone()));
            }
            None => {
                tracing::info!("{} goes on.", self.title);
                if shown.get() == self.said {
                    shown.set(None);
                }
            }
        }
        self.said = held_up.cloned();
    }

    /// Whether it has something left to do on the outside. One that panics has not.
    pub(super) fn remains(&mut self) -> bool {
        let remaining = guarded(|| Ok(self.enumerator.remaining()));
        let remaining = remaining.unwrap_or_else(|error| {
            tracing::warn!("{} is not tidied up: {error}", self.title);
            Remaining::Nothing
        });
        self.show(match &remaining {
            Remaining::HeldUp(why) => Some(why),
            Remaining::Nothing | Remaining::UnderWay => None,
        });
        remaining != Remaining::Nothing
    }

    /// What the enumerator knows.
    pub(super) fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot> {
        guarded(|| self.enumerator.snapshot(request))
    }

    /// A snapshot has ended.
    pub(super) fn checkpoint_ended(
        &mut self,
        checkpoint: CheckpointId,
        completed: bool,
    ) -> Result<()> {
        guarded(|| self.enumerator.checkpoint_ended(checkpoint, completed))
    }
}

/// Does work of a connector, whose panic is an error.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

#[cfg(test)]
mod tests;
