use std::time::{Duration, Instant};

use super::{Grant, RateLimit};
use crate::connector::Limit;

const ALL: Limit = Limit {
    records: 4_096,
    bytes: 4 << 20,
};

/// What `sources` hand out in `seconds`, each record of so many bytes, and how often each was served.
#[allow(clippy::disallowed_methods, reason = "a time to begin with")]
fn run(rate: &RateLimit, sources: usize, seconds: u64, size: usize) -> (usize, Vec<usize>) {
    let begin = Instant::now();
    let end = begin + Duration::from_secs(seconds);
    let names: Vec<usize> = (0..sources).map(|_| rate.join()).collect();
    let mut next: Vec<Instant> = vec![begin; sources];
    let (mut sum, mut served) = (0, vec![0; sources]);
    // The first is always the first to ask.
    while let Some((source, now)) = (0..sources)
        .map(|source| (source, next[source]))
        .min_by_key(|(source, at)| (*at, *source))
        .filter(|(_, now)| *now < end)
    {
        match rate.grant(names[source], ALL, now) {
            Grant::In(wait) => next[source] = now + wait,
            Grant::Now(limit) => {
                let records = limit.records.min(limit.bytes.div_ceil(size)).max(1);
                rate.spent(limit, records, records * size);
                sum += records;
                served[source] += records;
                next[source] = now + Duration::from_micros(100);
            }
        }
    }
    (sum, served)
}

#[test]
fn the_rate_of_records_is_exact_on_average() {
    for (records, seconds) in [(1, 60), (7, 20), (1_000, 5), (250_000, 3)] {
        let rate = RateLimit::default();
        rate.set(Some(records), None);
        let (sum, _) = run(&rate, 1, seconds, 10);
        let wanted = records * seconds;
        let burst = (records / 10).max(2) + 1;
        assert!((sum as u64).abs_diff(wanted) <= burst, "{sum} for {wanted}");
    }
}

#[test]
fn a_record_that_is_too_large_is_made_up_for() {
    let rate = RateLimit::default();
    rate.set(None, Some(1_000));
    let (sum, _) = run(&rate, 1, 60, 700);
    let bytes = sum * 700;
    assert!((59_000..=61_700).contains(&bytes), "{bytes}");
}

#[test]
fn sources_take_turns() {
    let rate = RateLimit::default();
    rate.set(Some(100), None);
    let (sum, served) = run(&rate, 4, 20, 10);
    assert!(sum.abs_diff(2_000) <= 12, "{sum}");
    for served in served {
        assert!((400..=600).contains(&served), "{served} of {sum}");
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a time to begin with")]
fn without_a_limit_everything_is_granted_at_once() {
    let rate = RateLimit::default();
    let now = Instant::now();
    assert_eq!(rate.grant(0, ALL, now), Grant::Now(ALL));
    rate.set(Some(1), None);
    let first = rate.grant(0, ALL, now);
    assert!(matches!(first, Grant::In(_)), "{first:?}");
    rate.set(Some(0), None);
    assert_eq!(rate.grant(0, ALL, now), Grant::Now(ALL));
}
