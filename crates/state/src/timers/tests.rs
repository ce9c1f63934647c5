use std::collections::BTreeSet;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, MaxParallelism};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Due, TimerTable};

fn table() -> TimerTable<u64> {
    let max = MaxParallelism::new(8).expect("in range");
    TimerTable::new("timers", max, max.range(0, 1))
}

fn at(time: i64) -> EventTime {
    EventTime::from_millis(time)
}

#[test]
fn timers_fire_once_in_the_order_of_time_whatever_is_snapshotted() {
    for seed in 0..200 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut timers = table();
        let mut model = BTreeSet::new();
        let mut frozen = Vec::new();
        for _ in 0..400 {
            let key = random.random_range(0..10_u64);
            let hash = stable_hash(&key);
            let time = random.random_range(-20..60_i64);
            match random.random_range(0..20) {
                0..9 => assert_eq!(
                    timers.register(hash, &key, at(time)),
                    model.insert((time, key))
                ),
                9..13 => assert_eq!(
                    timers.delete(hash, &key, at(time)),
                    model.remove(&(time, key))
                ),
                13..16 => {
                    let up_to = time - 20;
                    let due = timers.next_due(at(up_to));
                    let first = model.first().map(|(time, _)| *time);
                    let expected = first.filter(|first| *first <= up_to);
                    assert_eq!(due.as_ref().map(|due| due.time), expected.map(at));
                    if let Some(Due { time, key, hash }) = due {
                        assert_eq!(hash, stable_hash(&key));
                        assert!(model.remove(&(time.as_millis(), key)), "it is due");
                    }
                }
                16 => frozen.push(timers.freeze()),
                17 => drop(frozen.pop()),
                _ => drop(timers.maintain(random.random_range(0..12))),
            }
            let first = model.first().map(|(time, _)| at(*time));
            assert_eq!(timers.first(), first, "seed {seed}");
        }
        let mut fired = Vec::new();
        while let Some(due) = timers.next_due(EventTime::MAX) {
            fired.push((due.time.as_millis(), due.key));
        }
        assert!(fired.is_sorted_by_key(|(time, _)| *time));
        fired.sort_unstable();
        assert_eq!(fired, model.into_iter().collect::<Vec<_>>());
    }
}

/// A key whose hash all others have too.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Alike(u64);

impl std::hash::Hash for Alike {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        1_u64.hash(state);
    }
}

#[test]
fn keys_of_one_hash_have_timers_of_their_own() {
    let max = MaxParallelism::new(8).expect("in range");
    let mut timers = TimerTable::<Alike>::new("timers", max, max.range(0, 1));
    let hash = stable_hash(&Alike(0));
    for key in 0..5 {
        assert!(timers.register(hash, &Alike(key), at(1)));
    }
    assert!(timers.delete(hash, &Alike(2), at(1)));
    assert!(!timers.delete(hash, &Alike(2), at(1)));
    let mut fired = Vec::new();
    while let Some(due) = timers.next_due(at(1)) {
        fired.push(due.key.0);
    }
    fired.sort_unstable();
    assert_eq!(fired, [0, 1, 3, 4]);
    assert_eq!(timers.first(), None);
}
