//! How long an attempt may take to end once it was told to.

use crate::settings::CancellationSettings;
use crate::types::Millis;

/// The watch over an attempt that was told to end.
#[derive(Debug, Clone)]
pub struct Cancellation {
    settings: CancellationSettings,
    since: Millis,
    next_warning: Option<Millis>,
    kill_at: Option<Millis>,
}

/// What a look at the clock comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Wait on.
    Wait,
    /// Warn, naming what has not ended.
    Warn {
        /// Seconds since it was told to end.
        seconds: u64,
    },
    /// Bring the process down.
    Kill {
        /// Seconds since it was told to end.
        seconds: u64,
    },
}

impl Cancellation {
    /// The attempt was told to end `now`.
    pub fn new(now: Millis, settings: CancellationSettings) -> Self {
        Self {
            settings,
            since: now,
            next_warning: settings.interval.map(|interval| now.plus(interval)),
            kill_at: settings.timeout.map(|timeout| now.plus(timeout)),
        }
    }

    /// Looks at the clock. Warnings that were missed are one warning.
    pub fn check(&mut self, now: Millis) -> Verdict {
        let seconds = now.since(self.since).as_secs();
        if self.kill_at.is_some_and(|at| now >= at) {
            return Verdict::Kill { seconds };
        }
        if self.next_warning.is_some_and(|at| now >= at) {
            self.next_warning = self.settings.interval.map(|interval| now.plus(interval));
            return Verdict::Warn { seconds };
        }
        Verdict::Wait
    }

    /// When to look next.
    pub fn deadline(&self) -> Option<Millis> {
        [self.next_warning, self.kill_at]
            .into_iter()
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn warnings_come_each_interval_and_the_end_at_the_timeout() {
        let settings = CancellationSettings {
            interval: Some(Duration::from_secs(30)),
            timeout: Some(Duration::from_secs(100)),
        };
        let mut watch = Cancellation::new(Millis(1_000), settings);
        assert_eq!(watch.deadline(), Some(Millis(31_000)));
        assert_eq!(watch.check(Millis(30_999)), Verdict::Wait);
        assert_eq!(watch.check(Millis(31_000)), Verdict::Warn { seconds: 30 });
        assert_eq!(watch.check(Millis(31_001)), Verdict::Wait);
        assert_eq!(watch.check(Millis(100_000)), Verdict::Warn { seconds: 99 });
        assert_eq!(watch.deadline(), Some(Millis(101_000)));
        assert_eq!(watch.check(Millis(101_000)), Verdict::Kill { seconds: 100 });
    }

    #[test]
    fn without_a_timeout_the_process_is_never_brought_down() {
        let mut watch = Cancellation::new(
            Millis(0),
            CancellationSettings {
                interval: None,
                timeout: None,
            },
        );
        assert_eq!(watch.deadline(), None);
        assert_eq!(watch.check(Millis(u64::MAX)), Verdict::Wait);
    }
}
