use std::collections::BTreeMap;

use millstream_core::{KeyGroup, MaxParallelism};
use millstream_storage::StateKind;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::frozen::FrozenGroup;
use super::{FrozenState, StateTable};

type Model = BTreeMap<u64, String>;

fn table(groups: u32, subtask: usize, parallelism: usize) -> StateTable<u64, String> {
    let max = MaxParallelism::new(groups).expect("in range");
    StateTable::new(
        "count",
        StateKind::Value,
        max,
        max.range(subtask, parallelism),
    )
}

fn shown<'a>(entries: impl Iterator<Item = (&'a u64, &'a String)>) -> Model {
    let mut shown = Model::new();
    for (key, value) in entries {
        assert_eq!(
            shown.insert(*key, value.clone()),
            None,
            "key {key} is shown twice"
        );
    }
    shown
}

/// A snapshot on its way to disk: what it must hold, what has been written, what is left.
struct Writing {
    expected: Model,
    written: Model,
    left: Box<dyn Iterator<Item = (KeyGroup, FrozenGroup<u64, String>)>>,
    writes_now: Option<FrozenGroup<u64, String>>,
}

impl Writing {
    fn new(frozen: FrozenState<u64, String>, expected: Model) -> Self {
        assert_eq!(frozen.len(), expected.len());
        assert_eq!(shown(frozen.iter()), expected);
        let left = Box::new(frozen.into_table().groups.into_iter());
        Self {
            expected,
            written: Model::new(),
            left,
            writes_now: None,
        }
    }

    /// Finishes the group under way and takes up the next; answers whether there was one.
    fn step(&mut self) -> bool {
        if let Some(group) = self.writes_now.take() {
            self.written.extend(shown(group.iter()));
        }
        self.writes_now = self.left.next().map(|(_, group)| group);
        let is_done = self.writes_now.is_none();
        assert!(
            !is_done || self.written == self.expected,
            "a snapshot changed after it was taken"
        );
        !is_done
    }
}

/// Drives a table and a plain map with the same random operations.
struct Driver {
    random: StdRng,
    table: StateTable<u64, String>,
    model: Model,
    writing: Vec<Writing>,
}

impl Driver {
    fn new(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let groups = [1, 3, 8][random.random_range(0..3)];
        Self {
            random,
            table: table(groups, 0, 1),
            model: Model::new(),
            writing: Vec::new(),
        }
    }

    fn step(&mut self) {
        let key = self.random.random_range(0..60_u64);
        match self.random.random_range(0..100) {
            0..40 => self.update(key),
            40..50 => {
                let value = format!("set {}", self.random.random_range(0..1_000));
                self.table.insert(key, value.clone());
                self.model.insert(key, value);
            }
            50..70 => assert_eq!(self.table.remove(&key), self.model.remove(&key)),
            70..80 => assert_eq!(self.table.get(&key), self.model.get(&key)),
            80..84 => {
                let frozen = self.table.freeze();
                self.writing.push(Writing::new(frozen, self.model.clone()));
            }
            84..92 => self.write(),
            92..99 => drop(self.table.maintain(self.random.random_range(0..40))),
            _ => {
                self.table.clear();
                self.model.clear();
            }
        }
    }

    fn update(&mut self, key: u64) {
        let suffix = self.random.random_range(0..10).to_string();
        let grow = |value: &mut String| {
            value.push_str(&suffix);
            value.len()
        };
        let expected = grow(self.model.entry(key).or_default());
        assert_eq!(self.table.update(&key, String::new, grow), expected);
    }

    fn write(&mut self) {
        if self.writing.is_empty() {
            return;
        }
        let index = self.random.random_range(0..self.writing.len());
        if !self.writing[index].step() || self.random.random_range(0..8) == 0 {
            // Written to the end, or given up.
            self.writing.swap_remove(index);
        }
    }

    fn check(&self) {
        assert_eq!(shown(self.table.iter()), self.model);
        assert_eq!(self.table.len(), self.model.len());
        assert_eq!(self.table.is_empty(), self.model.is_empty());
    }
}

#[test]
fn every_snapshot_shows_the_state_of_its_moment_whatever_happens_afterwards() {
    for seed in 0..600 {
        let mut driver = Driver::new(seed);
        let run = std::panic::AssertUnwindSafe(|| {
            for step in 0..400 {
                driver.step();
                if step % 20 == 0 {
                    driver.check();
                }
            }
            while let Some(mut writing) = driver.writing.pop() {
                while writing.step() {}
            }
            while driver.table.maintain(7) {}
            driver.check();
            assert!(driver.table.groups.unsettled() == 0);
        });
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn maintenance_waits_for_the_writer_and_then_ends() {
    let mut table = table(4, 0, 1);
    for key in 0..1_000 {
        table.insert(key, "old".into());
    }
    assert!(!table.maintain(1), "nothing to do without a snapshot");
    let frozen = table.freeze();
    for key in 0..1_000 {
        table.insert(key, "new".into());
    }
    assert!(
        table.maintain(usize::MAX),
        "the writer still needs every group"
    );
    let mut groups = frozen.into_table().groups.into_iter();
    drop(groups.next());
    assert!(table.maintain(usize::MAX), "three groups are still needed");
    assert_eq!(table.groups.unsettled(), 3);
    drop(groups);
    assert!(table.maintain(10), "ten buckets are not all");
    assert!(!table.maintain(usize::MAX));
    assert!(table.iter().all(|(_, value)| value == "new"));
}

#[test]
fn snapshots_that_follow_each_other_without_maintenance_do_not_pile_up() {
    let mut table = table(1, 0, 1);
    for round in 0..50_u64 {
        table.insert(round, "new".into());
        drop(table.freeze());
    }
    let super::group::Group::Shared(shared) = &table.groups.parts()[0] else {
        panic!("just frozen")
    };
    assert!(shared.depth() <= 5, "{} overlays", shared.depth());
    assert_eq!(table.len(), 50);
}

#[test]
fn entries_come_in_the_order_of_key_groups() {
    let mut table = table(128, 1, 2);
    let max = MaxParallelism::DEFAULT;
    let group = |key: &u64| max.group_of(millstream_core::hash::stable_hash(key));
    let range = table.key_groups();
    for key in (0..10_000).filter(|key| range.contains(group(key))) {
        table.insert(key, String::new());
    }
    let frozen = table.freeze();
    let groups: Vec<KeyGroup> = frozen.iter().map(|(key, _)| group(key)).collect();
    assert!(groups.is_sorted() && groups.len() > 4_000);
    let mut count = 0;
    table.for_each(|_, _| count += 1);
    assert_eq!(count, groups.len());
}

#[test]
#[should_panic(expected = "belongs to another subtask")]
fn a_key_of_another_subtask_is_not_taken() {
    let mut table = table(128, 1, 2);
    // The stable hash of 0 is 0, so it lies in the first group.
    table.insert(0, String::new());
}
