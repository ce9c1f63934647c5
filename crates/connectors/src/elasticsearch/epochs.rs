//! Numbers of records by the epochs that they belong to. Pure.

use std::collections::VecDeque;

/// Counts by epoch; those of epochs that nobody asks for one by one any more are one number.
#[derive(Debug, Default)]
pub(super) struct ByEpoch {
    /// Of all epochs that have been asked for.
    before: u64,
    /// Of later ones, in any order.
    counts: VecDeque<(u64, u64)>,
}

impl ByEpoch {
    /// So many more of an epoch.
    pub(super) fn add(&mut self, epoch: u64, count: u64) {
        if count == 0 {
            return;
        }
        match self.counts.iter_mut().find(|(of, _)| *of == epoch) {
            Some((_, known)) => *known += count,
            None => self.counts.push_back((epoch, count)),
        }
    }

    /// How many there are of all epochs up to this one. Asked for in their order.
    pub(super) fn up_to(&mut self, epoch: u64) -> u64 {
        let before = &mut self.before;
        self.counts.retain(|(of, count)| {
            let is_later = *of > epoch;
            if !is_later {
                *before += count;
            }
            is_later
        });
        self.before
    }

    /// How many there are.
    pub(super) fn all(&self) -> u64 {
        let later = self.counts.iter().map(|(_, count)| count);
        self.before + later.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::ByEpoch;

    #[test]
    fn what_was_asked_for_is_one_number() {
        let mut counts = ByEpoch::default();
        for (epoch, count) in [(0, 2), (1, 1), (0, 3), (2, 0), (1, 1)] {
            counts.add(epoch, count);
        }
        assert_eq!((counts.up_to(0), counts.all()), (5, 7));
        assert_eq!((counts.up_to(1), counts.counts.len()), (7, 0));
        counts.add(2, 4);
        assert_eq!((counts.up_to(1), counts.all()), (7, 11));
    }
}
