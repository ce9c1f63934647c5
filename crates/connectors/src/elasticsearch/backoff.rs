//! How long is waited before something is sent again. Pure: chance is given.

use std::time::Duration;

use super::options::Backoff;

/// No wait is longer, however often it was doubled.
const LONGEST: Duration = Duration::from_secs(3_600);
/// The part of a wait that chance takes off or adds at most, so that those who failed together do not come together.
const JITTER: f64 = 0.2;

impl Backoff {
    /// How long is waited before try number `again`, from 1. `chance`: 0 to 1. `None`: it was sent often enough.
    pub(super) fn wait(&self, again: u32, chance: f64) -> Option<Duration> {
        (again <= self.retries).then(|| self.jittered(again, chance))
    }

    /// The same for what is tried again for as long as it takes.
    pub(super) fn jittered(&self, again: u32, chance: f64) -> Duration {
        let doubled = if self.exponential {
            again.saturating_sub(1)
        } else {
            0
        };
        let factor = 2_u32.saturating_pow(doubled);
        let wait = self.delay.saturating_mul(factor).min(LONGEST);
        wait.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Backoff;

    #[test]
    fn waits_are_constant_or_double_and_scatter() {
        let constant = Backoff {
            retries: 3,
            delay: Duration::from_secs(10),
            exponential: false,
        };
        let exponential = Backoff {
            exponential: true,
            retries: 40,
            ..constant
        };
        for (backoff, again, chance, seconds) in [
            (constant, 1, 0.5, Some(10)),
            (constant, 3, 0.5, Some(10)),
            (constant, 1, 0.0, Some(8)),
            (constant, 1, 1.0, Some(12)),
            (constant, 4, 0.5, None),
            (exponential, 1, 0.5, Some(10)),
            (exponential, 2, 0.5, Some(20)),
            (exponential, 4, 0.5, Some(80)),
            (exponential, 40, 0.5, Some(3_600)),
        ] {
            let wait = backoff.wait(again, chance);
            let wait = wait.map(|wait| wait.as_secs_f64().round() as u64);
            assert_eq!(wait, seconds, "{again} {chance}");
        }
        let never = Backoff {
            retries: 0,
            ..constant
        };
        assert_eq!(never.wait(1, 0.5), None);
    }
}
