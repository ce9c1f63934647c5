//! How long a transaction may be open: chosen from what the brokers allow and what the job needs. Pure.

use std::time::Duration;

use millstream_core::{Error, Result, codes};

use super::options::Timing;

/// What brokers allow where they do not say: `transaction.max.timeout.ms` of Kafka.
const USUAL: Duration = Duration::from_secs(900);
/// What a restart takes besides its delay.
const START: Duration = Duration::from_secs(5);

/// The time-out of transactions, and what is worth a warning.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kafka) struct Chosen {
    pub(in crate::kafka) timeout: Duration,
    pub(in crate::kafka) warning: Option<String>,
}

/// The longest time between two checkpoints for which transactions are known to be open for long enough: what was `given` says
/// so, or that the job was started with it.
pub(in crate::kafka) fn longest_interval(timing: Timing, given: Option<&str>) -> Duration {
    let given = given.and_then(|text| text.trim().parse().ok());
    let given = given.map(Duration::from_millis).unwrap_or_default();
    let longest = given.saturating_sub(timing.restart + START);
    longest.max(timing.interval)
}

/// How old a transaction of this time-out may become while it waits for its checkpoint: so old that a restart still comes in time to
/// commit it, where its checkpoint completes just then. Where an interval and a restart take nearly all of the time, half of what
/// the interval leaves is a checkpoint's.
pub(super) fn oldest(timing: Timing, timeout: Duration) -> Duration {
    let left = timeout.saturating_sub(timing.interval);
    timeout.saturating_sub((timing.restart + START).min(left / 2))
}

/// As long as the brokers allow, or as was `given`.
///
/// # Errors
/// The brokers don't allow what was given, or what the job needs at least, with all numbers.
pub(in crate::kafka) fn choose(
    timing: Timing,
    allowed_ms: Option<u64>,
    given: Option<&str>,
) -> Result<Chosen> {
    let allowed = allowed_ms.map_or(USUAL, Duration::from_millis);
    let timeout = match given {
        None => allowed,
        Some(text) => {
            let given = text
                .trim()
                .parse()
                .map(Duration::from_millis)
                .map_err(|_| {
                    let message =
                        format!("sink.kafka.transaction.timeout.ms is {text}, which is no number");
                    Error::new(&codes::INGEST_PARAMETERS, message)
                        .next("give milliseconds, or leave it out")
                })?;
            if given > allowed {
                let message = format!(
                    "sink.kafka.transaction.timeout.ms is {} and the brokers' transaction.max.timeout.ms {}",
                    given.as_millis(),
                    allowed.as_millis()
                );
                return Err(Error::new(&codes::SINK_TOPIC, message)
                    .next("leave it out, or raise transaction.max.timeout.ms"));
            }
            given
        }
    };
    let Timing {
        interval,
        timeout: checkpoint,
        restart,
    } = timing;
    let least = interval + restart + START;
    let numbers = format!(
        "transactions are aborted after {} ms, a checkpoint begins each {} ms and may take {} ms, and a restart waits {} ms",
        timeout.as_millis(),
        interval.as_millis(),
        checkpoint.as_millis(),
        restart.as_millis()
    );
    if least > timeout {
        let message = format!("{numbers}: output would be lost at each failure");
        return Err(Error::new(&codes::SINK_TOPIC, message).next(
            "shorten stream.checkpoint.interval or job.retry.backoffTimeMS, or raise sink.kafka.transaction.timeout.ms and the \
             brokers' transaction.max.timeout.ms",
        ));
    }
    let warning = (interval + checkpoint + restart + START > timeout).then(|| {
        let most = oldest(timing, timeout).saturating_sub(interval);
        format!(
            "{numbers}: a checkpoint that takes longer than {} ms fails the attempt, before its output is lost",
            most.as_millis()
        )
    });
    Ok(Chosen { timeout, warning })
}

#[cfg(test)]
mod tests;
