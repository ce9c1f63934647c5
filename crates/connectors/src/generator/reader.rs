//! The reader of one subtask's splits.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    Limit, SourceOutput, SourceProgress, SourceReader, SourceSnapshot, SourceStatus,
};

use super::rate::Pace;
use super::{Function, entry};

/// One split and the index of its next record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) number: u32,
    pub(super) next: u64,
}

pub(super) struct GeneratorReader<T> {
    function: Arc<Function<T>>,
    splits: Vec<Split>,
    count: u64,
    pace: Option<Pace>,
    /// Whose turn it is.
    turn: usize,
    progress: SourceProgress,
}

impl<T> GeneratorReader<T> {
    pub(super) fn new(
        function: Arc<Function<T>>,
        splits: Vec<Split>,
        count: Option<u64>,
        pace: Option<Pace>,
        progress: SourceProgress,
    ) -> Self {
        let count = count.unwrap_or(u64::MAX);
        let ended = splits.iter().filter(|split| split.next >= count).count();
        progress.files.set(ended as u64);
        Self {
            function,
            splits,
            count,
            pace,
            turn: 0,
            progress,
        }
    }

    /// The next split in turn that has records left. `None`: all have ended.
    fn next_split(&mut self) -> Option<&mut Split> {
        let number = self.splits.len();
        let turn = self.turn;
        let index = (0..number)
            .map(|step| (turn + step) % number)
            .find(|index| {
                self.splits
                    .get(*index)
                    .is_some_and(|split| split.next < self.count)
            })?;
        self.turn = index + 1;
        self.splits.get_mut(index)
    }
}

impl<T> SourceReader<T> for GeneratorReader<T> {
    fn poll(&mut self, out: &mut SourceOutput<T>, limit: Limit) -> Result<SourceStatus> {
        let limit = limit.records as u64;
        let count = self.count;
        let allowed = match self.pace.as_ref().map(Pace::allowed) {
            _ if self.splits.iter().all(|split| split.next >= count) => {
                return Ok(SourceStatus::Ended);
            }
            Some(Err(wait)) => return Ok(SourceStatus::Pending(Some(wait))),
            Some(Ok(allowed)) => allowed.min(limit),
            None => limit,
        };
        let function = self.function.clone();
        let Some(split) = self.next_split() else {
            return Ok(SourceStatus::Ended);
        };
        let made = allowed.min(count - split.next);
        out.extend((split.next..split.next + made).map(|index| function(split.number, index)));
        split.next += made;
        if split.next >= count {
            self.progress.files.add(1);
        }
        if let Some(pace) = &mut self.pace {
            pace.used(made);
        }
        Ok(SourceStatus::Ready(made as usize))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        let entries: Vec<_> = self.splits.iter().map(entry).collect();
        Ok(entries.into())
    }
}
