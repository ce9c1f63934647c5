//! What people see of a sink's bulks.

use std::time::Duration;

use millstream_engine::connector::{Counter, Gauges};

/// What the names of the numbers begin with.
const OF: &str = "Elasticsearch";

/// The numbers of one writer, whose lanes share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    gauges: Gauges,
    /// Documents that are as they were to be.
    pub(super) documents: Counter,
    /// Requests.
    pub(super) bulks: Counter,
    /// Bytes of actions that were sent.
    pub(super) bytes: Counter,
    /// Actions that were sent again.
    pub(super) again: Counter,
    /// Documents that were refused.
    pub(super) refused: Counter,
    /// Documents that are not there, with `finite`.
    pub(super) missing: Counter,
    /// Documents of which there is a newer version.
    pub(super) outdated: Counter,
    /// Times in which requests that failed as a whole were sent again.
    pub(super) failures: Counter,
    micros: Counter,
    longest: Counter,
}

impl Figures {
    pub(super) fn new(gauges: Gauges) -> Self {
        let figures = Self {
            gauges,
            ..Self::default()
        };
        figures.show();
        figures
    }

    /// A request was answered.
    pub(super) fn answered(&self, bytes: usize, after: Duration) {
        self.bulks.add(1);
        self.bytes.add(bytes as u64);
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
        self.micros.add(micros);
        self.longest.set(self.longest.get().max(micros));
    }

    /// Shows what was counted.
    pub(super) fn show(&self) {
        for (name, counter) in [
            ("document-total", &self.documents),
            ("bulk-total", &self.bulks),
            ("bulk-byte-total", &self.bytes),
            ("bulk-failure-total", &self.failures),
            ("document-retry-total", &self.again),
            ("document-refused-total", &self.refused),
            ("document-missing-total", &self.missing),
            ("document-outdated-total", &self.outdated),
        ] {
            self.gauges
                .set(&format!("{OF}.{name}"), counter.get() as f64);
        }
        let bulks = self.bulks.get();
        if bulks > 0 {
            let millis = |micros: f64| micros / 1_000.0;
            let mean = self.micros.get() as f64 / bulks as f64;
            self.gauges
                .set(&format!("{OF}.request-latency-avg"), millis(mean));
            let longest = self.longest.get() as f64;
            self.gauges
                .set(&format!("{OF}.request-latency-max"), millis(longest));
        }
    }
}
