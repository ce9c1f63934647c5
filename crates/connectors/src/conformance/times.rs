//! What a source promises of the event time of its splits.

use std::collections::BTreeMap;

use millstream_core::EventTime;
use millstream_engine::connector::Announced;

/// What the readers of one attempt have said, by subtask and split. `None`: the split has ended.
#[derive(Debug, Default)]
pub(super) struct Times {
    said: BTreeMap<(usize, u32), Option<Announced>>,
}

impl Times {
    /// Checks a poll of a reader: the splits and times of what it handed out, and what it says of a split behind that.
    pub(super) fn check(
        &mut self,
        seed: u64,
        subtask: usize,
        records: &[(u32, EventTime)],
        announced_by: impl Fn(u32) -> Option<Announced>,
    ) {
        for (split, time) in records {
            match self.said.get(&(subtask, *split)) {
                Some(None) => panic!(
                    "seed {seed}: a record comes from split {split}, which had ended or was never named"
                ),
                Some(Some(Announced::Active(watermark))) if time <= watermark => panic!(
                    "seed {seed}: a record of time {time} comes from split {split} behind its watermark {watermark}"
                ),
                _ => {}
            }
            assert_ne!(
                announced_by(*split),
                Some(Announced::Idle),
                "seed {seed}: split {split} is idle and hands out records"
            );
            self.said
                .entry((subtask, *split))
                .or_insert(Some(Announced::Idle));
        }
        let of_reader = (subtask, u32::MIN)..=(subtask, u32::MAX);
        for ((_, split), said) in self.said.range_mut(of_reader) {
            let now = announced_by(*split);
            match (*said, now) {
                (Some(Announced::Active(before)), Some(Announced::Active(now))) => assert!(
                    before <= now,
                    "seed {seed}: the event time of split {split} goes back from {before} to {now}"
                ),
                (None, Some(_)) => {
                    panic!("seed {seed}: split {split} had ended and is there again")
                }
                _ => {}
            }
            *said = now;
        }
    }
}
