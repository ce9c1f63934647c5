//! What every task does, whatever feeds it: run chunks through its chain, and carry state and output
//! across the boundary of an epoch.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

use millstream_core::{CheckpointId, EventTime, OperatorId, Result};

use super::control::Control;
use crate::chunk::Chunk;
use crate::connector::{Prepared, SourceSnapshot};
use crate::messages::{OperatorPart, SnapshotJob, SnapshotSender, TaskKey, Trigger};
use crate::metrics::TaskMetrics;
use crate::operator::{Operator, OperatorSnapshot, Port, Uncommitted};

/// The clock of the worker loops: the one place in the engine's tasks where time is read.
#[allow(clippy::disallowed_methods, reason = "the home of the tasks' clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Timers and windows that an operator fires at once.
const BUDGET: usize = 4_096;

/// One operator of a chain.
pub(crate) struct ChainOperator {
    pub(crate) uid: String,
    pub(crate) id: OperatorId,
    pub(crate) operator: Box<dyn Operator>,
    pub(crate) uncommitted: Uncommitted,
}

/// A boundary that the task stands on.
struct Boundary {
    trigger: Trigger,
    /// State of the source at the head, taken when the boundary was met.
    source: Option<Result<OperatorPart>>,
}

/// A snapshot that waits for sinks to make their output durable; records of the next epoch flow
/// meanwhile.
struct Unprepared {
    job: SnapshotJob,
    /// Operators of the chain that are not ready, by number.
    waiting: Vec<usize>,
}

/// The chain of one task and its place in the epochs.
pub(crate) struct TaskCore {
    pub(crate) key: TaskKey,
    pub(crate) chain: Vec<ChainOperator>,
    pub(crate) metrics: TaskMetrics,
    pub(crate) control: Rc<RefCell<Control>>,
    snapshots: SnapshotSender,
    place: usize,
    epoch: CheckpointId,
    boundary: Option<Boundary>,
    unprepared: Option<Unprepared>,
    blocked: bool,
    /// Whether the task was last known to wait for a slower task or sink.
    waits: bool,
    /// Snapshots that the task was in and that have not ended.
    under_way: BTreeSet<CheckpointId>,
    scratch: Vec<Chunk>,
}

impl TaskCore {
    pub(crate) fn new(
        key: TaskKey,
        chain: Vec<ChainOperator>,
        metrics: TaskMetrics,
        control: Rc<RefCell<Control>>,
        snapshots: SnapshotSender,
        (place, epoch): (usize, CheckpointId),
    ) -> Self {
        Self {
            key,
            chain,
            metrics,
            control,
            snapshots,
            place,
            epoch,
            boundary: None,
            unprepared: None,
            blocked: false,
            waits: false,
            under_way: BTreeSet::new(),
            scratch: Vec::new(),
        }
    }

    /// The epoch whose records are being processed.
    pub(crate) fn epoch(&self) -> CheckpointId {
        self.epoch
    }

    /// Whether the worker has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.control.borrow().failure.is_some()
    }

    /// Begins an activation; `false`: the worker has failed and nothing is done any more.
    pub(crate) fn begin(&self) -> bool {
        let control = self.control.borrow();
        control.current.set(Some(self.key));
        control.failure.is_none()
    }

    /// Ends an activation; a failure is kept for the worker's loop.
    pub(crate) fn end(&self, result: Result<()>) {
        let mut control = self.control.borrow_mut();
        control.current.set(None);
        if let Err(error) = result {
            control.fail(self.key, error);
        }
    }

    /// Runs a chunk through the chain; what comes out is left in `out`.
    pub(crate) fn process(&mut self, port: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        let started = now();
        self.metrics.records_in.add(chunk.len() as u64);
        out.push(chunk);
        self.through_chain(0, port, out)?;
        self.metrics.worked(started.elapsed());
        Ok(())
    }

    fn through_chain(&mut self, first: usize, port: Port, chunks: &mut Vec<Chunk>) -> Result<()> {
        let mut next = std::mem::take(&mut self.scratch);
        let mut port = port;
        for link in self.chain.iter_mut().skip(first) {
            for chunk in chunks.drain(..) {
                link.operator.process(port, chunk, &mut next)?;
            }
            std::mem::swap(chunks, &mut next);
            port = Port::First;
        }
        self.scratch = next;
        if self.chain.len() > first {
            self.blocked = self.poll_blocked()?;
        }
        Ok(())
    }

    /// Brings event time to `watermark`; what operators hand out runs through those behind them.
    pub(crate) fn watermark(&mut self, watermark: EventTime, out: &mut Vec<Chunk>) -> Result<()> {
        self.metrics.event_time(watermark);
        for number in 0..self.chain.len() {
            let mut chunks = Vec::new();
            if let Some(link) = self.chain.get_mut(number) {
                while link.operator.advance_to(watermark, BUDGET, &mut chunks)? {}
            }
            if !chunks.is_empty() {
                self.through_chain(number + 1, Port::First, &mut chunks)?;
                out.append(&mut chunks);
            }
        }
        Ok(())
    }

    fn poll_blocked(&mut self) -> Result<bool> {
        let mut blocked = false;
        for link in &mut self.chain {
            blocked |= link.operator.is_blocked()?;
        }
        Ok(blocked)
    }

    /// Whether the task can't take records: a sink is full, or the task stands on a boundary.
    pub(crate) fn is_held_up(&mut self) -> Result<bool> {
        if self.blocked {
            self.blocked = self.poll_blocked()?;
        }
        Ok(self.blocked || self.boundary.is_some())
    }

    /// The task waits for a slower task or sink, or no longer does.
    pub(crate) fn note_waits(&mut self, waits: bool) {
        if self.waits != waits {
            self.waits = waits;
            self.metrics.waits(waits, now());
        }
    }

    /// Whether a full sink has left records behind.
    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// One piece of housekeeping for each operator; whether there is more.
    pub(crate) fn maintain(&mut self) -> bool {
        let started = now();
        let mut more = false;
        for link in &mut self.chain {
            more |= link.operator.maintain();
        }
        self.metrics.worked(started.elapsed());
        more
    }

    /// Tells the operators of the next snapshot that has ended, and answers it. What is committed is not written into
    /// later snapshots.
    pub(crate) fn take_ended(&mut self) -> Result<Option<(CheckpointId, bool)>> {
        loop {
            let ended = self.control.borrow_mut().next_ended(self.place);
            let Some((checkpoint, completed)) = ended else {
                return Ok(None);
            };
            if !self.under_way.remove(&checkpoint) {
                continue;
            }
            for link in &mut self.chain {
                if completed {
                    link.uncommitted.committed(checkpoint);
                }
                link.operator.checkpoint_ended(checkpoint, completed)?;
            }
            return Ok(ended);
        }
    }

    /// The task has a reader of a source.
    pub(crate) fn reads(&self) {
        let mut control = self.control.borrow_mut();
        control.reads(self.place, self.key.vertex);
    }

    /// What the enumerator of its source has found next before the next boundary.
    pub(crate) fn next_found(&self) -> Option<std::sync::Arc<[u8]>> {
        let mut control = self.control.borrow_mut();
        control.next_found(self.place, self.key.vertex)
    }

    /// The next boundary that the coordinator has told of.
    pub(crate) fn next_trigger(&self) -> Option<Trigger> {
        self.control.borrow().next_trigger(self.epoch)
    }

    /// Whether the task stands on a boundary.
    pub(crate) fn on_boundary(&self) -> bool {
        self.boundary.is_some()
    }

    /// Steps on the boundary: everything before it has been processed. `source` is the state of the
    /// source at the head, if there is one.
    pub(crate) fn meet_boundary(&mut self, trigger: Trigger, source: Option<Result<OperatorPart>>) {
        self.boundary = Some(Boundary { trigger, source });
    }

    /// Tries to get across the boundary; the trigger, once the task has crossed it. What holds it up
    /// are a full sink, and output of the boundary before that is not durable yet.
    pub(crate) fn cross_boundary(&mut self) -> Result<Option<Trigger>> {
        self.poll_prepared()?;
        self.blocked = self.poll_blocked()?;
        if self.blocked || self.unprepared.is_some() {
            return Ok(None);
        }
        let Some(boundary) = self.boundary.take() else {
            return Ok(None);
        };
        let started = now();
        self.metrics.take_longest_pause();
        let job = self.snapshot(boundary.trigger.clone(), boundary.source, started);
        let waiting = (0..self.chain.len()).collect();
        self.unprepared = Some(Unprepared { job, waiting });
        self.poll_prepared()?;
        self.metrics.worked(started.elapsed());
        self.epoch = boundary.trigger.checkpoint();
        self.under_way.insert(self.epoch);
        self.control.borrow_mut().passed(self.place, self.epoch);
        Ok(Some(boundary.trigger))
    }

    /// Freezes the state of every operator.
    fn snapshot(
        &mut self,
        trigger: Trigger,
        source: Option<Result<OperatorPart>>,
        started: Instant,
    ) -> SnapshotJob {
        let mut operators = Vec::with_capacity(self.chain.len() + 1);
        let mut declined = None;
        match source {
            Some(Ok(part)) => operators.push(part),
            Some(Err(error)) => declined = Some(error),
            None => {}
        }
        for link in &mut self.chain {
            let snapshot = link
                .operator
                .snapshot(&trigger.request)
                .unwrap_or_else(|error| {
                    declined = Some(error);
                    OperatorSnapshot::default()
                });
            operators.push(OperatorPart {
                uid: link.uid.clone(),
                id: link.id,
                states: snapshot.states,
                entries: snapshot.entries,
                enumerator: Vec::new(),
                prepared: Vec::new(),
            });
        }
        let frozen = now();
        SnapshotJob {
            checkpoint: trigger.checkpoint(),
            task: self.key,
            target: trigger.target,
            operators,
            declined,
            metrics: self.metrics.clone(),
            start_delay: started.saturating_duration_since(trigger.asked),
            freeze: frozen.duration_since(started),
            frozen,
        }
    }

    /// Asks the sinks for their durable output; once all of it is there, has the snapshot written and
    /// acknowledged in the background.
    pub(crate) fn poll_prepared(&mut self) -> Result<()> {
        let Some(mut unprepared) = self.unprepared.take() else {
            return Ok(());
        };
        let checkpoint = unprepared.job.checkpoint;
        let mut waiting = Vec::new();
        for number in unprepared.waiting {
            let Some(link) = self.chain.get_mut(number) else {
                continue;
            };
            match link.operator.prepare(checkpoint)? {
                Prepared::Pending => waiting.push(number),
                Prepared::Ready(committables) => link.uncommitted.add(checkpoint, committables),
            }
        }
        unprepared.waiting = waiting;
        if !unprepared.waiting.is_empty() {
            self.unprepared = Some(unprepared);
            return Ok(());
        }
        for link in &self.chain {
            let part = unprepared
                .job
                .operators
                .iter_mut()
                .find(|part| part.id == link.id);
            if let Some(part) = part {
                part.prepared = link.uncommitted.all();
            }
        }
        self.snapshots.submit(unprepared.job);
        Ok(())
    }
}

/// The part of a snapshot that a source's positions make up, and what its enumerator knew.
pub(crate) fn source_part(
    uid: &str,
    id: OperatorId,
    reader: SourceSnapshot,
    enumerator: SourceSnapshot,
) -> OperatorPart {
    let mut states = reader.states;
    states.extend(enumerator.states);
    OperatorPart {
        uid: uid.to_owned(),
        id,
        states,
        entries: reader.entries,
        enumerator: enumerator.entries,
        prepared: Vec::new(),
    }
}
