//! Maps, lists and timers written by N subtasks are restored by M, through files of both formats, with one row for each entry.

#![allow(clippy::indexing_slicing, reason = "a panic is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{FORMATS, open, owner, registry, write};
use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use millstream_core::{EventTime, KeyGroupRange};
use millstream_state::{ListState, MapState, StateRegistry, TimerState};
use millstream_storage::canonical::CanonicalReader;
use millstream_storage::{OperatorSnapshot, SnapshotFormat};
use serde::{Deserialize, Serialize};

const KEYS: u64 = 300;
const ALL: KeyGroupRange = KeyGroupRange { start: 0, end: 128 };

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    name: String,
    amount: Option<f64>,
}

/// The states of one subtask.
struct States {
    registry: StateRegistry<String>,
    maps: MapState<String, (u32, String), Item>,
    lists: ListState<String, Item>,
    timers: TimerState<String>,
}

impl States {
    fn new(subtask: usize, parallelism: usize, restored: Option<&OperatorSnapshot>) -> Self {
        let mut registry: StateRegistry<String> = registry(subtask, parallelism, restored);
        Self {
            maps: registry.map("maps").expect("restores"),
            lists: registry.list("lists").expect("restores"),
            timers: registry.timers("timers").expect("restores"),
            registry,
        }
    }

    fn fill(&self, number: u64) {
        self.registry.context().set(key(number));
        for (user_key, item) in map(number) {
            self.maps.put(user_key, item).expect("a key");
        }
        self.lists.extend(list(number)).expect("a key");
        for time in times(number) {
            let time = EventTime::from_millis(time);
            assert!(self.timers.register(time).expect("a key"));
        }
    }
}

fn key(number: u64) -> String {
    format!("key {number}")
}

fn item(number: u64) -> Item {
    Item {
        name: format!("item \"{number}\" 数"),
        amount: number.is_multiple_of(2).then_some(number as f64 / 3.0),
    }
}

fn map(number: u64) -> BTreeMap<(u32, String), Item> {
    (0..number % 7)
        .map(|n| ((n as u32, format!("user {n}")), item(number * 10 + n)))
        .collect()
}

fn list(number: u64) -> Vec<Item> {
    (0..number % 5).map(|n| item(number * 10 + n)).collect()
}

fn times(number: u64) -> Vec<i64> {
    let number = number.cast_signed();
    (0..number % 4).map(|n| number - 100 + n * 50).collect()
}

/// Writes at one parallelism. While the snapshot is written, everything is changed.
fn written(directory: &Path, from: usize, format: SnapshotFormat) -> OperatorSnapshot {
    let mut subtasks: Vec<States> = (0..from)
        .map(|subtask| States::new(subtask, from, None))
        .collect();
    for number in 0..KEYS {
        subtasks[owner(&key(number), from)].fill(number);
    }
    let frozen = subtasks
        .iter_mut()
        .map(|states| states.registry.freeze())
        .collect();
    for number in 0..KEYS {
        let states = &subtasks[owner(&key(number), from)];
        states.registry.context().set(key(number));
        states
            .maps
            .put((1, "user 1".into()), item(0))
            .expect("a key");
        states.maps.remove(&(0, "user 0".into())).expect("a key");
        states.lists.add(item(0)).expect("a key");
    }
    for states in &subtasks {
        let fired = states
            .timers
            .fire_due(EventTime::from_millis(20), 10_000, |_, _| Ok(()));
        assert!(!fired.expect("no error"));
    }
    open(&write(directory, format, frozen).expect("writable"))
}

#[test]
fn at_several_parallelisms_in_both_formats() {
    for format in FORMATS {
        for (from, to) in [(1, 1), (1, 4), (3, 2), (5, 1)] {
            let temp = tempfile::tempdir().expect("a directory");
            let snapshot = written(temp.path(), from, format);
            let subtasks: Vec<States> = (0..to)
                .map(|subtask| States::new(subtask, to, Some(&snapshot)))
                .collect();
            check(&subtasks, to);
            let entries = |name: &str| -> u64 {
                let state = snapshot.state(name).expect("written");
                state.files.iter().map(|file| file.entries).sum()
            };
            let sum = |of: fn(u64) -> usize| (0..KEYS).map(|n| of(n) as u64).sum::<u64>();
            assert_eq!(entries("maps"), sum(|number| map(number).len()));
            assert_eq!(entries("lists"), sum(|number| list(number).len()));
            assert_eq!(entries("timers"), sum(|number| times(number).len()));
        }
    }
}

fn check(subtasks: &[States], to: usize) {
    for number in 0..KEYS {
        let states = &subtasks[owner(&key(number), to)];
        states.registry.context().set(key(number));
        let mut entries = states.maps.entries().expect("a key");
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        assert!(entries.into_iter().eq(map(number)));
        assert_eq!(states.lists.get().expect("a key"), list(number));
        for time in times(number) {
            let time = EventTime::from_millis(time);
            assert!(states.timers.is_registered(time).expect("a key"));
        }
        states.registry.context().clear();
    }
    let mut fired = Vec::new();
    for states in subtasks {
        let mut before = EventTime::MIN;
        while states
            .timers
            .fire_due(EventTime::MAX, 7, |time, key| {
                assert!(before <= time, "in the order of time");
                before = time;
                fired.push((key.clone(), time.as_millis()));
                Ok(())
            })
            .expect("no error")
        {}
    }
    fired.sort();
    let of_key = |number| {
        times(number)
            .into_iter()
            .map(move |time| (key(number), time))
    };
    let mut expected: Vec<_> = (0..KEYS).flat_map(of_key).collect();
    expected.sort();
    assert_eq!(fired, expected);
}

#[test]
fn canonical_files_have_columns_for_what_tells_entries_apart() {
    let temp = tempfile::tempdir().expect("a directory");
    let snapshot = written(temp.path(), 1, SnapshotFormat::Canonical);
    let batch = |name: &str| {
        let state = snapshot.state(name).expect("written");
        let file = snapshot.verified(&state.files[0]).expect("intact");
        let mut reader = CanonicalReader::open(&file, ALL).expect("intact");
        reader.next_batch().expect("intact").expect("rows")
    };
    let maps = batch("maps");
    let user_keys = maps.column_by_name("map_key").expect("a column");
    assert_eq!(user_keys.as_struct().num_columns(), 2);
    let lists = batch("lists");
    let positions = lists.column_by_name("list_index").expect("a column");
    let positions = positions.as_primitive::<UInt64Type>().values();
    assert!(positions.iter().all(|position| *position < 4) && positions.contains(&3));
    for batch in [&maps, &lists] {
        let namespaces = batch.column_by_name("namespace").expect("a column");
        assert_eq!(namespaces.null_count(), batch.num_rows());
    }
    let timers = batch("timers");
    let keys = timers.column_by_name("key").expect("a column");
    let namespaces = timers.column_by_name("namespace").expect("a column");
    let rows = keys
        .as_string::<i32>()
        .iter()
        .zip(namespaces.as_string::<i32>());
    let mut rows: Vec<_> = rows
        .map(|(key, time)| (key.expect("no null"), time.expect("no null")))
        .collect();
    rows.sort_unstable();
    let expected: Vec<_> = times(7).iter().map(ToString::to_string).collect();
    let of_key = rows.iter().filter(|(key, _)| *key == "key 7");
    let mut of_key: Vec<_> = of_key.map(|(_, time)| (*time).to_owned()).collect();
    of_key.sort_by_key(|time| time.parse::<i64>().expect("a number"));
    assert_eq!(of_key, expected);
}
