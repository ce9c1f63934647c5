//! Where the reading of a partition begins, goes on and ends. Pure: brokers are asked elsewhere.

use std::collections::BTreeSet;

use super::options::{End, Lost, Reset};
use super::partition::Partition;

/// The offsets that a partition holds: of its oldest record, and behind its newest that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) low: i64,
    pub(super) high: i64,
    /// Behind its newest record, also while a transaction is open. Asked for only where somebody has read beyond `high`, else the same.
    pub(super) last: i64,
}

/// What is known of a partition that nobody has read from yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) bounds: Bounds,
    /// The offset that the group has committed.
    pub(super) committed: Option<i64>,
    /// The first record at or behind the time of [`Reset::Timestamp`], if that was asked and there is one.
    pub(super) at_reset: Option<i64>,
    /// The first record at or behind the time of [`End::Timestamp`], if that was asked and there is one.
    pub(super) at_end: Option<i64>,
    /// Whether the partition has come to a topic that is being read: its records are all new.
    pub(super) is_added: bool,
}

/// Where reading begins or goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// With the record at this offset.
    At(i64),
    /// With the record at this offset, and something is missing.
    Behind(i64, Missing),
    /// Nowhere: records are missing.
    Refused(Missing),
    /// Nowhere: the group knows no offset, and [`Reset::None`] was asked for.
    Unknown,
}

/// What is missing between the position and what the partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The records from `from` on, up to that before `to`, are gone: at most so many as lie between.
    Records { from: i64, to: i64 },
    /// The position lies behind the end: what was read is not what is there now.
    Other { from: i64, end: i64 },
}

/// Where reading goes on from the offset `next`, which a snapshot or the group has noted.
pub(super) fn go_on(next: i64, bounds: Bounds, lost: Lost) -> Start {
    let Bounds { low, high, last } = bounds;
    let missing = if next < low {
        Missing::Records {
            from: next,
            to: low,
        }
    } else if next > high.max(last) {
        Missing::Other {
            from: next,
            end: high.max(last),
        }
    } else {
        return Start::At(next);
    };
    match (lost, missing) {
        (Lost::Fail, missing) => Start::Refused(missing),
        (Lost::Earliest, missing) => Start::Behind(low, missing),
        // Everything up to the end is passed over then.
        (Lost::Latest, Missing::Records { from, .. }) => {
            Start::Behind(high, Missing::Records { from, to: high })
        }
        (Lost::Latest, missing) => Start::Behind(high, missing),
    }
}

/// Where reading begins in a partition that nobody has read from yet.
pub(super) fn begin(fresh: &Fresh, reset: Reset, lost: Lost) -> Start {
    let Bounds { low, high, .. } = fresh.bounds;
    match (fresh.committed, reset) {
        // What the group knows of it came behind the snapshot that is gone on from.
        _ if fresh.is_added => Start::At(low),
        (Some(committed), _) => go_on(committed, fresh.bounds, lost),
        (None, Reset::Earliest) => Start::At(low),
        (None, Reset::Latest) => Start::At(high),
        (None, Reset::None) => Start::Unknown,
        (None, Reset::Timestamp(_)) => Start::At(fresh.at_reset.unwrap_or(high)),
    }
}

/// Whether the group is to note where reading begins: it knows no offset, and who asked later, without a snapshot, would be told of
/// another place. The oldest record is asked for again as at first.
pub(super) fn is_to_be_noted(fresh: &Fresh, reset: Reset) -> bool {
    let moves = match reset {
        Reset::Earliest => false,
        Reset::Latest | Reset::None => true,
        Reset::Timestamp(_) => fresh.is_added || fresh.at_reset.is_none(),
    };
    fresh.committed.is_none() && moves
}

/// Where reading ends, if it does. A partition that isn't named among the offsets of an end is read nowhere.
pub(super) fn end_of(partition: &Partition, fresh: &Fresh, end: &End) -> Option<i64> {
    match end {
        End::None => None,
        End::Latest => Some(fresh.bounds.high),
        End::Timestamp(_) => Some(fresh.at_end.unwrap_or(fresh.bounds.high)),
        End::Offsets(offsets) => Some(offsets.get(&partition.number).copied().unwrap_or(0)),
    }
}

/// Which of the partitions that there are nobody knows yet.
#[derive(Debug, Default)]
pub(super) struct Known {
    partitions: BTreeSet<Partition>,
    topics: BTreeSet<String>,
    /// Whether whatever is found from now on was added.
    settled: bool,
}

/// A partition that is new, and whether its records are all new, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct New {
    pub(super) partition: Partition,
    pub(super) is_added: bool,
    /// Whether it belongs to another topic than the one of this name that was read.
    pub(super) is_anew: bool,
}

impl Known {
    /// What a snapshot knows. `by_pattern`: topics are not named, so that one that nobody knows was made since.
    pub(super) fn restored(
        partitions: impl IntoIterator<Item = Partition>,
        by_pattern: bool,
    ) -> Self {
        let partitions: BTreeSet<Partition> = partitions.into_iter().collect();
        let topics = partitions
            .iter()
            .map(|partition| partition.topic.to_string())
            .collect();
        Self {
            partitions,
            topics,
            settled: by_pattern,
        }
    }

    /// Those of `there` that nobody knows. One that comes to a known topic was added to it; so was a topic that a later
    /// look finds. What the first look finds is where the job begins, or what somebody has named anew at a restart.
    /// All of a topic that `is_anew` are new.
    pub(super) fn new_among(
        &self,
        there: &[Partition],
        is_anew: impl Fn(&Partition) -> bool,
    ) -> Vec<New> {
        let is_new =
            |partition: &&Partition| !self.partitions.contains(*partition) || is_anew(partition);
        let new = there.iter().filter(is_new).map(|partition| New {
            partition: partition.clone(),
            is_added: self.settled || self.topics.contains(&*partition.topic),
            is_anew: is_anew(partition),
        });
        new.collect()
    }

    /// A look is over, and these are known from now on.
    pub(super) fn take(&mut self, new: &[New]) {
        for New { partition, .. } in new {
            self.partitions.insert(partition.clone());
            self.topics.insert(partition.topic.to_string());
        }
        self.settled = true;
    }

    /// A topic is not there any more: one of its name that is made later is new.
    pub(super) fn forget(&mut self, topic: &str) {
        self.partitions
            .retain(|partition| &*partition.topic != topic);
        self.topics.remove(topic);
    }

    /// All that are known, in order.
    pub(super) fn partitions(&self) -> Vec<Partition> {
        self.partitions.iter().cloned().collect()
    }

    /// Topics that are known and not there.
    pub(super) fn missing_topics(&self, there: &[Partition]) -> Vec<String> {
        let is_there = |topic: &str| there.iter().any(|partition| &*partition.topic == topic);
        let topics = self.topics.iter();
        topics.filter(|topic| !is_there(topic)).cloned().collect()
    }
}

#[cfg(test)]
mod tests;
