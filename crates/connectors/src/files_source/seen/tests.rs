use std::collections::BTreeMap;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Entry, Seen, Sweep, read_segment, whole_minutes};
use crate::files_source::listing::Identity;

fn entry(key: u64, sequence: u64) -> Entry {
    let identity = Identity {
        size: key ^ 5,
        mtime: -7,
    };
    Entry::new(key, identity, key.rotate_left(9), sequence)
}

fn sweep(seen: &mut Seen, minute: u64, keep: u64, forget: bool) -> usize {
    let rules = Sweep {
        minute,
        keep,
        forget,
    };
    seen.sweep(0..Seen::buckets(), rules)
}

#[test]
fn what_was_put_is_found() {
    let mut seen = Seen::default();
    for number in 0..10_000_u64 {
        let key = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        seen.put(entry(key, number));
    }
    assert_eq!((seen.len(), seen.present()), (10_000, 10_000));
    for number in 0..10_000_u64 {
        let key = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let found = seen.get(key).expect("was put");
        assert_eq!(found.sequence(), number);
        assert_eq!(found.identity, entry(key, 0).identity);
    }
    assert_eq!(seen.get(1), None);
}

#[test]
fn what_is_gone_is_forgotten_after_its_time_and_not_before() {
    let mut seen = Seen::default();
    (0..3).for_each(|key| seen.put(entry(key << 60, key)));
    assert_eq!(sweep(&mut seen, 0, 10, true), 0, "all were met");
    for (minute, met, gone, known) in [
        (1, &[0, 1, 2][..], 0, 3),
        (2, &[0, 1], 1, 3),
        (11, &[0], 1, 3),
        // Ten minutes may not be over: it left at the end of the second, and the twelfth has just begun.
        (12, &[0], 0, 3),
        // One that comes back is as if it had never been away.
        (13, &[0, 1], 0, 2),
        (20, &[0, 1], 0, 2),
        (22, &[0], 1, 2),
        (32, &[0], 0, 2),
        (33, &[0], 0, 1),
    ] {
        met.iter().for_each(|key: &u64| seen.meet(key << 60));
        assert_eq!(sweep(&mut seen, minute, 10, true), gone, "minute {minute}");
        assert_eq!(seen.len(), known, "minute {minute}");
    }
}

#[test]
fn a_time_to_live_is_never_shortened() {
    for (milliseconds, minutes) in [
        (0, 0),
        (1, 1),
        (59_999, 1),
        (60_000, 1),
        (60_001, 2),
        (86_400_000, 1_440),
    ] {
        let time = Duration::from_millis(milliseconds);
        assert_eq!(whole_minutes(time), minutes, "{milliseconds} ms");
    }
}

#[test]
fn a_listing_from_which_nothing_follows_forgets_nothing() {
    let mut seen = Seen::default();
    seen.put(entry(9, 1));
    sweep(&mut seen, 0, 1, true);
    for minute in 1..100 {
        assert_eq!(sweep(&mut seen, minute, 1, false), 0);
    }
    assert_eq!((seen.len(), seen.present()), (1, 1));
}

#[test]
fn segments_restore_what_was_frozen_whatever_happened_in_between() {
    for seed in 0..40 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut seen = Seen::default();
        let mut segments: Vec<Vec<u8>> = Vec::new();
        let mut frozen: BTreeMap<u64, Entry> = BTreeMap::new();
        for round in 0..6_u64 {
            for _ in 0..random.random_range(0..200) {
                let key = random.random_range(0..300_u64) << 55;
                match random.random_range(0..5) {
                    0 => seen.remove(key),
                    1 => seen.meet(key),
                    _ => seen.put(entry(key, random.random_range(0..1 << 39))),
                }
            }
            sweep(&mut seen, round * 3, 5, random.random_range(0..2) == 0);
            let state = seen.freeze();
            let mut bytes = Vec::new();
            if round == 0 || random.random_range(0..3) == 0 {
                segments.clear();
                state.write_all(&mut bytes).expect("memory");
            } else {
                state.write_changes(&mut bytes).expect("memory");
            }
            segments.push(bytes);
            frozen = (0..300)
                .filter_map(|key| seen.get(key << 55))
                .map(|entry| (entry.key, entry))
                .collect();
            // What happens behind the boundary does not belong to it.
            (0..50).for_each(|key| seen.put(entry(key << 57, 1)));
            assert_eq!(state.len(), frozen.len());
            (0..50).for_each(|key| match frozen.get(&(key << 57)) {
                Some(before) => {
                    seen.remove(key << 57);
                    seen.put(*before);
                    if before.gone_since().is_none() {
                        seen.meet(key << 57);
                    }
                }
                None => seen.remove(key << 57),
            });
        }
        let mut restored = Seen::default();
        for bytes in &segments {
            read_segment(&mut bytes.as_slice(), &mut restored).expect("whole");
        }
        assert_eq!(restored.len(), frozen.len(), "seed {seed}");
        for (key, before) in &frozen {
            let after = restored.get(*key).expect("is there");
            assert_eq!(after.identity, before.identity, "seed {seed}");
            assert_eq!(after.sequence(), before.sequence(), "seed {seed}");
            assert_eq!(after.gone_since(), before.gone_since(), "seed {seed}");
        }
        assert_eq!(restored.present(), seen.present(), "seed {seed}");
        assert_eq!(
            restored.freeze().changes(),
            0,
            "what was restored is no change"
        );
    }
}

#[test]
fn what_was_passed_over_is_known_as_that_in_snapshots() {
    let mut seen = Seen::default();
    (1..=3).for_each(|key| seen.put(entry(key, key)));
    let mut first = Vec::new();
    seen.freeze().write_all(&mut first).expect("memory");
    seen.mark_unread(1, 1);
    seen.mark_unread(2, 1);
    seen.mark_gone(3, 7);
    // Both marks stay where the other changes.
    seen.mark_gone(1, 8);
    let mut second = Vec::new();
    let frozen = seen.freeze();
    assert_eq!(frozen.changes(), 2);
    frozen.write_changes(&mut second).expect("memory");
    let mut restored = Seen::default();
    for bytes in [&first, &second] {
        read_segment(&mut bytes.as_slice(), &mut restored).expect("whole");
    }
    assert_eq!(restored.present(), 1);
    let marks = |key| {
        let entry: Entry = restored.get(key).expect("is known");
        (entry.is_unread(), entry.gone_since(), entry.sequence())
    };
    assert_eq!(marks(1), (true, Some(8), 1));
    assert_eq!(marks(2), (false, None, 2), "another announcement of it");
    assert_eq!(marks(3), (false, Some(7), 3));
    restored.put(entry(1, 9));
    let again = restored.get(1).expect("is known");
    assert_eq!((again.is_unread(), again.gone_since()), (false, None));
}

#[test]
fn a_segment_that_ends_too_early_is_told() {
    let mut seen = Seen::default();
    seen.put(entry(1, 1));
    let mut bytes = Vec::new();
    seen.freeze().write_all(&mut bytes).expect("memory");
    let cut = bytes.len() - 1;
    let read = read_segment(&mut &bytes[..cut], &mut Seen::default());
    assert_eq!(
        read.expect_err("is cut").kind(),
        std::io::ErrorKind::UnexpectedEof
    );
}

/// Bytes for each of a million files, of which the words are told by their numbers, while snapshots are taken; and for each of
/// those that are restored from the last one.
fn bytes_of_each(of: impl Fn(u64) -> Entry) -> (usize, usize) {
    const FILES: u64 = 1_000_000;
    let (mut seen, mut frozen) = (Seen::default(), None);
    for number in 0..FILES {
        seen.put(of(number));
        if number % 50_000 == 0 {
            frozen = Some(seen.freeze());
        }
    }
    drop(frozen);
    let mut segment = Vec::new();
    let state = seen.freeze();
    state.write_all(&mut segment).expect("memory");
    let mut restored = Seen::default();
    read_segment(&mut segment.as_slice(), &mut restored).expect("whole");
    assert_eq!((seen.len(), restored.len()), (1_000_000, 1_000_000));
    let each = |seen: &Seen| seen.memory() / 1_000_000;
    (each(&seen), each(&restored))
}

#[test]
fn a_million_files_take_less_than_fifty_megabytes() {
    let hash = |number: u64, salt: u64| millstream_core::hash::stable_hash(&[number, salt]);
    // Files of up to a megabyte, of which one came each second.
    let usual = bytes_of_each(|number| {
        let identity = Identity {
            size: hash(number, 1) % 1_000_000,
            mtime: 1_700_000_000_000_000_000 + number as i64 * 1_000_000_000,
        };
        Entry::new(hash(number, 0), identity, hash(number, 2), number)
    });
    // Files that have nothing in common.
    let worst = bytes_of_each(|number| {
        let word = |salt| hash(number, salt);
        Entry::of_words([word(0), word(1), word(2), word(3), word(4) >> 1])
    });
    assert!(usual.0 <= 36 && usual.1 <= 36, "{usual:?} bytes");
    assert!(worst.0 < 50 && worst.1 < 50, "{worst:?} bytes");
}
