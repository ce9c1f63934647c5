//! Telling the group how far the job is, for people and for Kafka's own tools.

use std::time::Duration;

use crossbeam_channel::after;
use rdkafka::Offset;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::KafkaResult;
use tracing::{debug, warn};

use super::super::super::client::{Trouble, judge, list, may_be_taken_soon};
use super::super::TELLING;
use super::Fetching;

/// Between two tries at the end.
const AGAIN: Duration = Duration::from_millis(200);
/// The same is told again, with a checkpoint, after this time at the earliest.
const SAME: Duration = Duration::from_secs(1);

impl Fetching {
    /// Tells the group what it is to know. Nobody waits for its answer: who listens to librdkafka warns of a refusal. What the group did
    /// not take, as its coordinator was not known yet or has changed, the next checkpoint covers, also where nothing has come since.
    pub(super) fn tell(&mut self) {
        self.tell_again = after(SAME);
        if let Err(error) = self.commit(CommitMode::Async) {
            warn!("The group's offsets can't be committed: {error}");
        }
    }

    /// Tells it once more and waits for its answer, as the process may end behind this and people look at the group then. On
    /// a slow machine the broker that keeps the group may only be found now.
    pub(super) fn see_that_it_is_told(&self) {
        let over = after(TELLING);
        while let Err(error) = self.commit(CommitMode::Sync) {
            let doing = "the group's offsets can't be committed";
            let soon = may_be_taken_soon(&error);
            let why = match judge(&error, doing, self.client.context()) {
                Trouble::Away(why) if soon && over.try_recv().is_err() => why,
                Trouble::Away(why) => return warn!("{why}"),
                Trouble::Refused(error) => return warn!("{error}"),
            };
            debug!("{why}");
            // What else it tells matters no more.
            drop(self.client.poll(AGAIN));
        }
    }

    fn commit(&self, mode: CommitMode) -> KafkaResult<()> {
        if self.told.is_empty() {
            return Ok(());
        }
        let offsets = self.told.iter();
        let list = list(offsets.map(|(partition, offset)| (partition, Offset::Offset(*offset))))?;
        self.client.commit(&list, mode)
    }
}
