//! State written by N subtasks is restored by M, through files of both formats, entry by entry.

use std::collections::BTreeMap;

use crate::common::{FORMATS, open, owner, registry, write};
use compact_str::CompactString;
use millstream_state::{StateKey, StateRegistry, StateValue};
use millstream_storage::{OperatorSnapshot, SnapshotFormat, StateKind};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// Writes `entries` at one parallelism; what comes back at another must be the same.
fn round_trip<K, V>(entries: &[(K, V)], from: usize, to: usize, format: SnapshotFormat)
where
    K: StateKey + Ord + std::fmt::Debug,
    V: StateValue + PartialEq + std::fmt::Debug,
{
    let temp = tempfile::tempdir().expect("a directory");
    let mut subtasks: Vec<StateRegistry<K>> = (0..from)
        .map(|subtask| registry(subtask, from, None))
        .collect();
    let tables: Vec<_> = subtasks
        .iter_mut()
        .map(|registry| {
            registry
                .table::<V>("state", StateKind::Value)
                .expect("a new name")
        })
        .collect();
    for (key, value) in entries {
        let table = tables.get(owner(key, from)).expect("one for each subtask");
        table.borrow_mut().insert(key.clone(), value.clone());
    }
    let frozen = subtasks.iter_mut().map(StateRegistry::freeze).collect();
    let location = write(temp.path(), format, frozen).expect("writable");
    let snapshot = open(&location);

    let mut restored = BTreeMap::new();
    for subtask in 0..to {
        for (key, value) in restore(&snapshot, subtask, to) {
            assert_eq!(
                owner::<K>(&key, to),
                subtask,
                "{key:?} came to another's subtask"
            );
            assert!(restored.insert(key, value).is_none(), "a key came twice");
        }
    }
    let expected: BTreeMap<K, V> = entries.iter().cloned().collect();
    assert_eq!(restored, expected, "{from} -> {to}, {format}");
}

fn restore<K: StateKey, V: StateValue>(
    snapshot: &OperatorSnapshot,
    subtask: usize,
    parallelism: usize,
) -> Vec<(K, V)> {
    let mut registry: StateRegistry<K> = registry(subtask, parallelism, Some(snapshot));
    let table = registry
        .table::<V>("state", StateKind::Value)
        .expect("restores");
    let table = table.borrow();
    table
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// A record with everything that has real columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Account {
    balance: i64,
    owner: Option<String>,
    rates: Vec<f64>,
    limits: BTreeMap<String, u32>,
    pair: (u8, bool),
    level: Level,
    nested: Nested,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Level {
    Low,
    High,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Nested {
    note: CompactString,
    unit: (),
}

/// An enum with data, which Parquet has no column for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Phase {
    Idle,
    Busy { since: u64, ratio: f32 },
    Done(String),
}

fn account(random: &mut StdRng, number: u64) -> Account {
    Account {
        balance: random.random(),
        owner: random
            .random_bool(0.5)
            .then(|| format!("owner \"{number}\" 数\n")),
        rates: (0..random.random_range(0..4))
            .map(|_| random.random())
            .collect(),
        limits: (0..random.random_range(0..3))
            .map(|i| (format!("l{i}"), i))
            .collect(),
        pair: (random.random(), random.random()),
        level: if random.random_bool(0.5) {
            Level::Low
        } else {
            Level::High
        },
        nested: Nested {
            note: CompactString::from(number.to_string()),
            unit: (),
        },
    }
}

#[test]
fn at_several_parallelisms_in_both_formats() {
    let mut random = StdRng::seed_from_u64(1);
    let entries: Vec<_> = (0..3_000)
        .map(|number| (format!("key {number}"), account(&mut random, number)))
        .collect();
    for format in FORMATS {
        for (from, to) in [(1, 1), (1, 5), (2, 3), (5, 1), (7, 4), (128, 3), (3, 128)] {
            round_trip(&entries, from, to, format);
        }
    }
}

#[test]
fn keys_and_values_of_many_types() {
    for format in FORMATS {
        let numbers = 0..500_u64;
        round_trip(&[] as &[(u64, u64)], 2, 3, format);
        round_trip(
            &numbers.clone().map(|n| (n, n * n)).collect::<Vec<_>>(),
            2,
            3,
            format,
        );
        round_trip(
            &numbers.clone().map(|n| (n as i32, ())).collect::<Vec<_>>(),
            2,
            3,
            format,
        );
        round_trip(
            &numbers
                .clone()
                .map(|n| ((n as u8, n.to_string()), Some(n).filter(|n| n % 2 == 0)))
                .collect::<Vec<_>>(),
            2,
            3,
            format,
        );
        round_trip(
            &numbers
                .clone()
                .map(|n| (u128::from(n) << 90, n % 3 == 0))
                .collect::<Vec<_>>(),
            2,
            3,
            format,
        );
        let phase = |n: u64| match n % 3 {
            0 => Phase::Idle,
            1 => Phase::Busy {
                since: n,
                ratio: 0.1,
            },
            _ => Phase::Done(n.to_string()),
        };
        round_trip(
            &numbers.clone().map(|n| (n, phase(n))).collect::<Vec<_>>(),
            2,
            3,
            format,
        );
        round_trip(
            &numbers.map(|n| (n, Some(Level::High))).collect::<Vec<_>>(),
            2,
            3,
            format,
        );
    }
}

#[test]
fn more_entries_than_one_section_or_batch() {
    let entries: Vec<_> = (0..70_000_u64).map(|n| (n, format!("{n:0>40}"))).collect();
    for format in FORMATS {
        round_trip(&entries, 1, 2, format);
    }
}
