//! What is kept of numbers that are too many to be kept.

use serde::{Deserialize, Serialize};

/// How numbers spread. Without any, all is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// The least of them.
    pub min: u64,
    /// The greatest of them.
    pub max: u64,
    /// Their sum.
    pub sum: u64,
}

impl Spread {
    /// One more.
    pub fn add(&mut self, number: u64) {
        *self = self.with(Self {
            count: 1,
            min: number,
            max: number,
            sum: number,
        });
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        Self {
            count: self.count.saturating_add(other.count),
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            sum: self.sum.saturating_add(other.sum),
        }
    }

    /// The average; 0 where there is none.
    pub fn average(self) -> u64 {
        self.sum.checked_div(self.count).unwrap_or(0)
    }
}

/// The completed snapshots of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckpointSummary {
    /// Bytes of state.
    pub bytes: Spread,
    /// Milliseconds until the last acknowledgement.
    pub duration_ms: Spread,
}

impl CheckpointSummary {
    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.with(other.bytes),
            duration_ms: self.duration_ms.with(other.duration_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn numbers_are_kept_as_their_ends_and_their_sum() {
        let mut spread = Spread::default();
        assert_eq!((spread.min, spread.max, spread.average()), (0, 0, 0));
        for number in [5, 2, 8] {
            spread.add(number);
        }
        assert_eq!((spread.min, spread.max, spread.average()), (2, 8, 5));
        assert_eq!(spread.with(Spread::default()), spread);
        assert_eq!(Spread::default().with(spread), spread);
        assert_eq!(spread.with(spread).count, 6);
    }
}
