//! The boundary of an epoch: state is frozen on it, and output made durable behind it.

use std::time::Instant;

use millstream_core::{Numbers, OperatorId, Result};

use super::{TaskCore, now};
use crate::connector::{Prepared, SourceSnapshot};
use crate::messages::{OperatorPart, SnapshotJob, Trigger};
use crate::operator::OperatorSnapshot;

/// A boundary that the task stands on.
pub(super) struct Boundary {
    trigger: Trigger,
    /// State of the source at the head, taken when the boundary was met.
    source: Option<Result<OperatorPart>>,
}

/// A snapshot that waits for sinks to make their output durable; records of the next epoch flow
/// meanwhile.
pub(super) struct Unprepared {
    job: SnapshotJob,
    /// Operators of the chain that are not ready, by number.
    waiting: Vec<usize>,
}

impl TaskCore {
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
                numbers: link.numbers(),
            });
        }
        if let Some(last) = operators.last_mut() {
            last.numbers += self.sent;
        }
        let frozen = now();
        SnapshotJob {
            checkpoint: trigger.checkpoint(),
            task: self.key,
            targets: trigger.targets,
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
                let otherwise = link.operator.left_out();
                let left_out = otherwise.bad + otherwise.filtered;
                part.numbers.written = part.numbers.written.saturating_sub(left_out);
                part.numbers += otherwise;
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
    read: u64,
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
        numbers: Numbers {
            read,
            ..Numbers::default()
        },
    }
}
