//! Telling the group how far the job is, for people and for Kafka's own tools.

use std::time::Duration;

use crossbeam_channel::after;
use rdkafka::Offset;
use rdkafka::consumer::{CommitMode, Consumer};
use tracing::warn;

use super::super::super::client::{Answer, Trouble, judge, list};
use super::super::TELLING;
use super::Fetching;

/// How long it takes at the end, at most, where brokers are away: then the group keeps what it was told before.
const AWAY: Duration = Duration::from_secs(2);
/// Between two looks for the group's answer.
const LOOK: Duration = Duration::from_millis(20);
/// Looks between two tries, where the group did not take what it was told.
const AGAIN: u32 = 25;

impl Fetching {
    /// Tells the group what it is to know.
    pub(super) fn tell(&self) {
        if self.told.is_empty() {
            return;
        }
        let offsets = self.told.iter();
        let list = list(offsets.map(|(partition, offset)| (partition, Offset::Offset(*offset))));
        let told = list.and_then(|list| self.client.commit(&list, CommitMode::Async));
        if let Err(error) = &told {
            warn!("The group's offsets can't be committed: {error}");
        }
        self.client.context().told(told);
    }

    /// Waits until the group has taken what it was told last, as the process may end behind this and people look at
    /// the group then. On a slow machine the broker that keeps the group may only be found now.
    pub(super) fn see_that_it_is_told(&self) {
        let ears = self.client.context();
        let (over, away) = (after(TELLING), after(AWAY));
        let mut is_late = false;
        for look in 1_u32.. {
            match ears.answer() {
                Answer::Kept => return,
                Answer::None => {}
                Answer::Refused(error) => {
                    if let Trouble::Refused(_) = judge(&error, "", ears) {
                        return;
                    }
                    if look.is_multiple_of(AGAIN) {
                        self.tell();
                    }
                }
            }
            is_late |= away.try_recv().is_ok();
            if over.try_recv().is_ok() || (is_late && ears.trouble().is_some()) {
                return;
            }
            // What else it tells matters no more.
            drop(self.client.poll(LOOK));
        }
    }
}
