//! The timestamps of the dataflow: an epoch in the high half, a tick in the low half.
//!
//! Checkpoint `n` is the boundary between epoch `n - 1` and epoch `n`. Ticks bound the work in
//! flight inside an epoch. Times are totally ordered, so a frontier is one number or nothing.

use millstream_core::CheckpointId;
use timely::progress::frontier::MutableAntichain;

/// Epoch and tick in one number.
pub(crate) type Time = u64;

/// The time of `tick` in `epoch`. Epochs are checkpoint numbers and stay below 2^32.
pub(crate) const fn at(epoch: CheckpointId, tick: u32) -> Time {
    (epoch << 32) | tick as u64
}

/// The epoch of a time.
pub(crate) const fn epoch(time: Time) -> CheckpointId {
    time >> 32
}

/// The tick of a time.
pub(crate) const fn tick(time: Time) -> u32 {
    time as u32
}

/// The time behind `time`: the next tick, but never another epoch. The last tick of an epoch, the 2^32nd, lasts until the
/// next boundary.
pub(crate) const fn next(time: Time) -> Time {
    if is_last(time) { time } else { time + 1 }
}

/// Whether no tick of its epoch comes behind `time`.
pub(crate) const fn is_last(time: Time) -> bool {
    tick(time) == u32::MAX
}

/// The lower bound of what may still come; `None` once nothing will.
pub(crate) fn lower_bound(frontier: &MutableAntichain<Time>) -> Option<Time> {
    frontier.frontier().first().copied()
}

/// Whether everything before `time` has come, seen from a lower bound.
pub(crate) fn has_passed(lower_bound: Option<Time>, time: Time) -> bool {
    lower_bound.is_none_or(|bound| bound >= time)
}

#[cfg(test)]
mod tests {
    use super::{at, epoch, has_passed, next, tick};

    #[test]
    fn ticks_never_run_into_the_next_epoch() {
        assert_eq!(next(at(7, 1)), at(7, 2));
        assert_eq!(next(at(7, u32::MAX - 1)), at(7, u32::MAX));
        assert_eq!(next(at(7, u32::MAX)), at(7, u32::MAX));
    }

    #[test]
    fn an_epoch_lies_behind_every_tick_of_the_epoch_before() {
        assert!(at(7, u32::MAX) < at(8, 0));
        assert_eq!((epoch(at(7, 3)), tick(at(7, 3))), (7, 3));
    }

    #[test]
    fn an_empty_frontier_has_passed_everything() {
        assert!(has_passed(None, at(9, 9)));
        assert!(has_passed(Some(at(2, 0)), at(2, 0)));
        assert!(!has_passed(Some(at(1, 5)), at(2, 0)));
    }
}
