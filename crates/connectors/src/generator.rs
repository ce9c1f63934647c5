//! The generator source: records made by a function.
//!
//! A generator has splits, numbered from 0; the function makes a record of a split's number and the
//! record's index in it. A subtask owns the splits whose number leaves it as the remainder by the
//! parallelism. The position of a split is the index of its next record, so the source goes on
//! exactly where a snapshot was taken, at any parallelism, as long as the function depends on its arguments alone.

mod rate;
mod reader;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Owner, Source, SourceContext, SourceReader, StateEntry};
use serde::{Deserialize, Serialize};

use rate::{Pace, elapsed_clock};
use reader::{GeneratorReader, Split};

/// Makes record number `index` of split `split`.
type Function<T> = dyn Fn(u32, u64) -> T + Send + Sync;

/// A source of made records; see the [module](self).
///
/// ```
/// use millstream_connectors::generator::GeneratorSource;
/// // 4 splits of 1,000 numbers each, at 500 records a second over all splits.
/// let numbers = GeneratorSource::new(4, |split, index| u64::from(split) * 1_000 + index)
///     .count(1_000)
///     .rate(500.0);
/// # drop(numbers);
/// ```
pub struct GeneratorSource<T> {
    splits: u32,
    /// Records of each split; `None`: without end.
    count: Option<u64>,
    /// Records a second over all splits; `None`: as fast as possible.
    rate: Option<f64>,
    function: Arc<Function<T>>,
}

impl<T> GeneratorSource<T> {
    /// An endless source of `splits` splits, at least 1. The number of splits bounds the number of subtasks
    /// with something to do.
    pub fn new(splits: u32, function: impl Fn(u32, u64) -> T + Send + Sync + 'static) -> Self {
        Self {
            splits: splits.max(1),
            count: None,
            rate: None,
            function: Arc::new(function),
        }
    }

    /// Ends each split after `count` records.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Makes at most this many records a second over all splits, counted from the start of the
    /// attempt: time that passed while the job was down is not made up for. Not a number, or not above 0: without limit.
    #[must_use]
    pub fn rate(mut self, records_per_second: f64) -> Self {
        self.rate = (records_per_second > 0.0).then_some(records_per_second);
        self
    }
}

impl<T: 'static> Source<T> for GeneratorSource<T> {
    fn is_bounded(&self) -> bool {
        self.count.is_some()
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<T>>> {
        let mut positions = vec![0; self.splits as usize];
        for entry in context.restored.iter().flatten() {
            restore(entry, &mut positions, self.count)?;
        }
        let splits: Vec<Split> = (0_u32..)
            .zip(positions)
            .filter(|(number, _)| reader_of(*number, context.parallelism) == context.subtask)
            .map(|(number, next)| Split { number, next })
            .collect();
        let pace = self.rate.map(|rate| {
            let share = splits.len() as f64 / f64::from(self.splits);
            Pace::new(rate * share, elapsed_clock())
        });
        let progress = context.progress;
        progress.files_total.set(splits.len() as u64);
        Ok(Box::new(GeneratorReader::new(
            self.function.clone(),
            splits,
            self.count,
            pace,
            progress,
        )))
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        let split = key.strip_prefix(KEY).and_then(|number| number.parse().ok());
        // A key of another kind is for everybody to refuse.
        split.map_or(Owner::Everyone, |split| {
            Owner::Subtask(reader_of(split, parallelism))
        })
    }
}

/// Which reader has a split.
fn reader_of(split: u32, parallelism: usize) -> usize {
    split as usize % parallelism
}

/// The key of a split's position.
const KEY: &str = "split-";

/// The position of one split as it stands in a snapshot.
#[derive(Debug, Serialize, Deserialize)]
struct Position {
    version: u32,
    split: u32,
    /// The index of the split's next record.
    next: u64,
}

fn entry(split: &Split) -> StateEntry {
    let position = Position {
        version: 1,
        split: split.number,
        next: split.next,
    };
    StateEntry {
        key: format!("{KEY}{}", split.number),
        // Of numbers only, which JSON always holds.
        value: serde_json::to_value(position).unwrap_or_default(),
    }
}

fn restore(entry: &StateEntry, positions: &mut [u64], count: Option<u64>) -> Result<()> {
    let position: Position = serde_json::from_value(entry.value.clone()).map_err(|error| {
        let message = format!(
            "{} in the snapshot is no position of a generator",
            entry.key
        );
        Error::new(&codes::STATE_TYPE, message)
            .cause(error)
            .next("give the source the uid that it had when the snapshot was taken")
    })?;
    let splits = positions.len();
    let Some(next) = positions.get_mut(position.split as usize) else {
        let message = format!(
            "the snapshot holds split {} of a generator that has only {splits} splits",
            position.split
        );
        return Err(Error::new(&codes::STATE_NOT_RESTORED, message)
            .next("give the generator as many splits as it had"));
    };
    if count.is_some_and(|count| position.next > count) {
        let message = format!(
            "the snapshot lies behind record {} of split {}, which ends earlier",
            position.next, position.split
        );
        return Err(Error::new(&codes::STATE_NOT_RESTORED, message)
            .next("give the source as many records as it had"));
    }
    *next = position.next;
    Ok(())
}
