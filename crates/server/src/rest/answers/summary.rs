//! Summaries of numbers: least, greatest, average and percentiles, computed as Flink computes them.

use millstream_protocol::link::Spread;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// A percentile, or `"NaN"` where there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentile(pub(crate) Option<f64>);

impl Serialize for Percentile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(value) => serializer.serialize_f64(value),
            None => serializer.serialize_str("NaN"),
        }
    }
}

/// A summary with percentiles that are numbers with a fraction.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct StatsSummary {
    min: u64,
    max: u64,
    avg: u64,
    /// A number, or `NaN`.
    #[schema(value_type = serde_json::Value)]
    p50: Percentile,
    /// A number, or `NaN`.
    #[schema(value_type = serde_json::Value)]
    p90: Percentile,
    /// A number, or `NaN`.
    #[schema(value_type = serde_json::Value)]
    p95: Percentile,
    /// A number, or `NaN`.
    #[schema(value_type = serde_json::Value)]
    p99: Percentile,
    /// A number, or `NaN`.
    #[schema(value_type = serde_json::Value)]
    p999: Percentile,
}

impl StatsSummary {
    /// The summary of `values`: zeros and no percentiles where there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = u64>) -> Self {
        let sorted = Sorted::new(values);
        Self {
            p50: Percentile(sorted.percentile(50.0)),
            p90: Percentile(sorted.percentile(90.0)),
            p95: Percentile(sorted.percentile(95.0)),
            p99: Percentile(sorted.percentile(99.0)),
            p999: Percentile(sorted.percentile(99.9)),
            ..Self::without_percentiles(sorted.0)
        }
    }

    /// The summary of all that `all` has counted, with the percentiles of `sample`, which is the newest of it.
    pub(crate) fn of_all(all: Spread, sample: impl IntoIterator<Item = u64>) -> Self {
        let sample: Vec<_> = sample.into_iter().collect();
        let of_sample = Self::of(sample.iter().copied());
        // A process of a former version counts none.
        if all.count < sample.len() as u64 {
            return of_sample;
        }
        Self {
            min: all.min,
            max: all.max,
            avg: all.average(),
            ..of_sample
        }
    }

    /// The same without percentiles, which Flink does not keep for subtasks.
    pub(crate) fn without_percentiles(values: impl IntoIterator<Item = u64>) -> Self {
        let sorted = Sorted::new(values);
        Self {
            min: sorted.least(),
            max: sorted.greatest(),
            avg: sorted.average(),
            p50: Percentile(None),
            p90: Percentile(None),
            p95: Percentile(None),
            p99: Percentile(None),
            p999: Percentile(None),
        }
    }
}

/// A summary over subtasks, all in whole numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SubtaskSummary {
    min: u64,
    max: u64,
    avg: u64,
    sum: u64,
    median: u64,
    p25: u64,
    p75: u64,
    p95: u64,
}

impl SubtaskSummary {
    /// The summary of `values`: zeros where there are none.
    pub(crate) fn of(values: impl IntoIterator<Item = u64>) -> Self {
        let sorted = Sorted::new(values);
        let whole = |percent| sorted.percentile(percent).map_or(0, |value| value as u64);
        Self {
            min: sorted.least(),
            max: sorted.greatest(),
            avg: sorted.average(),
            sum: sorted.sum(),
            median: whole(50.0),
            p25: whole(25.0),
            p75: whole(75.0),
            p95: whole(95.0),
        }
    }
}

struct Sorted(Vec<u64>);

impl Sorted {
    fn new(values: impl IntoIterator<Item = u64>) -> Self {
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_unstable();
        Self(values)
    }

    fn least(&self) -> u64 {
        self.0.first().copied().unwrap_or(0)
    }

    fn greatest(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    fn sum(&self) -> u64 {
        self.0
            .iter()
            .fold(0, |sum, value| sum.saturating_add(*value))
    }

    fn average(&self) -> u64 {
        self.sum().checked_div(self.0.len() as u64).unwrap_or(0)
    }

    /// The value below which `percent` of the values lie, between neighbours in proportion: position `p (n + 1)`.
    fn percentile(&self, percent: f64) -> Option<f64> {
        let position = percent / 100.0 * (self.0.len() as f64 + 1.0);
        let below = position.floor();
        let at = |position: f64| {
            let index = (position.max(1.0) as usize - 1).min(self.0.len().checked_sub(1)?);
            self.0.get(index).map(|value| *value as f64)
        };
        let (low, high) = (at(below)?, at(below + 1.0)?);
        if below < 1.0 {
            return Some(low);
        }
        Some(low + (position - below) * (high - low))
    }
}

#[cfg(test)]
mod tests {
    use millstream_protocol::link::Spread;

    use super::{StatsSummary, SubtaskSummary};

    #[test]
    fn the_summary_of_a_run_is_that_of_flink() {
        // Sizes of five checkpoints and what Flink 2.3 said of them.
        let summary = StatsSummary::of([4562, 4722, 4722, 4722, 4722]);
        let json = serde_json::to_value(summary).expect("a summary is JSON");
        let expected = serde_json::json!({
            "min": 4562, "max": 4722, "avg": 4690,
            "p50": 4722.0, "p90": 4722.0, "p95": 4722.0, "p99": 4722.0, "p999": 4722.0
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn there_are_no_percentiles_of_nothing() {
        let json = serde_json::to_value(StatsSummary::of([])).expect("a summary is JSON");
        assert_eq!(json.get("p50"), Some(&serde_json::json!("NaN")));
        assert_eq!(json.get("avg"), Some(&serde_json::json!(0)));
    }

    #[test]
    fn what_is_remembered_no_more_still_counts() {
        let mut all = Spread::default();
        for number in [1, 20, 6] {
            all.add(number);
        }
        let json = serde_json::to_value(StatsSummary::of_all(all, [6])).expect("JSON");
        let expected = serde_json::json!({
            "min": 1, "max": 20, "avg": 9, "p50": 6.0, "p90": 6.0, "p95": 6.0, "p99": 6.0, "p999": 6.0
        });
        assert_eq!(json, expected);
        let uncounted = StatsSummary::of_all(Spread::default(), [6]);
        assert_eq!(uncounted, StatsSummary::of([6]));
    }

    #[test]
    fn percentiles_lie_between_neighbours_in_proportion() {
        let json = serde_json::to_value(SubtaskSummary::of([10, 20, 30, 40])).expect("JSON");
        let expected = serde_json::json!({
            "min": 10, "max": 40, "avg": 25, "sum": 100, "median": 25, "p25": 12, "p75": 37, "p95": 40
        });
        assert_eq!(json, expected);
    }
}
