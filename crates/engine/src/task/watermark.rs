//! Watermarks: announced by every subtask that makes them to every task behind it, applied as their minimum
//! once the data before them has been processed.

use std::collections::{BTreeMap, HashMap};

use millstream_core::EventTime;
use serde::{Deserialize, Serialize};

use crate::connector::Announced;
use crate::time::{Time, epoch, has_passed};

/// The promise of one subtask, on its way to one worker.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Announcement {
    /// The worker that it goes to.
    pub(crate) worker: u32,
    /// The vertex that makes watermarks.
    pub(crate) vertex: u32,
    /// Its subtask.
    pub(crate) subtask: u32,
    /// The promise.
    pub(crate) announced: Announced,
}

/// What one subtask has promised.
#[derive(Debug, Clone, Copy)]
struct Promise {
    watermark: EventTime,
    idle: bool,
}

/// The watermarks of everything upstream of one task.
#[derive(Debug)]
pub(crate) struct WatermarkTracker<C> {
    promises: HashMap<(u32, u32), Promise>,
    /// Announcements whose data may not all have been processed, with a capability to act on them.
    waiting: BTreeMap<Time, (C, Vec<Announcement>)>,
    current: EventTime,
}

impl<C> WatermarkTracker<C> {
    /// A tracker of the subtasks of vertices, each given with its parallelism.
    pub(crate) fn new(vertices: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let nothing = Promise {
            watermark: EventTime::MIN,
            idle: false,
        };
        let promises = vertices
            .into_iter()
            .flat_map(|(vertex, parallelism)| {
                (0..parallelism).map(move |subtask| (vertex as u32, subtask as u32))
            })
            .map(|subtask| (subtask, nothing))
            .collect();
        Self {
            promises,
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
            let Some(promise) = self.promises.get_mut(&subtask) else {
                continue;
            };
            match announcement.announced {
                Announced::Idle => promise.idle = true,
                Announced::Active(watermark) => {
                    promise.idle = false;
                    promise.watermark = promise.watermark.max(watermark);
                }
            }
        }
        // Who is idle holds nobody back; where all are, event time stays where it is.
        let active = self.promises.values().filter(|promise| !promise.idle);
        let least = active.map(|promise| promise.watermark).min();
        let moved = least.filter(|least| *least > self.current);
        self.current = moved.unwrap_or(self.current);
        Some((capability, moved))
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::EventTime;

    use super::{Announcement, WatermarkTracker};
    use crate::connector::Announced;
    use crate::time::at;

    fn announce(subtask: u32, millis: i64) -> Vec<Announcement> {
        say(subtask, Announced::Active(EventTime::from_millis(millis)))
    }

    fn say(subtask: u32, announced: Announced) -> Vec<Announcement> {
        vec![Announcement {
            worker: 0,
            vertex: 0,
            subtask,
            announced,
        }]
    }

    #[test]
    fn who_is_idle_holds_nobody_back() {
        let mut tracker = WatermarkTracker::new([(0, 2)]);
        let mut apply = |time, announcements: &[Announcement]| {
            tracker.announced(at(1, time), announcements, || ());
            let next = tracker.next(Some(at(1, time + 1)), 1);
            next.and_then(|(_, moved)| moved.map(EventTime::as_millis))
        };
        assert_eq!(apply(0, &announce(0, 50)), None);
        assert_eq!(apply(1, &say(1, Announced::Idle)), Some(50));
        assert_eq!(apply(2, &announce(0, 60)), Some(60));
        assert_eq!(apply(3, &announce(1, 10)), None, "it never goes back");
        assert_eq!(
            apply(4, &announce(0, 70)),
            None,
            "an active one counts again"
        );
        assert_eq!(apply(5, &announce(1, 65)), Some(65));
        assert_eq!(apply(6, &say(0, Announced::Idle)), None);
        assert_eq!(apply(7, &say(1, Announced::Idle)), None, "it stays");
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
