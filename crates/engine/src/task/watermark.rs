//! Watermarks: announced by every source subtask to every task behind it, applied as their minimum
//! once the data before them has been processed.

use std::collections::{BTreeMap, HashMap};

use millstream_core::EventTime;
use serde::{Deserialize, Serialize};

use crate::time::{Time, epoch, has_passed};

/// The promise of one source subtask, on its way to one worker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// The worker that it goes to.
    pub(crate) worker: u32,
    /// The source's vertex.
    pub(crate) vertex: u32,
    /// The source's subtask.
    pub(crate) subtask: u32,
    /// The promise.
    pub(crate) watermark: EventTime,
}

/// The watermarks of everything upstream of one task.
#[derive(Debug)]
pub(crate) struct WatermarkTracker<C> {
    announced: HashMap<(u32, u32), EventTime>,
    /// Announcements whose data may not all have been processed, with a capability to act on them.
    waiting: BTreeMap<Time, (C, Vec<Announcement>)>,
    current: EventTime,
}

impl<C> WatermarkTracker<C> {
    /// A tracker of the source subtasks given as (vertex, parallelism).
    pub(crate) fn new(sources: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let announced = sources
            .into_iter()
            .flat_map(|(vertex, parallelism)| {
                (0..parallelism).map(move |subtask| (vertex as u32, subtask as u32))
            })
            .map(|subtask| (subtask, EventTime::MIN))
            .collect();
        Self {
            announced,
            waiting: BTreeMap::new(),
            current: EventTime::MIN,
        }
    }

    /// Keeps announcements made at `time`, and the capability that `retain` makes if it is the first
    /// of that time.
    pub(crate) fn announced(
        &mut self,
        time: Time,
        announcements: &[Announcement],
        retain: impl FnOnce() -> C,
    ) {
        let (_, waiting) = self
            .waiting
            .entry(time)
            .or_insert_with(|| (retain(), Vec::new()));
        waiting.extend_from_slice(announcements);
    }

    /// The next time, of an epoch up to `current_epoch`, whose data has all been processed, and the
    /// watermark if it moves on with it.
    pub(crate) fn next(
        &mut self,
        bound: Option<Time>,
        current_epoch: u64,
    ) -> Option<(C, Option<EventTime>)> {
        let entry = self.waiting.first_entry()?;
        let time = *entry.key();
        if epoch(time) > current_epoch || !has_passed(bound, time + 1) {
            return None;
        }
        let (capability, announcements) = entry.remove();
        for announcement in announcements {
            let subtask = (announcement.vertex, announcement.subtask);
            if let Some(known) = self.announced.get_mut(&subtask) {
                *known = (*known).max(announcement.watermark);
            }
        }
        let minimum = self
            .announced
            .values()
            .copied()
            .min()
            .unwrap_or(EventTime::MIN);
        let moved = (minimum > self.current).then_some(minimum);
        self.current = self.current.max(minimum);
        Some((capability, moved))
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::EventTime;

    use super::{Announcement, WatermarkTracker};
    use crate::time::at;

    fn announce(subtask: u32, millis: i64) -> Vec<Announcement> {
        let watermark = EventTime::from_millis(millis);
        vec![Announcement {
            worker: 0,
            vertex: 0,
            subtask,
            watermark,
        }]
    }

    #[test]
    fn the_minimum_over_all_source_subtasks_counts() {
        let mut tracker = WatermarkTracker::new([(0, 2)]);
        tracker.announced(at(1, 0), &announce(0, 50), || ());
        tracker.announced(at(1, 1), &announce(1, 30), || ());
        let bound = Some(at(1, 2));
        assert_eq!(tracker.next(bound, 1), Some(((), None)));
        assert_eq!(
            tracker.next(bound, 1),
            Some(((), Some(EventTime::from_millis(30))))
        );
        assert_eq!(tracker.next(bound, 1), None);
    }

    #[test]
    fn a_watermark_never_overtakes_data() {
        let mut tracker = WatermarkTracker::new([(0, 1)]);
        tracker.announced(at(1, 4), &announce(0, 50), || ());
        assert_eq!(
            tracker.next(Some(at(1, 4)), 1),
            None,
            "records of the tick may still come"
        );
        assert!(tracker.next(Some(at(1, 5)), 1).is_some());
    }

    #[test]
    fn a_watermark_of_the_next_epoch_waits_for_the_snapshot() {
        let mut tracker = WatermarkTracker::new([(0, 1)]);
        tracker.announced(at(2, 0), &announce(0, 50), || ());
        assert_eq!(tracker.next(None, 1), None);
        assert!(tracker.next(None, 2).is_some());
    }
}
