//! Rates from counters.

use std::time::{Duration, Instant};

use millstream_engine::metrics::TaskMetrics;
use millstream_protocol::link::{TaskNumbers, VertexReport};

/// Rates are of at least this long: a shorter time would make them jump.
const SHORTEST: Duration = Duration::from_millis(500);

/// Turns the counters of tasks into numbers, with rates since the last reading.
#[derive(Default)]
pub(super) struct Meter {
    /// What was counted when rates were last worked out, by vertex, then subtask.
    before: Vec<Vec<TaskNumbers>>,
}

impl Meter {
    /// Counters begin anew.
    pub(super) fn reset(&mut self) {
        self.before.clear();
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
                let now = numbers(
                    counted(metrics),
                    report.numbers,
                    before.unwrap_or_default(),
                    elapsed,
                );
                changed |= now != report.numbers;
                report.numbers = now;
            }
        }
        if elapsed >= SHORTEST {
            self.before = metrics
                .iter()
                .map(|vertex| vertex.iter().map(counted).collect())
                .collect();
        }
        changed
    }
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
