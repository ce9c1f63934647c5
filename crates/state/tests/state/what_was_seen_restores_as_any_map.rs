//! What a table of what was seen writes is a map state like any other: it restores at any parallelism, through files of
//! both formats, into such a table and into the map of a program, and the other way round.

#![allow(clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::collections::BTreeSet;

use crate::common::{FORMATS, MAX, open, owner, registry, write};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, KeyGroupRange};
use millstream_state::{Fingerprint, KeyedState, MapState, SeenTable, StateRegistry};
use millstream_storage::canonical::CanonicalReader;
use millstream_storage::{OperatorSnapshot, SnapshotFormat};

const KEYS: u64 = 500;
const WITHIN: i64 = 1_000;

type Entries = BTreeSet<(Fingerprint, i64)>;

fn key(number: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&stable_hash(&number).to_le_bytes());
    bytes[8..].copy_from_slice(&stable_hash(&(number, 1)).to_le_bytes());
    Fingerprint::from_bytes(bytes)
}

/// The times of a key: 1 to 3, far enough from each other.
fn times(number: u64) -> impl Iterator<Item = i64> {
    (0..=number % 3).map(move |n| 1_790_000_000_000 + (number as i64) + n as i64 * 2 * WITHIN)
}

fn all() -> Entries {
    let numbers = 0..KEYS;
    numbers
        .flat_map(|number| times(number).map(move |time| (key(number), time)))
        .collect()
}

fn table(subtask: usize, parallelism: usize, restored: Option<&OperatorSnapshot>) -> SeenTable {
    let mut table = SeenTable::new("seen", MAX, MAX.range(subtask, parallelism), WITHIN);
    if let Some(restored) = restored {
        table.restore(restored).expect("it is the same state");
    }
    table
}

/// Whether the tables of all subtasks hold each time of each key, and nothing else.
fn check(tables: &mut [SeenTable]) {
    let count: usize = tables.iter().map(SeenTable::len).sum();
    assert_eq!(count, all().len());
    let parallelism = tables.len();
    for (key, time) in all() {
        let table = &mut tables[owner(&key, parallelism)];
        assert!(
            !table.note(&key, EventTime::from_millis(time)),
            "{key:?} at {time}"
        );
    }
}

#[test]
fn at_any_parallelism_in_both_formats() {
    let directory = tempfile::tempdir().expect("a directory");
    for format in FORMATS {
        for (from, to) in [(1, 3), (3, 1), (4, 3), (2, 2)] {
            let mut tables: Vec<_> = (0..from)
                .map(|subtask| table(subtask, from, None))
                .collect();
            for (key, time) in all() {
                assert!(tables[owner(&key, from)].note(&key, EventTime::from_millis(time)));
            }
            let states = tables
                .iter_mut()
                .map(|table| vec![table.freeze()])
                .collect();
            let name = directory.path().join(format!("{format}-{from}-{to}"));
            let location = write(&name, format, states).expect("written");
            let snapshot = open(&location);
            let restored = (0..to).map(|subtask| table(subtask, to, Some(&snapshot)));
            check(&mut restored.collect::<Vec<_>>());
        }
    }
}

#[test]
fn into_the_map_of_a_program_and_back() {
    let directory = tempfile::tempdir().expect("a directory");
    for format in FORMATS {
        let mut first = table(0, 1, None);
        for (key, time) in all() {
            assert!(first.note(&key, EventTime::from_millis(time)));
        }
        let name = directory.path().join(format!("{format}-table"));
        let location = write(&name, format, vec![vec![first.freeze()]]).expect("written");

        let mut states: StateRegistry<Fingerprint> = registry(0, 1, Some(&open(&location)));
        let map: MapState<Fingerprint, EventTime, ()> = states.map("seen").expect("it fits");
        let mut found = Entries::new();
        for number in 0..KEYS {
            states.context().set(key(number));
            let entries = map.entries().expect("a key");
            found.extend(
                entries
                    .into_iter()
                    .map(|(time, ())| (key(number), time.as_millis())),
            );
        }
        assert_eq!(found, all());

        let name = directory.path().join(format!("{format}-map"));
        let location = write(&name, format, vec![states.freeze()]).expect("written");
        check(&mut [table(0, 1, Some(&open(&location)))]);
    }
}

#[test]
fn as_columns_that_any_tool_reads() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut table = table(0, 1, None);
    let time = EventTime::from_millis(1_790_000_000_123);
    assert!(table.note(&key(7), time));
    let name = directory.path().join("savepoint");
    let states = vec![vec![table.freeze()]];
    let location = write(&name, SnapshotFormat::Canonical, states).expect("written");
    let snapshot = open(&location);
    let state = snapshot.state("seen").expect("it is there");
    let groups = KeyGroupRange { start: 0, end: 128 };
    let file = snapshot.files(state, groups).next().expect("one file");
    let file = snapshot.verified(file).expect("intact");
    let mut reader = CanonicalReader::open(&file, groups).expect("Parquet");
    let batch = reader.next_batch().expect("intact").expect("a batch");
    let column = |name: &str| batch.column_by_name(name).expect("a column");
    assert_eq!(column("key").as_binary::<i32>().value(0), key(7).as_bytes());
    let times = column("map_key").as_primitive::<Int64Type>();
    assert_eq!(times.value(0), time.as_millis());
}
