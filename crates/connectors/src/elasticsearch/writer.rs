//! The worker's side: rows become actions, each in the lane of its document.

use std::sync::Arc;

use arrow::array::RecordBatch;
use millstream_core::{CheckpointId, Error, Numbers, Result, codes};
use millstream_engine::connector::{
    Committable, Prepared, SinkWriter, StateEntry, Waker, WriteStatus,
};

use super::bulk::OfRow;
use super::document::{Actions, Named, documents, merges_parts};
use super::epochs::ByEpoch;
use super::ids::{Ids, NoId, key_of};
use super::lane::Lane;
use super::look::Known;
use super::options::EsOptions;
use super::pattern::Indices;
use super::refusals::Desk;
use super::stale;
use super::stop::Stop;
use super::whole::Naming;
use super::written::Written;
use crate::formats::JsonRows;
use crate::rows::{Reason, Rows};

/// What time it is, in milliseconds since 1970.
pub(super) type Clock = fn() -> i64;

pub(super) struct EsWriter {
    pub(super) options: Arc<EsOptions>,
    /// `None`: it is not known yet what the servers are.
    pub(super) actions: Option<Actions>,
    pub(super) known: Known,
    pub(super) written: Written,
    pub(super) lanes: Vec<Arc<Lane>>,
    pub(super) desk: Desk,
    pub(super) subtask: usize,
    pub(super) stop: Stop,
    pub(super) clock: Clock,
    pub(super) waker: Waker,
    pub(super) state: State,
}

/// Where the writer is.
#[derive(Default)]
pub(super) struct State {
    /// The first record of those that are given, looked at.
    current: Option<Current>,
    /// The row of it that is the next.
    row: usize,
    /// Rows that were taken.
    written: u64,
    /// The number of the epoch, from 0.
    epoch: u64,
    /// The snapshot that is being prepared, and the last epoch that is in it.
    preparing: Option<(CheckpointId, u64)>,
    /// Whether all that was sent was settled when the prepare was asked about last.
    was_settled: bool,
    /// Whether the letters of that epoch are with their sink.
    letters_asked: bool,
    /// Documents that were left out.
    left_out: ByEpoch,
    /// What became otherwise of records of the epochs that are prepared.
    prepared: Numbers,
    /// There is no more input.
    at_end: bool,
}

/// Rows that are being written.
struct Current {
    documents: RecordBatch,
    naming: Naming,
    /// Whether two changes of a document may write other fields.
    is_alone: bool,
    ids: Ids,
    indices: Indices,
}

impl EsWriter {
    /// Hears of what the lanes have settled, and whether one has failed. Whether there is room for more letters.
    fn hear(&mut self) -> Result<bool> {
        for lane in &self.lanes {
            for settled in lane.settled()? {
                self.state.left_out.add(settled.epoch, settled.left_out);
                for bad in settled.refused {
                    self.desk.refuse(settled.epoch, bad)?;
                }
            }
        }
        let allowed = match self.state.preparing {
            // Letters of the next epoch wait until those of this one are being prepared.
            Some((_, last)) if !self.state.letters_asked => last,
            _ => self.state.epoch,
        };
        self.desk.write(allowed)?;
        Ok(self.desk.has_room())
    }

    /// Whether it is known what is written; else a lane is looking, and wakes the worker.
    fn is_known(&mut self) -> bool {
        if self.actions.is_none() {
            let found = self.known.get();
            let actions = found.map(|found| Actions::new(&self.options, found.doc_type.as_deref()));
            self.actions = actions;
        }
        self.actions.is_some()
    }

    fn look_at(&self, rows: &Rows) -> Result<Current> {
        let unfit = |why: String| {
            Error::new(&codes::SINK_INDEX, why)
                .next("correct sink.es.unique.column and sink.es.index, or what the SQL selects")
        };
        let batch = &rows.batch;
        let documents = documents(batch)?;
        let naming = Naming::of(batch, &self.options).map_err(unfit)?;
        let index = &self.options.index;
        let indices = index.indices(&naming.named, (self.clock)());
        let is_alone =
            self.options.sync.is_update() && (naming.is_whole || merges_parts(batch.schema_ref()));
        Ok(Current {
            documents,
            is_alone,
            ids: Ids::of(&naming.named, &self.options.id).map_err(unfit)?,
            indices: indices.map_err(unfit)?,
            naming,
        })
    }

    /// Takes rows from where the last call stopped; whether all were taken.
    fn take(&mut self, rows: &Rows) -> Result<bool> {
        let current = match self.state.current.take() {
            Some(current) => current,
            None => self.look_at(rows)?,
        };
        let Some(actions) = &self.actions else {
            self.state.current = Some(current);
            return Ok(false);
        };
        let mut json = JsonRows::new(&current.documents)?;
        let (mut id, mut index) = (String::new(), String::new());
        for row in self.state.row..rows.len() {
            if let Err(NoId { column, why }) = current.name(row, &mut id, &mut index) {
                let mut bad = rows.origin.bad(row, Reason::Value, why);
                bad.column = column;
                self.desk.refuse(self.state.epoch, bad)?;
                self.state.written += 1;
                continue;
            }
            let key = key_of(&index, &id);
            let lane = self.lanes.get(key as usize % self.lanes.len().max(1));
            let of = OfRow {
                key,
                origin: &rows.origin,
                row,
                is_alone: current.is_alone,
            };
            let named = Named {
                row,
                index: &index,
                id: &id,
            };
            let taken = lane.is_some_and(|lane| {
                lane.push(self.state.epoch, of, |out| {
                    actions.append(named, &mut json, out);
                })
            });
            if !taken {
                drop(json);
                self.state.row = row;
                self.state.current = Some(current);
                return Ok(false);
            }
            self.state.written += 1;
        }
        self.state.row = 0;
        Ok(true)
    }

    fn settle(&mut self, last: u64) {
        self.state.prepared = Numbers {
            bad: self.desk.refused(last),
            filtered: self.state.left_out.up_to(last),
            ..Numbers::default()
        };
    }
}

impl Current {
    /// Puts id and index of the document of a row into `id` and `index`.
    ///
    /// # Errors
    /// It has none.
    fn name(&self, row: usize, id: &mut String, index: &mut String) -> Result<(), NoId> {
        if let Some(why) = self.naming.why_not(row) {
            return Err(why.clone());
        }
        self.ids.put(row, id)?;
        self.indices.put(row, index).map_err(|column| NoId {
            column: Some(column.to_owned()),
            why: "it is null, and names the index".to_owned(),
        })
    }
}

impl SinkWriter<Rows> for EsWriter {
    fn write(&mut self, records: &mut Vec<Rows>) -> Result<WriteStatus> {
        let has_room = self.hear()?;
        // A call of the waker is one for all that is waited for: who was called for room asks about the prepare again, too.
        if let Some((_, last)) = self.state.preparing
            && !self.state.was_settled
            && self.lanes.iter().all(|lane| lane.is_settled(last))
        {
            self.waker.wake();
        }
        if !has_room || !self.is_known() {
            // The sink of letters wakes the worker when it takes more.
            return Ok(WriteStatus::Full);
        }
        let mut taken = 0;
        let mut status = WriteStatus::Taken;
        for rows in records.iter() {
            if !self.take(rows)? {
                status = WriteStatus::Full;
                break;
            }
            taken += 1;
        }
        records.drain(..taken);
        Ok(status)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let last = match self.state.preparing {
            Some((preparing, last)) if preparing == checkpoint => last,
            _ => {
                let last = self.state.epoch;
                self.state.epoch += 1;
                self.state.preparing = Some((checkpoint, last));
                self.state.letters_asked = false;
                self.state.was_settled = false;
                self.lanes.iter().for_each(|lane| lane.flush());
                last
            }
        };
        if !self.state.letters_asked {
            // A lane tells what became of a bulk before it says that it is settled.
            let is_settled = self.lanes.iter().all(|lane| lane.is_settled(last));
            self.state.was_settled = is_settled;
            let _has_room = self.hear()?;
            // Also a job that found nothing to write ends only when servers and index have been seen.
            let is_known = !self.state.at_end || self.is_known();
            if !is_settled || !is_known || !self.desk.write(last)? {
                return Ok(Prepared::Pending);
            }
            self.state.letters_asked = true;
        }
        let Some(mut committables) = self.desk.prepare(checkpoint)? else {
            return Ok(Prepared::Pending);
        };
        self.settle(last);
        self.state.preparing = None;
        if self.state.at_end {
            committables.extend(self.stale());
        }
        Ok(Prepared::Ready(committables))
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<Vec<StateEntry>> {
        let mut entries = self.desk.snapshot(checkpoint)?;
        entries.push(self.written.entry(self.subtask));
        Ok(entries)
    }

    fn written(&self) -> Option<u64> {
        Some(self.state.written)
    }

    fn left_out(&self) -> Numbers {
        self.state.prepared
    }

    fn end_of_input(&mut self) {
        self.state.at_end = true;
    }

    fn committed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        self.desk.committed(checkpoint)
    }
}

impl EsWriter {
    /// What is left to do where all input was written.
    fn stale(&self) -> Option<Committable> {
        let options = &self.options;
        let index = options.index.fixed().filter(|_| options.delete_stale)?;
        Some(stale::committable(index, self.written.least()?))
    }
}

impl Drop for EsWriter {
    fn drop(&mut self) {
        // What is on its way may still arrive, and a new attempt waits for it; what is not is written again.
        self.stop.set();
        self.lanes.iter().for_each(|lane| lane.close());
    }
}
