//! What every task does, whatever feeds it: run chunks through its chain, bring event time to it, and carry state and
//! output across the boundary of an epoch.

mod boundary;
mod event_time;
mod tally;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Instant;

use millstream_core::{CheckpointId, EventTime, Numbers, OperatorId, Result};

use self::tally::Tally;
use super::control::Control;
use crate::chunk::Chunk;
use crate::messages::{SnapshotSender, TaskKey, Trigger};
use crate::metrics::TaskMetrics;
use crate::operator::{Operator, Polled, Port, Uncommitted};
use crate::weigher::Weigher;
use boundary::{Boundary, Unprepared};

pub(crate) use boundary::source_part;

/// The clock of the worker loops: the one place in the engine's tasks where time is read.
#[allow(clippy::disallowed_methods, reason = "the home of the tasks' clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What one call of an operator is to hand out at most, in bytes, where it multiplies what it is given.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

fn records_of(chunks: &[Chunk]) -> u64 {
    chunks.iter().map(|chunk| chunk.len() as u64).sum()
}

/// One operator of a chain.
pub(crate) struct ChainOperator {
    pub(crate) uid: String,
    pub(crate) id: OperatorId,
    pub(crate) operator: Box<dyn Operator>,
    pub(crate) uncommitted: Uncommitted,
    /// Whether the operator makes watermarks for those behind it.
    pub(crate) generates: bool,
    /// The event time that the operator has been brought to.
    pub(crate) reached: EventTime,
    /// The event time that it has made.
    pub(crate) made: EventTime,
    /// How large what it hands out is.
    pub(crate) weigher: Weigher,
    tally: Tally,
}

impl ChainOperator {
    /// An operator before its first record.
    pub(crate) fn new(
        uid: String,
        id: OperatorId,
        operator: Box<dyn Operator>,
        generates: bool,
    ) -> Self {
        Self {
            uid,
            id,
            operator,
            uncommitted: Uncommitted::default(),
            generates,
            reached: EventTime::MIN,
            made: EventTime::MIN,
            weigher: Weigher::default(),
            tally: Tally::default(),
        }
    }
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
    /// The event time on the inputs.
    time: EventTime,
    /// Whether operators may not have been brought to it.
    advancing: bool,
    /// Whether an operator of the chain makes watermarks.
    generates: bool,
    /// Bytes that the last chunk became at most on its way through the chain, for each of its records.
    bytes_of_a_record: u64,
    /// Consumers that count what the task hands on.
    consumers: u64,
    /// What became of records behind the last operator.
    sent: Numbers,
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
        let generates = chain.iter().any(|link| link.generates);
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
            time: EventTime::MIN,
            advancing: false,
            generates,
            bytes_of_a_record: 0,
            consumers: 0,
            sent: Numbers::default(),
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

    /// How many records of a chunk are to be processed at once, so that operators that multiply them do not fill the
    /// memory.
    pub(crate) fn piece(&self) -> usize {
        let records = PIECE_BYTES.checked_div(self.bytes_of_a_record);
        records.map_or(usize::MAX, |records| (records as usize).max(1))
    }

    /// Runs a chunk through the chain; what comes out is left in `out`.
    pub(crate) fn process(
        &mut self,
        port: Port,
        mut chunk: Chunk,
        out: &mut Vec<Chunk>,
    ) -> Result<()> {
        let started = now();
        let records = chunk.len() as u64;
        self.metrics.records_in.add(records);
        // In flight until it has been processed.
        let weight = chunk.take_weight();
        out.push(chunk);
        let most = self.through_chain(0, port, out)?;
        drop(weight);
        self.bytes_of_a_record = most.checked_div(records).unwrap_or_default();
        self.advancing |= self.generates;
        self.metrics.worked(started.elapsed());
        Ok(())
    }

    /// Runs chunks through the operators from `first` on; the largest size in bytes that they had in between.
    fn through_chain(&mut self, first: usize, port: Port, chunks: &mut Vec<Chunk>) -> Result<u64> {
        let mut next = std::mem::take(&mut self.scratch);
        let mut port = port;
        let mut most = 0;
        for link in self.chain.iter_mut().skip(first) {
            for chunk in chunks.drain(..) {
                link.tally.taken += chunk.len() as u64;
                link.operator.process(port, chunk, &mut next)?;
            }
            link.tally.given += records_of(&next);
            let bytes = next.iter().map(|chunk| link.weigher.weigh(chunk)).sum();
            most = most.max(bytes);
            std::mem::swap(chunks, &mut next);
            port = Port::First;
        }
        self.scratch = next;
        if self.chain.len() > first {
            self.blocked = self.poll_blocked()?;
        }
        Ok(most)
    }

    /// Hands out late results; whether more are to come.
    pub(crate) fn poll_late(&mut self, out: &mut Vec<Chunk>) -> Result<Polled> {
        let mut polled = Polled::Idle;
        for number in 0..self.chain.len() {
            let Some(link) = self.chain.get_mut(number) else {
                continue;
            };
            let mut chunks = Vec::new();
            if link.operator.poll(&mut chunks)? == Polled::Pending {
                polled = Polled::Pending;
            }
            link.tally.given += records_of(&chunks);
            if !chunks.is_empty() {
                self.through_chain(number + 1, Port::First, &mut chunks)?;
                out.append(&mut chunks);
            }
        }
        Ok(polled)
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
        Ok(self.is_still_blocked()? || self.boundary.is_some())
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

    /// The same, after it was asked again.
    pub(crate) fn is_still_blocked(&mut self) -> Result<bool> {
        if self.blocked {
            self.blocked = self.poll_blocked()?;
        }
        Ok(self.blocked)
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
}
