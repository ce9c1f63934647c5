//! What sinks of Kafka have sent, for the last lines of a job.

use millstream_core::counted;
use millstream_engine::job::TaskView;

/// What the sinks of Kafka have sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::local) struct Sent {
    /// Bytes of keys and values that brokers have taken.
    bytes: u64,
    /// Requests that were sent again.
    again: u64,
    /// Transactions that were committed, and aborted; `None`: there are none.
    transactions: Option<[u64; 2]>,
}

impl Sent {
    /// What the sinks among these tasks show; `None`: there are none.
    pub(super) fn of(tasks: &[TaskView]) -> Option<Self> {
        let shown: Vec<(String, f64)> = tasks
            .iter()
            .flat_map(|task| task.metrics.source.gauges.all())
            .collect();
        let sum = |name: &str| {
            let name = format!("KafkaProducer.{name}");
            let own = shown.iter().filter(|(shown, _)| shown.ends_with(&name));
            let numbers: Vec<u64> = own.map(|(_, value)| *value as u64).collect();
            (!numbers.is_empty()).then(|| numbers.iter().sum::<u64>())
        };
        let committed = sum("transactions-committed-total");
        let aborted = sum("transactions-aborted-total").unwrap_or(0);
        Some(Self {
            bytes: sum("record-bytes-total")?,
            // It is told with the first statistics, a second behind the start.
            again: sum("record-retry-total").unwrap_or(0),
            transactions: committed.map(|committed| [committed, aborted]),
        })
    }

    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        let transactions = match (self.transactions, other.transactions) {
            (Some([committed, aborted]), Some(others)) => {
                Some([committed + others[0], aborted + others[1]])
            }
            (one, other) => one.or(other),
        };
        Self {
            bytes: self.bytes + other.bytes,
            again: self.again + other.again,
            transactions,
        }
    }

    /// For people.
    pub(super) fn in_words(&self) -> String {
        let mut words = format!(
            "{:.1} MB written, {} sent again",
            self.bytes as f64 / 1e6,
            counted(self.again, "request")
        );
        if let Some([committed, aborted]) = self.transactions {
            words += &format!(
                ", {} committed, {aborted} aborted",
                counted(committed, "transaction")
            );
        }
        words
    }
}
