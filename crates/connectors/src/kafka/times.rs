//! How far event time has come in the partitions of one reader.
//!
//! Records of a partition come in the order of their timestamps, more or less: the latest one says how far its time has
//! come. A partition of which everything has been read holds nobody back, as nobody knows when its next record will be
//! written; one that is behind does, for as long as that takes.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use millstream_core::EventTime;
use millstream_engine::connector::SourceOutput;

use super::partition::Partition;

/// Milliseconds since 1970. A record that is ahead of this does not move time: else one wrong clock of a producer would
/// make every other record late.
#[allow(
    clippy::disallowed_methods,
    reason = "what is ahead of the present is known by a clock only"
)]
pub(super) fn present() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// So many messages in a row whose timestamps are no dates, and none that has one, and the time of their partition is the present: else
/// it would never move, and nothing would ever be forgotten. A few such among others move it no more than one that is ahead of the present.
/// Those of a backlog do not count: what comes behind them there may be much older than the present.
const BEYOND: usize = 10_000;

/// What timestamps of some messages say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Spanned {
    /// The latest one that is a date, and not ahead of the present.
    pub(super) latest: Option<i64>,
    /// How many are none: they lie beyond the times that are told apart where it is remembered what was seen.
    pub(super) beyond: usize,
}

/// What is known of the time of each partition that is read.
#[derive(Debug, Default)]
pub(super) struct Times {
    splits: BTreeMap<Partition, Split>,
    /// The number that was given last. 0 is the reader itself.
    last: u32,
}

#[derive(Debug)]
struct Split {
    number: u32,
    /// The latest timestamp.
    latest: Option<i64>,
    /// Messages in a row whose timestamps are no dates, since everything had been handed out.
    beyond: usize,
    /// Whether everything that there was has been handed out once.
    was_at_end: bool,
    state: State,
    /// Whether the output has not been told.
    is_news: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Behind,
    AtEnd,
    Done,
}

impl Times {
    /// A partition is read from now on.
    pub(super) fn begin(&mut self, partition: &Partition) {
        if !self.splits.contains_key(partition) {
            self.last += 1;
            let split = Split {
                number: self.last,
                latest: None,
                beyond: 0,
                was_at_end: false,
                state: State::Behind,
                is_news: true,
            };
            self.splits.insert(partition.clone(), split);
        }
    }

    /// Records were handed out whose timestamps say this.
    pub(super) fn read(&mut self, partition: &Partition, spanned: Spanned, present: i64) {
        if let Some(split) = self.splits.get_mut(partition) {
            split.latest = split.latest.max(spanned.latest);
            split.beyond = match spanned.latest {
                None if split.was_at_end => split.beyond.saturating_add(spanned.beyond),
                Some(_) | None => 0,
            };
            if split.beyond >= BEYOND {
                split.latest = split.latest.max(Some(present));
            }
            split.state = State::Behind;
            split.is_news = true;
        }
    }

    /// Everything that there is has been handed out.
    pub(super) fn at_end(&mut self, partition: &Partition) {
        if let Some(split) = self.splits.get_mut(partition) {
            split.was_at_end = true;
        }
        self.change(partition, State::AtEnd);
    }

    /// Nothing is read of it any more.
    pub(super) fn done(&mut self, partition: &Partition) {
        self.change(partition, State::Done);
    }

    fn change(&mut self, partition: &Partition, state: State) {
        if let Some(split) = self.splits.get_mut(partition) {
            split.is_news |= split.state != state;
            split.state = state;
        }
    }

    /// Tells what is new. `handed_out`: records were, in the same poll, so nobody is said to be idle yet.
    pub(super) fn tell<T>(&mut self, out: &mut SourceOutput<T>, handed_out: bool) {
        if out.announced_by(0).is_none() {
            // A reader without partitions holds nobody back.
            out.idle();
        }
        for split in self.splits.values_mut().filter(|split| split.is_news) {
            split.is_news = handed_out && split.state != State::Behind;
            if split.state == State::Done && !handed_out {
                out.end_split(split.number);
                continue;
            }
            let latest = split.latest.map(|latest| latest.saturating_sub(1));
            let time = latest.map_or(EventTime::MIN, EventTime::from_millis);
            let mut output = out.split(split.number);
            output.watermark(time);
            if split.state == State::AtEnd && !handed_out {
                output.idle();
            }
        }
        self.splits
            .retain(|_, split| split.is_news || split.state != State::Done);
    }
}

#[cfg(test)]
mod tests;
