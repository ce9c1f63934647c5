use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{At, Bucket, MOST, low, with_bit, without_bit};
use crate::files_source::listing::Identity;
use crate::files_source::seen::Entry;

fn entry(key: u64, size: u64) -> Entry {
    Entry::new(key, Identity { size, mtime: 1 }, 2, 3)
}

fn place(bucket: &Bucket, key: u64) -> Option<At> {
    bucket.find(key).ok()
}

#[test]
fn bits_move_as_the_elements_of_a_list_do() {
    for at in 0..MOST {
        for word in [0, 1, 0xA5A5_5A5A_0F0F_F0F0, u64::MAX >> 1] {
            for bit in [false, true] {
                let put = with_bit(word, at, bit);
                assert_eq!(put >> at & 1 == 1, bit);
                assert_eq!(put & low(at), word & low(at));
                assert_eq!(without_bit(put, at), word & low(MOST - 1), "{at} {word:x}");
            }
        }
    }
}

#[test]
fn it_is_a_sorted_map_with_marks() {
    for seed in 0..30 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut bucket, mut map) = (Bucket::default(), BTreeMap::<u64, (u64, bool)>::new());
        for _ in 0..4_000 {
            let key = random.random_range(0..700);
            let (size, met) = (random.random_range(0..9), random.random_range(0..2) == 0);
            match (random.random_range(0..10), bucket.find(key)) {
                (0..4, Ok(at)) => {
                    assert_eq!(bucket.remove(at).map(|entry| entry.key), Some(key));
                    map.remove(&key);
                }
                (_, Ok(at)) => {
                    bucket.replace(at, entry(key, size));
                    bucket.set_met(at, met);
                    map.insert(key, (size, met));
                }
                (_, Err(at)) => {
                    bucket.insert(at, entry(key, size), met);
                    map.insert(key, (size, met));
                }
            }
        }
        let found = bucket.iter().map(|entry| {
            let met = bucket.is_met(place(&bucket, entry.key).expect("there"));
            (entry.key, (entry.identity.size, met))
        });
        assert!(found.eq(map.iter().map(|(key, value)| (*key, *value))));
        let mut shown = Vec::new();
        bucket.take_met(Some(&mut |entry| {
            shown.push(entry.key);
            entry.key % 3 == 0
        }));
        let unmet = map.iter().filter(|(_, (_, met))| !met).map(|(key, _)| *key);
        assert!(unmet.eq(shown), "seed {seed}");
        map.retain(|key, (_, met)| *met || key % 3 == 0);
        assert!(bucket.iter().map(|entry| entry.key).eq(map.keys().copied()));
        assert!(
            map.keys()
                .all(|key| !bucket.is_met(place(&bucket, *key).expect("there")))
        );
    }
}

#[test]
fn what_a_snapshot_holds_does_not_change() {
    let mut bucket = Bucket::default();
    let put = |bucket: &mut Bucket, key| {
        let at = bucket.find(key).expect_err("new");
        bucket.insert(at, entry(key, key), false);
    };
    (0..200).for_each(|key| put(&mut bucket, key * 2));
    let frozen: Vec<_> = bucket.freeze().collect();
    (0..200).for_each(|key| put(&mut bucket, key * 2 + 1));
    (0..100).for_each(|key| {
        let at = place(&bucket, key * 4).expect("there");
        bucket.remove(at);
    });
    let keys = frozen.iter().flat_map(|entries| entries.iter());
    assert!(keys.map(|entry| entry.key).eq((0..200).map(|key| key * 2)));
    assert_eq!(bucket.iter().count(), 300);
}

#[test]
fn keys_in_their_order_fill_every_block() {
    let mut bucket = Bucket::default();
    for key in 0..MOST as u64 * 10 {
        let at = bucket.find(key).expect_err("new");
        bucket.insert(at, entry(key, 1), false);
    }
    assert_eq!(bucket.blocks().len(), 10);
}
