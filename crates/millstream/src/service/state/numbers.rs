//! Rates from counters.

use std::time::{Duration, Instant};

use millstream_engine::connector::SplitGauge;
use millstream_engine::metrics::TaskMetrics;
use millstream_protocol::link::{SplitReport, TaskNumbers, VertexReport};

/// Rates are of at least this long: a shorter time would make them jump.
const SHORTEST: Duration = Duration::from_millis(500);

/// So many splits of a subtask are told one by one: a report is sent every second.
const SPLITS: usize = 200;

/// Turns the counters of tasks into numbers, with rates since the last reading.
#[derive(Default)]
pub(super) struct Meter {
    /// What was counted when rates were last worked out, by vertex, then subtask.
    before: Vec<Vec<TaskNumbers>>,
    /// The same of what connectors show.
    gauges: Vec<Vec<Gauges>>,
}

/// What the connectors of a task show, by its names.
type Gauges = Vec<(String, f64)>;

/// What the names of counts begin with, as Flink's do: those have rates.
const COUNTS: &str = "num";
const RATES: &str = "PerSecond";

impl Meter {
    /// Counters begin anew.
    pub(super) fn reset(&mut self) {
        self.before.clear();
        self.gauges.clear();
    }

    /// Reads the counters into `vertices`, at `at`; `elapsed` since the last reading. Answers whether anything has changed.
    pub(super) fn read(
        &mut self,
        metrics: &[Vec<TaskMetrics>],
        vertices: &mut [VertexReport],
        at: Instant,
        elapsed: Duration,
    ) -> bool {
        let counted = |metrics: &TaskMetrics| counted(metrics, at);
        let mut changed = false;
        for (number, (metrics, vertex)) in metrics.iter().zip(vertices).enumerate() {
            for (subtask, (metrics, report)) in metrics.iter().zip(&mut vertex.subtasks).enumerate()
            {
                let before = self
                    .before
                    .get(number)
                    .and_then(|v| v.get(subtask).copied());
                let splits = metrics.source.splits.all();
                let counted = TaskNumbers {
                    pending_records: pending(&splits),
                    largest_lag: splits.iter().filter_map(|(_, split)| split.lag()).max(),
                    ..counted(metrics)
                };
                let before = before.unwrap_or_default();
                let now = numbers(counted, report.numbers, before, elapsed);
                let splits = told(splits);
                let before = self.gauges.get(number).and_then(|v| v.get(subtask));
                let before = before.map(Vec::as_slice).unwrap_or_default();
                let gauges = metrics.source.gauges.all();
                let gauges = with_rates(gauges, &report.gauges, before, elapsed);
                changed |=
                    now != report.numbers || splits != report.splits || gauges != report.gauges;
                report.numbers = now;
                report.splits = splits;
                report.gauges = gauges;
            }
        }
        if elapsed >= SHORTEST {
            self.before = metrics
                .iter()
                .map(|vertex| vertex.iter().map(counted).collect())
                .collect();
            let gauges = |metrics: &TaskMetrics| metrics.source.gauges.all();
            self.gauges = metrics
                .iter()
                .map(|vertex| vertex.iter().map(gauges).collect())
                .collect();
        }
        changed
    }
}

/// What connectors show, and how much more each count becomes in a second. `shown`: with the rates as they were last.
fn with_rates(
    mut now: Gauges,
    shown: &[(String, f64)],
    before: &[(String, f64)],
    elapsed: Duration,
) -> Gauges {
    let find = |all: &[(String, f64)], name: &str| {
        let found = all.iter().find(|(known, _)| known == name);
        found.map_or(0.0, |(_, value)| *value)
    };
    let counts = now.iter().filter(|(name, _)| name.starts_with(COUNTS));
    let rates: Gauges = counts
        .map(|(name, count)| {
            let rate_name = format!("{name}{RATES}");
            let rate = match elapsed < SHORTEST {
                true => find(shown, &rate_name),
                false => (count - find(before, name)).max(0.0) / elapsed.as_secs_f64(),
            };
            (rate_name, rate)
        })
        .collect();
    now.extend(rates);
    now.sort_by(|(one, _), (other, _)| one.cmp(other));
    now
}

/// What all splits have together; `None` as long as one can't tell.
fn pending(splits: &[(String, SplitGauge)]) -> Option<u64> {
    if splits.is_empty() {
        return None;
    }
    splits.iter().map(|(_, split)| split.lag()).sum()
}

/// The splits that are told one by one, by name.
fn told(mut splits: Vec<(String, SplitGauge)>) -> Vec<SplitReport> {
    if splits.len() > SPLITS {
        splits.sort_by_key(|(_, split)| std::cmp::Reverse(split.lag()));
        splits.truncate(SPLITS);
        splits.sort_by(|(one, _), (other, _)| one.cmp(other));
    }
    let told = splits.into_iter().map(|(name, split)| SplitReport {
        name,
        next: split.next,
        committed: split.committed,
        lag: split.lag(),
    });
    told.collect()
}

fn counted(metrics: &TaskMetrics, at: Instant) -> TaskNumbers {
    let backpressured = metrics.backpressured(at).as_millis();
    // What a source has read it hands to the first operator of its own task, which counts it again.
    let read = metrics.source.records.get();
    let records_in = if read > 0 {
        read
    } else {
        metrics.records_in.get()
    };
    TaskNumbers {
        records_in,
        records_out: metrics.records_out.get(),
        bytes_in: metrics.source.bytes.get(),
        bytes_total: metrics.source.bytes_total.get(),
        bad_records: metrics.source.bad_records.get(),
        bad_files: metrics.source.bad_files.get(),
        lost_files: metrics.source.lost_files.get(),
        busy_ms: metrics.busy_nanos.get() / 1_000_000,
        backpressured_ms: u64::try_from(backpressured).unwrap_or(u64::MAX),
        watermark: metrics.watermark(),
        ..TaskNumbers::default()
    }
}

fn numbers(
    now: TaskNumbers,
    shown: TaskNumbers,
    before: TaskNumbers,
    elapsed: Duration,
) -> TaskNumbers {
    if elapsed < SHORTEST {
        return TaskNumbers {
            records_in_per_second: shown.records_in_per_second,
            records_out_per_second: shown.records_out_per_second,
            bytes_in_per_second: shown.bytes_in_per_second,
            busy: shown.busy,
            backpressured: shown.backpressured,
            ..now
        };
    }
    let seconds = elapsed.as_secs_f64();
    let rate = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
    let share = |now: u64, before: u64| (rate(now, before) / 1_000.0).min(1.0);
    TaskNumbers {
        records_in_per_second: rate(now.records_in, before.records_in),
        records_out_per_second: rate(now.records_out, before.records_out),
        bytes_in_per_second: rate(now.bytes_in, before.bytes_in),
        busy: share(now.busy_ms, before.busy_ms),
        backpressured: share(now.backpressured_ms, before.backpressured_ms),
        ..now
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::with_rates;

    fn gauges(gauges: &[(&str, f64)]) -> Vec<(String, f64)> {
        let gauges = gauges.iter();
        gauges
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect()
    }

    #[test]
    fn counts_of_connectors_have_rates() {
        let now = || gauges(&[("KafkaProducer.request-total", 5.0), ("numBytesSend", 50.0)]);
        let before = gauges(&[("numBytesSend", 20.0)]);
        let expected = |rate: f64| {
            let mut all = now();
            all.extend(gauges(&[("numBytesSendPerSecond", rate)]));
            all
        };
        let after = |before: &[(String, f64)], shown: &[(String, f64)], millis: u64| {
            with_rates(now(), shown, before, Duration::from_millis(millis))
        };
        assert_eq!(after(&before, &[], 2_000), expected(15.0));
        assert_eq!(after(&[], &[], 1_000), expected(50.0));
        // Too soon for another rate.
        assert_eq!(after(&before, &expected(7.0), 100), expected(7.0));
        // It has begun anew.
        let more = gauges(&[("numBytesSend", 80.0)]);
        assert_eq!(after(&more, &[], 1_000), expected(0.0));
    }
}
