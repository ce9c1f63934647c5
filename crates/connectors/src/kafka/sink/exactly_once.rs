//! The writer that promises exactly once: a transaction for each snapshot, and a small pool of transactional ids.

use std::sync::Arc;

use millstream_core::{CheckpointId, JobId, Result};
use millstream_engine::connector::{
    Committable, Prepared, SinkContext, SinkWriter, StateEntry, WriteStatus,
};
use serde::{Deserialize, Serialize};

use super::encode::{Encode, To};
use super::lane::{Common, Lane, Status};
use super::names::Names;
use super::producer::Producer;
use crate::kafka::transaction::Transaction;

/// How many transactions may wait for their checkpoints, one of which may be written. More than two are needed only while
/// checkpoints fail.
const MOST: usize = 16;
/// How many are made at the start: one is written while the other waits.
const FIRST: usize = 2;

pub(super) struct ExactlyOnce<T> {
    encoder: Box<dyn Encode<T>>,
    names: Names,
    common: Common,
    lanes: Vec<Lane>,
    /// The lane that is written, and its producer.
    present: Option<(usize, Arc<Producer>)>,
    /// Records of the present transaction.
    records: u64,
    /// The row of the first batch that is the next.
    row: usize,
    written: u64,
    /// The checkpoint that is prepared, and the lane that is being sealed for it.
    preparing: Option<(CheckpointId, usize)>,
    job: JobId,
    subtask: usize,
}

impl<T> ExactlyOnce<T> {
    pub(super) fn start(
        encoder: Box<dyn Encode<T>>,
        names: Names,
        common: Common,
        context: &SinkContext,
    ) -> Result<Self> {
        let mut writer = Self {
            encoder,
            names,
            common,
            lanes: Vec::new(),
            present: None,
            records: 0,
            row: 0,
            written: 0,
            preparing: None,
            job: context.job,
            subtask: context.subtask,
        };
        for _ in 0..FIRST {
            writer.add_lane()?;
        }
        Ok(writer)
    }

    fn add_lane(&mut self) -> Result<()> {
        let id = self.names.id(self.subtask, self.lanes.len());
        self.lanes.push(Lane::start(id, self.common.clone())?);
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let mut failures = self
            .lanes
            .iter()
            .filter_map(|lane| lane.account().failure());
        failures.next().map_or(Ok(()), Err)
    }

    /// The lane that is to be written; `None`: none is ready, and the waker will be called.
    fn present(&mut self) -> Result<Option<(usize, Arc<Producer>)>> {
        if let Some(present) = &self.present {
            return Ok(Some(present.clone()));
        }
        if self.is_being_flushed() {
            return Ok(None);
        }
        let mut is_one_coming = false;
        for (number, lane) in self.lanes.iter().enumerate() {
            match lane.status() {
                Status::Ready(producer) => {
                    self.records = 0;
                    self.present = Some((number, producer));
                    return Ok(self.present.clone());
                }
                Status::Opening => is_one_coming = true,
                Status::Sealing | Status::Sealed(_) => {}
            }
        }
        if !is_one_coming && self.lanes.len() < MOST {
            self.add_lane()?;
        }
        Ok(None)
    }

    /// Whether messages of the transaction before are still on their way. Those of the next one have another producer, and would overtake
    /// them: messages of one key would change places. The account of that lane calls the waker when the last one is heard of.
    fn is_being_flushed(&self) -> bool {
        let sealing = self
            .preparing
            .and_then(|(_, number)| self.lanes.get(number));
        sealing.is_some_and(|lane| !lane.account().is_settled(0))
    }

    /// A call of the waker is one for all that is waited for: who was called for room asks about the prepare again, too.
    fn remind(&self) {
        if let Some((_, number)) = self.preparing
            && let Some(Status::Sealed(_)) = self.lanes.get(number).map(Lane::status)
        {
            self.common.waker.wake();
        }
    }

    fn write_one(&mut self, record: &T) -> Result<WriteStatus> {
        if self.row >= self.encoder.messages(record) {
            return Ok(WriteStatus::Taken);
        }
        let Some((number, producer)) = self.present()? else {
            return Ok(WriteStatus::Full);
        };
        let Some(lane) = self.lanes.get(number) else {
            return Ok(WriteStatus::Full);
        };
        let first = self.row;
        let to = To {
            side: 0,
            producer: &producer,
            account: lane.account(),
        };
        let given = self.encoder.give(record, first, to)?;
        self.written += given.counted;
        self.records += (given.next - first) as u64;
        self.row = given.next;
        Ok(match given.full {
            true => WriteStatus::Full,
            false => WriteStatus::Taken,
        })
    }
}

impl<T> SinkWriter<T> for ExactlyOnce<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        self.check()?;
        self.remind();
        for (taken, record) in records.iter().enumerate() {
            if self.write_one(record)? == WriteStatus::Full {
                records.drain(..taken);
                return Ok(WriteStatus::Full);
            }
            self.row = 0;
        }
        records.clear();
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        self.check()?;
        let sealing = match self.preparing {
            Some((known, number)) if known == checkpoint => number,
            _ => {
                // A transaction without records is none: it stays for what comes.
                let present = self.present.take_if(|_| self.records > 0);
                let Some((number, _)) = present else {
                    return Ok(Prepared::Ready(Vec::new()));
                };
                if let Some(lane) = self.lanes.get(number) {
                    lane.account().settles(Some(0));
                    lane.seal(checkpoint, self.records);
                }
                self.preparing = Some((checkpoint, number));
                number
            }
        };
        let Some(lane) = self.lanes.get(sealing) else {
            return Ok(Prepared::Pending);
        };
        match lane.status() {
            Status::Sealed(transaction) => {
                lane.account().settles(None);
                self.preparing = None;
                Ok(Prepared::Ready(vec![committable(&transaction)]))
            }
            Status::Opening | Status::Ready(_) | Status::Sealing => Ok(Prepared::Pending),
        }
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<Vec<StateEntry>> {
        let ids = (0..self.lanes.len()).map(|number| self.names.id(self.subtask, number));
        Ok(vec![
            SinkState::new(self.job, ids.collect()).entry(self.subtask),
        ])
    }

    fn written(&self) -> Option<u64> {
        Some(self.written)
    }

    fn committed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        for lane in &self.lanes {
            if let Status::Sealed(transaction) = lane.status()
                && transaction.checkpoint <= checkpoint
            {
                lane.release();
            }
        }
        Ok(())
    }
}

impl<T> Drop for ExactlyOnce<T> {
    fn drop(&mut self) {
        // All at once: each aborts what it has open.
        self.present = None;
        self.lanes.iter_mut().for_each(Lane::stop);
        self.lanes.clear();
    }
}

/// As it is written into a snapshot.
fn committable(transaction: &Transaction) -> Committable {
    Committable {
        name: format!(
            "transaction of {} for checkpoint {} with {} records",
            transaction.id, transaction.checkpoint, transaction.records
        ),
        // Of text and numbers only, which JSON always holds.
        value: serde_json::to_value(transaction).unwrap_or_default(),
    }
}

const STATE_VERSION: u32 = 1;
const STATE_KEY: &str = "kafka-sink/";

/// What a snapshot holds of a subtask: whose ids may have been used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SinkState {
    version: u32,
    pub(super) job: JobId,
    pub(super) ids: Vec<String>,
}

impl SinkState {
    fn new(job: JobId, ids: Vec<String>) -> Self {
        Self {
            version: STATE_VERSION,
            job,
            ids,
        }
    }

    fn entry(&self, subtask: usize) -> StateEntry {
        StateEntry {
            key: format!("{STATE_KEY}{subtask}"),
            value: serde_json::to_value(self).unwrap_or_default(),
        }
    }

    /// What a snapshot holds of this sink. Nothing, where another kind of sink had the uid.
    pub(super) fn all(restored: &[StateEntry]) -> Vec<Self> {
        let states = restored
            .iter()
            .filter(|entry| entry.key.starts_with(STATE_KEY));
        states
            .filter_map(|entry| serde_json::from_value(entry.value.clone()).ok())
            .collect()
    }
}
