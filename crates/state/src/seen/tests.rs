use std::collections::{BTreeMap, BTreeSet};

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, MaxParallelism};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::SeenTable;
use super::group::Frozen;
use crate::fingerprint::Fingerprint;
use crate::groups::FrozenTable;
use crate::keyed::KeyedState;
use crate::rows::Rows;

const WITHIN: i64 = 100;

type Entries = BTreeSet<(Fingerprint, i64)>;

fn key(number: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&stable_hash(&number).to_le_bytes());
    bytes[8..].copy_from_slice(&stable_hash(&(number, 1)).to_le_bytes());
    Fingerprint::from_bytes(bytes)
}

fn at(millis: i64) -> EventTime {
    EventTime::from_millis(millis)
}

fn table(groups: u32) -> SeenTable {
    let max = MaxParallelism::new(groups).expect("in range");
    SeenTable::new("seen", max, max.range(0, 1), WITHIN)
}

fn rows(table: &FrozenTable<Frozen>) -> Entries {
    let mut all = Entries::new();
    for (_, group) in &table.groups {
        let rows: Vec<_> = group
            .rows()
            .map(|(key, time, ())| (*key, time.as_millis()))
            .collect();
        assert_eq!(rows.len(), group.len());
        all.extend(rows);
    }
    all
}

/// What the table is to say, told without it.
#[derive(Default)]
struct Model {
    seen: BTreeMap<u64, Vec<i64>>,
    horizon: i64,
}

impl Model {
    fn note(&mut self, number: u64, time: i64) -> bool {
        if time <= self.horizon {
            return true;
        }
        let seen = self.seen.entry(number).or_default();
        seen.retain(|seen| *seen > self.horizon);
        let is_new = seen.iter().all(|seen| (seen - time).abs() >= WITHIN);
        if is_new {
            seen.push(time);
        }
        is_new
    }

    fn entries(&self) -> Entries {
        let all = self.seen.iter();
        let all = all.flat_map(|(number, times)| times.iter().map(|time| (key(*number), *time)));
        all.filter(|(_, time)| *time > self.horizon).collect()
    }
}

#[test]
fn the_first_goes_on_and_what_is_near_does_not() {
    let mut table = table(128);
    let key = key(1);
    for (time, is_new) in [
        (1_000, true),
        (1_000, false),
        (1_099, false),
        (901, false),
        (1_100, true),
        (900, true),
        (1_050, false),
        (1_199, false),
    ] {
        assert_eq!(table.note(&key, at(time)), is_new, "{time}");
    }
    assert_eq!(table.len(), 3);
    table.forget_until(at(1_000));
    assert!(table.note(&key, at(1_000)), "older than what is remembered");
    assert!(table.note(&key, at(1_000)), "and so is not noted");
    assert!(!table.note(&key, at(1_001)), "near to 1,100");
}

/// Sightings, snapshots that are written slowly, horizons and upkeep in any order: the table says at every moment what the
/// model says, and a snapshot holds what there was when it was taken.
#[test]
fn it_says_the_same_whatever_happens_meanwhile() {
    for seed in 0..30 {
        let mut random = StdRng::seed_from_u64(seed);
        let (mut table, mut model) = (table(4), Model::default());
        table.forget_until(at(0));
        let mut writing: Vec<(FrozenTable<Frozen>, Entries)> = Vec::new();
        let mut now = 1_000;
        for step in 0..4_000 {
            now += random.random_range(0..3);
            match random.random_range(0..100) {
                0..90 => {
                    let number = random.random_range(0..200);
                    let time = now - random.random_range(0..250);
                    let is_new = table.note(&key(number), at(time));
                    assert_eq!(is_new, model.note(number, time), "seed {seed}, step {step}");
                }
                90..93 => {
                    model.horizon = model.horizon.max(now - 200);
                    table.forget_until(at(now - 200));
                }
                93..95 if writing.len() < 6 => {
                    let frozen = table.groups.freeze();
                    let held = model.entries();
                    assert!(rows(&frozen).is_superset(&held), "seed {seed}, step {step}");
                    let held = rows(&frozen);
                    writing.push((frozen, held));
                }
                95..97 if !writing.is_empty() => {
                    let (frozen, held) = writing.remove(0);
                    assert_eq!(rows(&frozen), held, "seed {seed}, step {step}");
                }
                _ => {
                    table.maintain(random.random_range(1..50));
                }
            }
        }
        drop(writing);
        while table.maintain(100) {}
        let frozen = table.groups.freeze();
        assert!(rows(&frozen).is_superset(&model.entries()), "seed {seed}");
    }
}

#[test]
fn memory_of_what_is_forgotten_is_given_back() {
    let mut table = table(16);
    for number in 0..10_000 {
        assert!(table.note(&key(number), at(1_000)));
    }
    let before = table.bytes();
    table.forget_until(at(999));
    while table.maintain(1) {}
    assert_eq!((table.len(), table.bytes()), (10_000, before));
    // A part of the time has to go by until memory is given back again.
    table.forget_until(at(1_000 + WITHIN));
    while table.maintain(1) {}
    assert_eq!(table.len(), 0);
    assert!(table.bytes() < before / 20, "{} of {before}", table.bytes());
    assert!(table.is_empty());
}

#[test]
fn a_snapshot_copies_nothing_and_upkeep_ends() {
    let mut table = table(1);
    for number in 0..1_000 {
        table.note(&key(number), at(1_000));
    }
    let bytes = table.bytes();
    let frozen = table.groups.freeze();
    assert_eq!(table.bytes(), bytes);
    table.note(&key(5_000), at(1_000));
    assert!(table.maintain(10), "the snapshot needs the group");
    assert!(!table.note(&key(5_000), at(1_000)));
    assert!(!table.note(&key(7), at(1_000)));
    assert_eq!(rows(&frozen).len(), 1_000);
    drop(frozen);
    assert!(!table.maintain(10));
    assert_eq!((table.len(), table.groups.unsettled()), (1_001, 0));
}

#[test]
fn it_is_the_state_that_a_map_of_times_is() {
    let table = table(128);
    let identity = table.groups.identity();
    assert_eq!(identity.key_type, "bytes");
    assert_eq!(identity.value_type, "map<i64, nothing>");
}

#[test]
fn a_time_beyond_what_is_kept_is_near_to_itself() {
    let mut table = table(16);
    for (number, far) in [(1, 1_732_960_000_000_000), (2, i64::MAX), (3, -(1 << 50))] {
        assert!(table.note(&key(number), at(far)));
        assert!(!table.note(&key(number), at(far)), "{far}");
    }
    assert_eq!(table.len(), 3);
}
