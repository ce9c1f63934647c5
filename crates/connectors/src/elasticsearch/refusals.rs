//! What becomes of records that the servers refuse: the policy of the job, given by who runs it, and dead letters in the sink's
//! own snapshots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{
    Committable, CommitterContext, Prepared, Sink, SinkCommitter, SinkContext, SinkWriter,
    StateEntry, WriteStatus,
};

use super::epochs::ByEpoch;
use super::written;
use crate::commit_nothing::NothingToCommit;
use crate::rows::BadRecord;
use crate::rows::letters::Letter;

/// What the entries of the sink's own begin with.
const REFUSED: &str = "elasticsearch-refused-";

/// Letters that wait for their sink, from which on no more records are taken.
const WAITING: usize = 10_000;

/// What a job does with records that the servers refuse.
pub trait Refusals: Send + Sync + 'static {
    /// A new attempt begins: `refused` there were up to the snapshot that it goes on from.
    fn restored(&self, refused: u64);

    /// `refused` of them there are now, in all runs of the job; the latest is told.
    ///
    /// # Errors
    /// They are too many.
    fn judge(&self, refused: u64, latest: &BadRecord) -> Result<()>;

    /// The record, set aside now.
    fn set_aside(&self, bad: BadRecord) -> Letter;

    /// Where they are written to; `None`: nowhere.
    fn sink(&self) -> Option<&dyn Sink<Letter>>;
}

/// How many were refused in all runs of the job, of all writers.
#[derive(Debug, Clone, Default)]
pub(super) struct Total(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicU64,
    /// Those before this attempt.
    restored: AtomicU64,
}

impl Total {
    /// A new attempt goes on from what its snapshot holds.
    pub(super) fn restore(&self, entries: &[StateEntry]) -> u64 {
        let own = entries
            .iter()
            .filter(|entry| entry.key.starts_with(REFUSED));
        let sum = own.filter_map(|entry| entry.value.as_u64()).sum();
        self.0.now.store(sum, Ordering::Relaxed);
        self.0.restored.store(sum, Ordering::Relaxed);
        sum
    }

    fn restored(&self) -> u64 {
        self.0.restored.load(Ordering::Relaxed)
    }

    fn add_one(&self) -> u64 {
        self.0.now.fetch_add(1, Ordering::Relaxed) + 1
    }
}

fn is_own(entry: &StateEntry) -> bool {
    entry.key.starts_with(REFUSED) || written::is_own(entry)
}

/// The entries that are those of the sink of dead letters.
pub(super) fn of_letters(entries: &[StateEntry]) -> Vec<StateEntry> {
    entries
        .iter()
        .filter(|entry| !is_own(entry))
        .cloned()
        .collect()
}

/// The committer of dead letters.
///
/// # Errors
/// They can't be written.
pub(super) fn committer(
    refusals: Option<&Arc<dyn Refusals>>,
    context: CommitterContext,
) -> Result<Box<dyn SinkCommitter>> {
    match refusals.and_then(|refusals| refusals.sink()) {
        Some(sink) => sink.committer(context),
        None => Ok(Box::new(NothingToCommit)),
    }
}

/// The refused records of one writer.
pub(super) struct Desk {
    refusals: Option<Arc<dyn Refusals>>,
    letters: Option<Box<dyn SinkWriter<Letter>>>,
    total: Total,
    /// Letters that the sink of dead letters has not taken yet, with their epochs.
    waiting: VecDeque<(u64, Letter)>,
    subtask: usize,
    /// How many this writer has refused since it was opened.
    counts: ByEpoch,
    /// How many all had refused before, where it is the first.
    restored: u64,
}

impl Desk {
    /// Opens the writer of dead letters, if there are any.
    ///
    /// # Errors
    /// They can't be written.
    pub(super) fn open(
        refusals: Option<Arc<dyn Refusals>>,
        total: Total,
        context: SinkContext,
    ) -> Result<Self> {
        let subtask = context.subtask;
        let restored = match subtask {
            0 => total.restored(),
            _ => 0,
        };
        let restored_letters = context.restored.as_deref().map(of_letters);
        let letters = match refusals.as_ref().and_then(|refusals| refusals.sink()) {
            None => None,
            Some(sink) => Some(sink.open(SinkContext {
                restored: restored_letters,
                ..context
            })?),
        };
        Ok(Self {
            refusals,
            letters,
            total,
            waiting: VecDeque::new(),
            subtask,
            counts: ByEpoch::default(),
            restored,
        })
    }

    /// A record of an epoch was refused.
    ///
    /// # Errors
    /// The first one fails the job, or they are too many.
    pub(super) fn refuse(&mut self, epoch: u64, bad: BadRecord) -> Result<()> {
        let Some(refusals) = &self.refusals else {
            let place = format!("{}, offset {}", bad.file, bad.offset);
            let message = format!("{place}: {}", bad.error);
            return Err(Error::new(&codes::SINK_DOCUMENT, message)
                .next("mend the record, or set error.policy to skip or dead-letter"));
        };
        refusals.judge(self.total.add_one(), &bad)?;
        self.counts.add(epoch, 1);
        if self.letters.is_some() {
            self.waiting.push_back((epoch, refusals.set_aside(bad)));
        }
        Ok(())
    }

    /// Hands letters of the epochs up to this one to their sink; whether it has taken all.
    ///
    /// # Errors
    /// They can't be written.
    pub(super) fn write(&mut self, epoch: u64) -> Result<bool> {
        let Some(letters) = &mut self.letters else {
            return Ok(true);
        };
        // Lanes do not settle in the order of epochs.
        let mut lot = Vec::new();
        let mut later = VecDeque::new();
        for (of, letter) in self.waiting.drain(..) {
            match of <= epoch {
                true => lot.push(letter),
                false => later.push_back((of, letter)),
            }
        }
        self.waiting = later;
        if lot.is_empty() {
            return Ok(true);
        }
        let status = letters.write(&mut lot)?;
        for letter in lot.into_iter().rev() {
            self.waiting.push_front((epoch, letter));
        }
        Ok(status == WriteStatus::Taken)
    }

    /// Makes the letters that were written durable.
    ///
    /// # Errors
    /// They can't be.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Option<Vec<Committable>>> {
        match &mut self.letters {
            None => Ok(Some(Vec::new())),
            Some(letters) => Ok(match letters.prepare(checkpoint)? {
                Prepared::Pending => None,
                Prepared::Ready(committables) => Some(committables),
            }),
        }
    }

    /// How many were refused in the epochs up to this one since the writer was opened.
    pub(super) fn refused(&mut self, epoch: u64) -> u64 {
        self.counts.up_to(epoch)
    }

    /// Whether letters are not so many already that others have to wait.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() < WAITING
    }

    /// The state for a snapshot. Refused records that are not known yet are in the next one.
    ///
    /// # Errors
    /// It can't be told.
    pub(super) fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<Vec<StateEntry>> {
        let mut entries = match &mut self.letters {
            None => Vec::new(),
            Some(letters) => letters.snapshot(checkpoint)?,
        };
        let told = self.restored + self.counts.all();
        if told > 0 {
            entries.push(StateEntry {
                key: format!("{REFUSED}{}", self.subtask),
                value: told.into(),
            });
        }
        Ok(entries)
    }

    /// The output up to this snapshot is committed.
    ///
    /// # Errors
    /// Fails the job.
    pub(super) fn committed(&mut self, checkpoint: CheckpointId) -> Result<()> {
        match &mut self.letters {
            None => Ok(()),
            Some(letters) => letters.committed(checkpoint),
        }
    }
}
