//! What a task counts for the [numbers](millstream_core::Numbers) of its job.

use millstream_core::Numbers;

use super::{ChainOperator, TaskCore};

/// What an operator was given and has handed out, in records.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) taken: u64,
    pub(super) given: u64,
}

impl Tally {
    /// An operator that says nothing else has left out on purpose what did not come out of it.
    fn numbers(self) -> Numbers {
        Numbers {
            filtered: self.taken.saturating_sub(self.given),
            produced: self.given.saturating_sub(self.taken),
            ..Numbers::default()
        }
    }
}

impl ChainOperator {
    /// What the operator has done with its records since it was opened: what it says, or what the task has seen.
    pub(super) fn numbers(&self) -> Numbers {
        let told = self.operator.numbers();
        told.unwrap_or_else(|| self.tally.numbers())
    }
}

impl TaskCore {
    /// The task hands records on to this many consumers, which count them: every subtask that gets a copy is one.
    pub(crate) fn has_consumers(&mut self, consumers: u64) {
        self.consumers = consumers;
    }

    /// So many records were sent to every consumer.
    pub(crate) fn sent(&mut self, records: u64) {
        self.metrics.records_out.add(records);
        match self.consumers.checked_sub(1) {
            Some(more) => self.sent.produced += records * more,
            // Nobody whose records count takes them.
            None => self.sent.filtered += records,
        }
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::Numbers;

    use super::Tally;

    #[test]
    fn what_does_not_come_out_was_left_out_and_what_was_not_given_was_made() {
        for (taken, given, filtered, produced) in [(5, 5, 0, 0), (5, 2, 3, 0), (5, 9, 0, 4)] {
            let expected = Numbers {
                filtered,
                produced,
                ..Numbers::default()
            };
            assert_eq!(Tally { taken, given }.numbers(), expected);
        }
    }
}
