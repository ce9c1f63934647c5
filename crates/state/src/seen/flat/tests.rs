use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{BEHIND, Flat, LEAST, Moment, Slot};
use crate::fingerprint::Fingerprint;

fn key(first: u64, place: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&first.to_le_bytes());
    bytes[8..].copy_from_slice(&place.to_le_bytes());
    Fingerprint::from_bytes(bytes)
}

fn entries(flat: &Flat) -> BTreeSet<(Fingerprint, i64)> {
    let entries = flat.entries();
    entries.map(|slot| (*slot.key(), slot.millis())).collect()
}

#[test]
fn an_entry_takes_22_bytes() {
    assert_eq!(size_of::<Slot>(), 22);
}

#[test]
fn times_are_kept_to_the_millisecond() {
    for millis in [0, 1, -1, 1_795_837_931_123, Moment::FIRST, Moment::LAST] {
        assert_eq!(Moment::new(millis).millis(), millis);
        assert!(Moment::new(millis) != Moment::NONE);
    }
    assert_eq!(Moment::new(i64::MAX).millis(), Moment::LAST);
    assert_eq!(Moment::new(i64::MIN).millis(), Moment::FIRST);
}

/// Places are drawn from few values, so that there are long runs, equal places of different keys, and many at the end.
#[test]
fn it_holds_what_was_put_in() {
    for seed in 0..20 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut flat, mut model) = (Flat::default(), BTreeSet::new());
        for _ in 0..3_000 {
            let place = match random.random_range(0..3) {
                0 => random.random::<u64>(),
                1 => u64::MAX - random.random_range(0..20),
                _ => random.random_range(0..20),
            };
            let key = key(random.random_range(0..2), place);
            let millis = random.random_range(0..50);
            let holds = model.contains(&(key, millis));
            assert_eq!(flat.any(&key, |held| held == millis), holds, "seed {seed}");
            if !holds {
                flat.insert(key, millis, i64::MIN);
                model.insert((key, millis));
            }
        }
        assert_eq!((entries(&flat), flat.len()), (model.clone(), model.len()));
        assert!(flat.entries().map(|slot| slot.key.place()).is_sorted());
        flat.forget(24);
        model.retain(|(_, millis)| *millis > 24);
        assert_eq!((entries(&flat), flat.len()), (model.clone(), model.len()));
        for (key, millis) in &model {
            assert!(flat.any(key, |held| held == *millis), "seed {seed}");
        }
        let mut popped = BTreeSet::new();
        while let Some(slot) = flat.pop() {
            popped.insert((*slot.key(), slot.millis()));
        }
        assert_eq!((popped, flat.len()), (model, 0));
    }
}

#[test]
fn it_is_never_much_larger_than_what_it_holds() {
    let mut random = StdRng::seed_from_u64(7);
    let mut flat = Flat::default();
    for count in 1..=200_000 {
        flat.insert(key(0, random.random()), count, i64::MIN);
        let most = 34 * count as usize + (LEAST + 2 * BEHIND) * size_of::<Slot>();
        assert!(flat.bytes() <= most, "{} bytes for {count}", flat.bytes());
    }
}

/// Of entries that come and go no more than a quarter is there in vain, without any sweep.
#[test]
fn what_is_forgotten_is_left_out_before_it_grows() {
    let mut random = StdRng::seed_from_u64(8);
    let mut flat = Flat::default();
    for now in 0..300_000 {
        flat.insert(key(0, random.random()), now, now - 10_000);
        assert!(flat.len() <= 13_000, "{} at {now}", flat.len());
    }
    assert!(flat.bytes() < 10_000 * 40, "{}", flat.bytes());
}
