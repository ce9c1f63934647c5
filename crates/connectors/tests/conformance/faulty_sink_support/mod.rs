//! A sink that keeps what it is given in memory, exactly once, and breaks a promise where it is told to.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use millstream_connectors::conformance::SinkTarget;
use millstream_core::lineage::{Author, Kin};
use millstream_core::{CheckpointId, Error, JobId, Lineage, Result, codes};
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, Kept, Prepared, Sink, SinkCommitter, SinkContext,
    SinkWriter, StateEntry, Waker, WriteStatus,
};

/// What is wrong with a sink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    ShowsWhatIsPrepared,
    CommitsWhatNoSnapshotNames,
    MovesPendingWritesIntoTheOldEpoch,
    PreparesEmptyEpochs,
    GivesUpWhatEarlierCheckpointsPrepared,
    AnswersFewerCommits,
    AnswersFewerRecoveries,
    ShowsTwiceWhatIsCommittedTwice,
    ShowsTwiceWhatIsRecoveredTwice,
    LosesWhatWasCancelled,
    CallsLostOutputCommitted,
    LosesWhatIsKept,
    LosesWhatMayBeKept,
    TakesAForkForTheHeir,
    RemovesWhatAForkPrepared,
    EndsTheForkToo,
    LeavesWhatIsCommitted,
    LeavesWhatWasNotPrepared,
    LeavesWhatNobodyKeeps,
    LeavesWhatItPrepared,
    LeavesWhatItsPredecessorPrepared,
}

/// A place in memory that records are written to, and what is wrong with the sink that does.
#[derive(Clone)]
pub(crate) struct Memory {
    fault: Option<Fault>,
    output: Arc<Mutex<Output>>,
}

#[derive(Default)]
struct Output {
    /// What nobody sees yet, by name.
    hidden: BTreeMap<String, Part>,
    /// What everybody sees, with its name.
    shown: Vec<(String, Vec<u64>)>,
}

/// What a writer has written between two boundaries.
struct Part {
    author: Author,
    /// The snapshot that it is prepared for; `None`: it is not.
    prepared: Option<CheckpointId>,
    records: Vec<u64>,
}

impl Memory {
    pub(crate) fn with(fault: Option<Fault>) -> Self {
        Self {
            fault,
            output: Arc::default(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn output(&self) -> MutexGuard<'_, Output> {
        self.output.lock().expect("nobody panicked")
    }

    /// Whose output a run may remove.
    fn kin(&self, job: JobId, run: u64, lineage: &Lineage, restored: &[StateEntry]) -> Kin {
        let lineage = match self.fault {
            Some(Fault::TakesAForkForTheHeir) => lineage.clone().owned(),
            _ => lineage.clone(),
        };
        let wrote = restored
            .iter()
            .filter_map(|entry| entry.value.as_str()?.parse::<JobId>().ok());
        Kin::new(job, run, &lineage, wrote)
    }

    /// Whether a run removes what somebody prepared for a snapshot, once everything has recovered.
    fn removes(&self, kin: &Kin, author: Author, checkpoint: CheckpointId) -> bool {
        let may = kin.may_remove_prepared(author, checkpoint);
        let is_own = author.job == kin.author.job;
        match self.fault {
            Some(Fault::LeavesWhatItPrepared) => may && !is_own,
            Some(Fault::LeavesWhatItsPredecessorPrepared) => may && is_own,
            // Only a job that began anew does so.
            Some(Fault::RemovesWhatAForkPrepared) if kin.family == kin.author.job => may || !is_own,
            _ => may,
        }
    }
}

impl SinkTarget for Memory {
    type Record = u64;

    fn sink(&self) -> Box<dyn Sink<u64>> {
        Box::new(self.clone())
    }

    fn records(&self, numbers: Range<u64>) -> Vec<u64> {
        numbers.collect()
    }

    fn visible(&self) -> Vec<u64> {
        let output = self.output();
        let records = output.shown.iter().flat_map(|(_, records)| records);
        records.copied().collect()
    }

    fn leftovers(&self) -> Vec<String> {
        self.output().hidden.keys().cloned().collect()
    }

    fn destroy(&self, committable: &Committable) {
        self.output().hidden.remove(&committable.name);
    }
}

impl Sink<u64> for Memory {
    fn open(&self, context: SinkContext) -> Result<Box<dyn SinkWriter<u64>>> {
        let restored = context.restored.as_deref().unwrap_or_default();
        let kin = self.kin(context.job, context.run, &context.lineage, restored);
        if context.subtask == 0 {
            self.output().hidden.retain(|_, part| {
                let removed = |checkpoint| self.removes(&kin, part.author, checkpoint);
                !part.prepared.is_some_and(removed)
            });
        }
        Ok(Box::new(MemoryWriter {
            memory: self.clone(),
            author: kin.author,
            subtask: context.subtask,
            waker: context.waker,
            ended: 0,
            pending: None,
        }))
    }

    fn committer(&self, context: CommitterContext) -> Result<Box<dyn SinkCommitter>> {
        let memory = self.clone();
        Ok(Box::new(MemoryCommitter { memory, context }))
    }
}

struct MemoryWriter {
    memory: Memory,
    author: Author,
    subtask: usize,
    waker: Waker,
    /// How many parts it has ended.
    ended: u64,
    /// The name of the one that is being prepared.
    pending: Option<String>,
}

impl MemoryWriter {
    /// The name of the part that it writes.
    fn present(&self) -> String {
        let Author { job, run, .. } = self.author;
        format!("{job}-{run}-{}-{}", self.subtask, self.ended)
    }
}

impl SinkWriter<u64> for MemoryWriter {
    fn write(&mut self, records: &mut Vec<u64>) -> Result<WriteStatus> {
        if records.is_empty() {
            return Ok(WriteStatus::Taken);
        }
        let name = match &self.pending {
            Some(old) if self.memory.has(Fault::MovesPendingWritesIntoTheOldEpoch) => old.clone(),
            _ => self.present(),
        };
        let author = self.author;
        let mut output = self.memory.output();
        let part = output.hidden.entry(name).or_insert_with(|| Part {
            author,
            prepared: None,
            records: Vec::new(),
        });
        part.records.append(records);
        Ok(WriteStatus::Taken)
    }

    /// Pending at first, always.
    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        let mut output = self.memory.output();
        let Some(name) = self.pending.take() else {
            let name = self.present();
            let is_empty = !output.hidden.contains_key(&name);
            if is_empty && !self.memory.has(Fault::PreparesEmptyEpochs) {
                return Ok(Prepared::Ready(Vec::new()));
            }
            self.ended += 1;
            self.pending = Some(name);
            self.waker.wake();
            return Ok(Prepared::Pending);
        };
        if self
            .memory
            .has(Fault::GivesUpWhatEarlierCheckpointsPrepared)
        {
            let is_earlier = |earlier: CheckpointId| earlier < checkpoint;
            let hidden = &mut output.hidden;
            hidden.retain(|_, part| !part.prepared.is_some_and(is_earlier));
        }
        if let Some(part) = output.hidden.get_mut(&name) {
            part.prepared = Some(checkpoint);
            let records = part.records.clone();
            if self.memory.has(Fault::ShowsWhatIsPrepared) {
                output.shown.push((name.clone(), records));
            }
        }
        let value = serde_json::Value::Null;
        Ok(Prepared::Ready(vec![Committable { name, value }]))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<Vec<StateEntry>> {
        let key = self.subtask.to_string();
        let value = self.author.job.to_string().into();
        Ok(vec![StateEntry { key, value }])
    }
}

struct MemoryCommitter {
    memory: Memory,
    context: CommitterContext,
}

impl MemoryCommitter {
    /// Commits output. `twice`: the fault that shows it again; `fewer`: the one that answers nothing for the last.
    fn settle(
        &self,
        committables: &[Committable],
        twice: Fault,
        fewer: Fault,
    ) -> Vec<CommitOutcome> {
        let left_out = usize::from(self.memory.has(fewer));
        let answered = committables.len().saturating_sub(left_out);
        let outcomes = committables
            .iter()
            .map(|committable| self.settle_one(&committable.name, twice));
        outcomes.take(answered).collect()
    }

    fn settle_one(&self, name: &str, twice: Fault) -> CommitOutcome {
        let mut output = self.memory.output();
        let before = output.shown.iter().find(|(shown, _)| shown == name);
        if let Some(before) = before.cloned() {
            if self.memory.has(twice) {
                output.shown.push(before);
            }
            return CommitOutcome::AlreadyCommitted;
        }
        let Some(part) = output.hidden.remove(name) else {
            return match self.memory.fault {
                Some(Fault::CallsLostOutputCommitted) => CommitOutcome::Committed,
                _ => CommitOutcome::Lost(format!("{name} is gone")),
            };
        };
        output.shown.push((name.to_owned(), part.records.clone()));
        if self.memory.has(Fault::LeavesWhatIsCommitted) {
            output.hidden.insert(name.to_owned(), part);
        }
        CommitOutcome::Committed
    }

    /// Whether hidden output stays where the job has ended.
    fn stays(&self, name: &str, part: &Part, kept: &Kept) -> bool {
        let is_kept = part.prepared.is_some() && kept.holds(|kept| kept.name == name);
        let is_own = part.author.job == self.context.job && part.author.run <= self.context.run;
        match (self.memory.fault, kept) {
            (Some(Fault::LeavesWhatNobodyKeeps), _) => true,
            (Some(Fault::EndsTheForkToo), _) => is_kept,
            (Some(Fault::LosesWhatIsKept), Kept::Only(_))
            | (Some(Fault::LosesWhatMayBeKept), Kept::All) => !is_own,
            _ => is_kept || !is_own,
        }
    }
}

impl SinkCommitter for MemoryCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        let is_cancelled = self.context.cancelled.is_set();
        if is_cancelled && self.memory.has(Fault::LosesWhatWasCancelled) {
            self.memory.output().hidden.clear();
            return Err(Error::new(&codes::SINK_WRITE, "the job is being cancelled"));
        }
        let (twice, fewer) = (
            Fault::ShowsTwiceWhatIsCommittedTwice,
            Fault::AnswersFewerCommits,
        );
        Ok(self.settle(committables, twice, fewer))
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        let (twice, fewer) = (
            Fault::ShowsTwiceWhatIsRecoveredTwice,
            Fault::AnswersFewerRecoveries,
        );
        let outcomes = self.settle(committables, twice, fewer);
        let CommitterContext {
            job, run, lineage, ..
        } = &self.context;
        let kin = self.memory.kin(*job, *run, lineage, restored);
        let mut output = self.memory.output();
        if self.memory.has(Fault::CommitsWhatNoSnapshotNames) {
            let hidden = std::mem::take(&mut output.hidden);
            let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) = hidden
                .into_iter()
                .partition(|(_, part)| part.prepared.is_some() && part.author.job == *job);
            output.hidden = others;
            let own = own.into_iter().map(|(name, part)| (name, part.records));
            output.shown.extend(own);
        }
        if !self.memory.has(Fault::LeavesWhatWasNotPrepared) {
            let hidden = &mut output.hidden;
            hidden.retain(|_, part| part.prepared.is_some() || !kin.is_earlier(part.author));
        }
        Ok(outcomes)
    }

    fn ended(&mut self, kept: &Kept) {
        let mut output = self.memory.output();
        output
            .hidden
            .retain(|name, part| self.stays(name, part, kept));
    }
}
