use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Packed, ROWS};
use crate::files_source::seen::Entry;

/// An entry of which each word is of some length.
fn entry(random: &mut StdRng, key: u64) -> Entry {
    let mut words = [key, 0, 0, 0, 0];
    for word in words.iter_mut().skip(1) {
        let bits = random.random_range(0..=64_u32);
        *word = u64::MAX.checked_shr(64 - bits).unwrap_or(0) & random.random::<u64>();
    }
    Entry::of_words(words)
}

#[test]
fn what_is_packed_is_what_was() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut entries, mut packed) = (Vec::<Entry>::new(), Packed::of(&[]));
        let shift = random.random_range(0..64_u32);
        while entries.len() < 64 {
            let key = random.random::<u64>() >> shift;
            let Err(at) = entries.binary_search_by_key(&key, |entry| entry.key) else {
                break;
            };
            assert_eq!(packed.find(key), Err(at), "seed {seed}");
            let entry = entry(&mut random, key);
            entries.insert(at, entry);
            let before: Vec<Entry> = packed.iter().collect();
            let with = packed.with(at, entry);
            assert!(packed.iter().eq(before), "seed {seed}: it does not change");
            packed = with;
            assert!(packed.iter().eq(entries.iter().copied()), "seed {seed}");
            assert_eq!(packed.first(), entries[0].key);
        }
        let anew = Packed::of(&entries);
        assert!(anew.iter().eq(entries.iter().copied()), "seed {seed}");
        for (at, entry) in entries.iter().enumerate() {
            assert_eq!(packed.find(entry.key), Ok(at), "seed {seed}");
            assert_eq!(packed.get(at), Some(*entry), "seed {seed}");
        }
        assert_eq!(packed.len(), entries.len());
        assert_eq!(packed.get(entries.len()), None);
    }
}

#[test]
fn what_entries_have_in_common_takes_no_room() {
    let entry = |key: u64| Entry::of_words([key << 40, 7, u64::MAX, 1 << 60, (1 << 50) + key]);
    let entries: Vec<Entry> = (0..64).map(entry).collect();
    let packed = Packed::of(&entries);
    assert_eq!(packed.0.len(), ROWS + 64 * (6 + 1) + 8);
    assert!(packed.iter().eq(entries));
}
