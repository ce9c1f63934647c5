//! Restart strategies: whether and when a failed job is started again. Keys, defaults and meanings
//! are those of Flink.

use std::collections::VecDeque;
use std::time::Duration;

use millstream_core::options;
use millstream_core::{Configuration, Result, counted};

use crate::range::out_of_range;
use crate::types::Millis;

/// What a job does after a failure.
#[derive(Debug, Clone, PartialEq)]
pub enum RestartStrategy {
    /// It fails.
    None,
    /// It is restarted a number of times.
    FixedDelay {
        /// So many restarts.
        attempts: u32,
        /// From a failure to its restart.
        delay: Duration,
    },
    /// It is restarted unless failures come too fast.
    FailureRate {
        /// More failures than this within the interval are too many.
        max_failures: u32,
        /// Over which failures are counted.
        interval: Duration,
        /// From a failure to its restart.
        delay: Duration,
    },
    /// It is restarted after waits that grow.
    ExponentialDelay(ExponentialDelay),
}

/// The numbers of [`RestartStrategy::ExponentialDelay`].
#[derive(Debug, Clone, PartialEq)]
pub struct ExponentialDelay {
    /// The first wait.
    pub initial: Duration,
    /// The longest wait.
    pub max: Duration,
    /// Each wait is this many times the one before; at least 1.
    pub multiplier: f64,
    /// A job that ran this long begins with the first wait again.
    pub reset_after: Duration,
    /// Each wait becomes longer or shorter by up to this part of it; 0 to 1.
    pub jitter: f64,
    /// So many restarts until a reset; `None`: no limit.
    pub attempts: Option<u32>,
}

impl RestartStrategy {
    /// Reads the strategy. Where none is named: exponential delay if the job takes checkpoints, else none.
    ///
    /// # Errors
    /// There is no such strategy, or a number is out of its range; the error names the option.
    pub fn from_configuration(
        configuration: &Configuration,
        checkpointing_on: bool,
    ) -> Result<Self> {
        let named = configuration.get(&options::RESTART_STRATEGY)?;
        let default = if checkpointing_on {
            "exponential-delay"
        } else {
            "none"
        };
        let name = named.unwrap_or_else(|| default.to_owned());
        match name.to_ascii_lowercase().as_str() {
            "none" | "off" | "disable" => Ok(Self::None),
            "fixed-delay" | "fixeddelay" => Ok(Self::FixedDelay {
                attempts: configuration.require(&options::RESTART_FIXED_ATTEMPTS)?,
                delay: configuration.require(&options::RESTART_FIXED_DELAY)?,
            }),
            "failure-rate" | "failurerate" => Ok(Self::FailureRate {
                max_failures: configuration.require(&options::RESTART_RATE_FAILURES)?,
                interval: configuration.require(&options::RESTART_RATE_INTERVAL)?,
                delay: configuration.require(&options::RESTART_RATE_DELAY)?,
            }),
            "exponential-delay" | "exponentialdelay" => {
                ExponentialDelay::from_configuration(configuration).map(Self::ExponentialDelay)
            }
            _ => Err(out_of_range(
                configuration,
                &options::RESTART_STRATEGY,
                name,
                "there is no such restart strategy",
                "none, fixed-delay, failure-rate or exponential-delay",
            )),
        }
    }
}

impl ExponentialDelay {
    fn from_configuration(configuration: &Configuration) -> Result<Self> {
        let multiplier = configuration.require(&options::RESTART_EXPONENTIAL_MULTIPLIER)?;
        if !(multiplier.is_finite() && multiplier >= 1.0) {
            let option = &options::RESTART_EXPONENTIAL_MULTIPLIER;
            return Err(out_of_range(
                configuration,
                option,
                multiplier,
                "waits would shrink",
                "at least 1",
            ));
        }
        let jitter = configuration.require(&options::RESTART_EXPONENTIAL_JITTER)?;
        if !(0.0..=1.0).contains(&jitter) {
            let option = &options::RESTART_EXPONENTIAL_JITTER;
            return Err(out_of_range(
                configuration,
                option,
                jitter,
                "it is a part of the wait",
                "0 to 1",
            ));
        }
        let initial = configuration.require(&options::RESTART_EXPONENTIAL_INITIAL)?;
        let max = configuration.require(&options::RESTART_EXPONENTIAL_MAX)?;
        if max < initial {
            return Err(out_of_range(
                configuration,
                &options::RESTART_EXPONENTIAL_MAX,
                options::format_duration(max),
                "that is less than the first wait",
                &format!("at least {}", options::format_duration(initial)),
            ));
        }
        Ok(Self {
            initial,
            max,
            multiplier,
            reset_after: configuration.require(&options::RESTART_EXPONENTIAL_RESET)?,
            jitter,
            attempts: configuration.get(&options::RESTART_EXPONENTIAL_ATTEMPTS)?,
        })
    }

    /// The wait `backoff` with jitter, between the first and the longest wait.
    fn jittered(&self, backoff: Duration, random: f64) -> Duration {
        let factor = 1.0 + self.jitter * (2.0 * random.clamp(0.0, 1.0) - 1.0);
        backoff.mul_f64(factor).clamp(self.initial, self.max)
    }

    fn grown(&self, backoff: Duration) -> Duration {
        // Compared as numbers first: a huge product is no Duration.
        let grown = backoff.as_secs_f64() * self.multiplier;
        if grown >= self.max.as_secs_f64() {
            self.max
        } else {
            Duration::from_secs_f64(grown)
        }
    }
}

/// What is to happen after a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Start again.
    Restart {
        /// From the failure on.
        after: Duration,
    },
    /// The job fails.
    GiveUp {
        /// Why it is not restarted, in one line.
        why: String,
    },
}

/// A strategy together with what it remembers of a job's failures.
#[derive(Debug, Clone)]
pub struct Restarts {
    strategy: RestartStrategy,
    /// Restarts decided so far; with exponential delay, since the last reset.
    restarts: u32,
    /// Failures within the interval of the failure rate.
    failures: VecDeque<Millis>,
    /// With exponential delay: the last wait without jitter, and when it was over.
    last: Option<(Duration, Millis)>,
}

impl Restarts {
    /// A job that has not failed yet.
    pub fn new(strategy: RestartStrategy) -> Self {
        Self {
            strategy,
            restarts: 0,
            failures: VecDeque::new(),
            last: None,
        }
    }

    /// The same by `strategy`. Where that is another one than before, the job has not failed yet.
    #[must_use]
    pub fn by(self, strategy: RestartStrategy) -> Self {
        if self.strategy == strategy {
            return self;
        }
        Self::new(strategy)
    }

    /// Decides after a failure. `random` is between 0 and 1 and moves the wait by its jitter.
    pub fn on_failure(&mut self, now: Millis, random: f64) -> Decision {
        match self.strategy.clone() {
            RestartStrategy::None => give_up("the restart strategy is none".to_owned()),
            RestartStrategy::FixedDelay { attempts, delay } => self.fixed_delay(attempts, delay),
            RestartStrategy::FailureRate {
                max_failures,
                interval,
                delay,
            } => self.failure_rate(now, max_failures, interval, delay),
            RestartStrategy::ExponentialDelay(numbers) => {
                self.exponential_delay(now, random, &numbers)
            }
        }
    }

    /// Which restart was decided last, of how many that are allowed until it counts anew; `None`: they are not counted.
    pub fn used(&self) -> Option<(u32, u32)> {
        let allowed = match &self.strategy {
            RestartStrategy::FixedDelay { attempts, .. } => Some(*attempts),
            RestartStrategy::ExponentialDelay(numbers) => numbers.attempts,
            RestartStrategy::None | RestartStrategy::FailureRate { .. } => None,
        };
        allowed.map(|allowed| (self.restarts, allowed))
    }

    fn fixed_delay(&mut self, attempts: u32, delay: Duration) -> Decision {
        if self.restarts >= attempts {
            return give_up(used_up("fixed-delay", attempts));
        }
        self.restarts += 1;
        Decision::Restart { after: delay }
    }

    fn failure_rate(
        &mut self,
        now: Millis,
        max_failures: u32,
        interval: Duration,
        delay: Duration,
    ) -> Decision {
        self.failures.push_back(now);
        self.failures
            .retain(|failure| now.since(*failure) <= interval);
        if self.failures.len() > usize::try_from(max_failures).unwrap_or(usize::MAX) {
            return give_up(format!(
                "{} within {}, which is more than the {max_failures} that failure-rate allows",
                counted(self.failures.len(), "failure"),
                options::format_duration(interval)
            ));
        }
        Decision::Restart { after: delay }
    }

    fn exponential_delay(
        &mut self,
        now: Millis,
        random: f64,
        numbers: &ExponentialDelay,
    ) -> Decision {
        let recent = self
            .last
            .filter(|(_, over)| now.since(*over) < numbers.reset_after);
        if recent.is_none() {
            self.restarts = 0;
        }
        if numbers
            .attempts
            .is_some_and(|attempts| self.restarts >= attempts)
        {
            return give_up(used_up("exponential-delay", self.restarts));
        }
        self.restarts = self.restarts.saturating_add(1);
        let backoff = recent.map_or(numbers.initial, |(backoff, _)| numbers.grown(backoff));
        let after = numbers.jittered(backoff, random);
        self.last = Some((backoff, now.plus(after)));
        Decision::Restart { after }
    }
}

fn give_up(why: String) -> Decision {
    Decision::GiveUp { why }
}

fn used_up(strategy: &str, restarts: u32) -> String {
    match restarts {
        0 => format!("{strategy} allows none"),
        1 => format!("the one restart of {strategy} is used up"),
        more => format!("all {more} restarts of {strategy} are used up"),
    }
}

/// A small generator of numbers for jitter. Its seed comes from outside, so a machine stays a function
/// of what it was told. SplitMix64 by Steele, Lea and Flood (2014).
#[derive(Debug, Clone)]
pub struct Jitter {
    state: u64,
}

impl Jitter {
    /// The generator of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number, at least 0 and below 1.
    pub fn draw(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = (z ^ (z >> 31)) >> 11;
        // 53 bits fit a f64 exactly.
        bits as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests;
