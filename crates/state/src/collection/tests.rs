//! Collections against plain maps and lists, with snapshots of any age on their way to disk.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::panic::AssertUnwindSafe;

use millstream_core::MaxParallelism;
use millstream_core::hash::stable_hash;
use millstream_storage::StateKind;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Collection, CollectionTable, FrozenCollections, ListOf, MapOf, Naming, View};
use crate::groups::FrozenTable;
use crate::identity::Layout;
use crate::rows::Rows;

/// What a collection is compared with: its entries by key and place.
type Model<P> = BTreeMap<u64, BTreeMap<P, String>>;

/// A collection that can be driven beside a model.
trait Driven: Collection<Value = String> {
    type Known: Ord + Clone + Debug;

    fn known(place: Self::PlaceRef<'_>) -> Self::Known;

    /// One random change of the collection of `key`.
    fn step(
        random: &mut StdRng,
        table: &mut CollectionTable<u64, Self>,
        model: &mut Model<Self::Known>,
        key: u64,
    );
}

impl Driven for MapOf<u32, String> {
    type Known = u32;

    fn known(place: &u32) -> u32 {
        *place
    }

    fn step(
        random: &mut StdRng,
        table: &mut CollectionTable<u64, Self>,
        model: &mut Model<u32>,
        key: u64,
    ) {
        let hash = stable_hash(&key);
        let user_key = random.random_range(0..24_u32);
        let held = model.entry(key).or_default();
        match random.random_range(0..10) {
            0..4 => {
                let suffix = random.random_range(0..10).to_string();
                let grow = |value: &mut String| {
                    value.push_str(&suffix);
                    value.len()
                };
                let expected = grow(held.entry(user_key).or_default());
                let grown = table.change(hash, &key, |spot| {
                    MapOf::update(spot, user_key, String::new, grow)
                });
                assert_eq!(grown, expected);
            }
            4..6 => {
                let value = format!("set {}", random.random_range(0..1_000));
                held.insert(user_key, value.clone());
                table.change(hash, &key, |spot| MapOf::set(spot, user_key, value));
            }
            6..9 => {
                let view = table.view(hash, &key);
                assert_eq!(MapOf::get(&view, &user_key), held.get(&user_key));
                let removed = held.remove(&user_key);
                if removed.is_some() {
                    let taken = table.change(hash, &key, |spot| MapOf::remove(spot, &user_key));
                    assert_eq!(taken, removed);
                }
            }
            _ => assert_eq!(
                MapOf::get(&table.view(hash, &key), &user_key),
                held.get(&user_key)
            ),
        }
    }
}

impl Driven for ListOf<String> {
    type Known = u64;

    fn known(place: u64) -> u64 {
        place
    }

    fn step(
        random: &mut StdRng,
        table: &mut CollectionTable<u64, Self>,
        model: &mut Model<u64>,
        key: u64,
    ) {
        let added: Vec<String> = (0..random.random_range(0..4))
            .map(|_| random.random_range(0..1_000).to_string())
            .collect();
        let held = model.entry(key).or_default();
        for element in &added {
            held.insert(held.len() as u64, element.clone());
        }
        table.change(stable_hash(&key), &key, |spot| ListOf::extend(spot, added));
    }
}

fn table<C: Collection>(groups: u32, layout: Layout) -> CollectionTable<u64, C> {
    let max = MaxParallelism::new(groups).expect("in range");
    let naming = Naming {
        name: "entries".to_owned(),
        kind: StateKind::Map,
        layout,
        key_type: String::new(),
        value_type: String::new(),
    };
    CollectionTable::new(naming, max, max.range(0, 1))
}

fn shown<'a, C: Driven>(
    rows: impl Iterator<Item = (&'a u64, C::PlaceRef<'a>, &'a String)>,
) -> Model<C::Known> {
    let mut shown = Model::<C::Known>::new();
    for (key, place, value) in rows {
        let place = C::known(place);
        let before = shown.entry(*key).or_default();
        let before = before.insert(place.clone(), value.clone());
        assert_eq!(before, None, "entry {place:?} of {key} is shown twice");
    }
    shown
}

fn without_empty<P: Clone + Ord>(model: &Model<P>) -> Model<P> {
    let mut model = model.clone();
    model.retain(|_, held| !held.is_empty());
    model
}

/// A snapshot on its way to disk: what it must hold, what has been written, what is left.
struct Writing<C: Driven> {
    expected: Model<C::Known>,
    written: Model<C::Known>,
    left: std::vec::IntoIter<(u16, FrozenCollections<u64, C>)>,
    writes_now: Option<FrozenCollections<u64, C>>,
}

impl<C: Driven> Writing<C> {
    fn new(frozen: FrozenTable<FrozenCollections<u64, C>>, expected: Model<C::Known>) -> Self {
        let entries: usize = frozen.groups.iter().map(|(_, group)| group.len()).sum();
        assert_eq!(entries, expected.values().map(BTreeMap::len).sum::<usize>());
        let rows = frozen.groups.iter().flat_map(|(_, group)| group.rows());
        assert_eq!(shown::<C>(rows), expected);
        Self {
            expected,
            written: Model::new(),
            left: frozen.groups.into_iter(),
            writes_now: None,
        }
    }

    /// Finishes the group under way and takes up the next; answers whether there was one.
    fn step(&mut self) -> bool {
        if let Some(group) = self.writes_now.take() {
            self.written.extend(shown::<C>(group.rows()));
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

struct Driver<C: Driven> {
    random: StdRng,
    table: CollectionTable<u64, C>,
    model: Model<C::Known>,
    writing: Vec<Writing<C>>,
}

impl<C: Driven> Driver<C> {
    fn step(&mut self) {
        let key = self.random.random_range(0..12_u64);
        match self.random.random_range(0..100) {
            0..70 => C::step(&mut self.random, &mut self.table, &mut self.model, key),
            70..75 => {
                self.table.remove(stable_hash(&key), &key);
                self.model.remove(&key);
            }
            75..80 => {
                let frozen = self.table.freeze();
                let expected = without_empty(&self.model);
                self.writing.push(Writing::new(frozen, expected));
            }
            80..88 => self.write(),
            _ => drop(self.table.maintain(self.random.random_range(0..12))),
        }
        let held = self.model.get(&key).map_or(0, BTreeMap::len);
        assert_eq!(self.table.view(stable_hash(&key), &key).len(), held);
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
        let expected = without_empty(&self.model);
        assert_eq!(shown::<C>(self.table.rows()), expected);
        let entries: usize = expected.values().map(BTreeMap::len).sum();
        assert_eq!(self.table.groups.len(), entries);
    }
}

fn drive<C: Driven>(layout: Layout) {
    for seed in 0..500 {
        let mut random = StdRng::seed_from_u64(seed);
        let groups = [1, 3, 8][random.random_range(0..3)];
        let mut driver = Driver::<C> {
            random,
            table: table(groups, layout),
            model: Model::new(),
            writing: Vec::new(),
        };
        let run = AssertUnwindSafe(|| {
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
            assert_eq!(driver.table.groups.unsettled(), 0);
        });
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn every_snapshot_shows_the_maps_of_its_moment_whatever_happens_afterwards() {
    drive::<MapOf<u32, String>>(Layout::MapKey);
}

#[test]
fn every_snapshot_shows_the_lists_of_its_moment_whatever_happens_afterwards() {
    drive::<ListOf<String>>(Layout::ListIndex);
}

/// A value that counts its copies.
#[derive(serde::Serialize, serde::Deserialize)]
struct Counted(u64);

thread_local! {
    static COPIES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        COPIES.set(COPIES.get() + 1);
        Self(self.0)
    }
}

const LARGE: u64 = 20_000;

#[test]
fn a_change_during_a_snapshot_copies_one_entry_of_a_large_map() {
    let mut table = table::<MapOf<u64, Counted>>(1, Layout::MapKey);
    let hash = stable_hash(&7_u64);
    for number in 0..LARGE {
        table.change(hash, &7, |spot| MapOf::set(spot, number, Counted(number)));
    }
    let frozen = table.freeze();
    assert_eq!(COPIES.take(), 0, "a snapshot copies nothing");
    let grow = |value: &mut Counted| value.0 += 1;
    for round in 1..=3 {
        table.change(hash, &7, |spot| {
            MapOf::update(spot, 5, || Counted(0), grow);
        });
        assert_eq!(COPIES.get(), 1, "in round {round}");
    }
    table.change(hash, &7, |spot| MapOf::set(spot, 6, Counted(0)));
    assert_eq!(COPIES.get(), 1, "what is replaced is not copied");
    drop(frozen);
    // Each slice looks at few entries, and changes go on in between.
    let mut slices = 0;
    while table.maintain(1) {
        slices += 1;
        table.change(hash, &7, |spot| {
            MapOf::set(spot, LARGE + slices, Counted(0))
        });
    }
    assert!(slices > 1, "{slices}");
    assert_eq!(COPIES.take(), 1);
    let view: View<'_, MapOf<u64, Counted>> = table.view(hash, &7);
    assert_eq!(view.len() as u64, LARGE + slices);
    assert_eq!(MapOf::get(&view, &5).map(|value| value.0), Some(8));
}

#[test]
fn an_element_added_during_a_snapshot_copies_none_of_a_long_list() {
    let mut table = table::<ListOf<Counted>>(1, Layout::ListIndex);
    let hash = stable_hash(&7_u64);
    table.change(hash, &7, |spot| {
        ListOf::extend(spot, (0..LARGE).map(Counted))
    });
    let frozen = table.freeze();
    for number in LARGE..LARGE + 10 {
        table.change(hash, &7, |spot| ListOf::extend(spot, [Counted(number)]));
    }
    let rows = |group: &FrozenCollections<u64, ListOf<Counted>>| group.rows().count() as u64;
    assert_eq!(rows(&frozen.groups[0].1), LARGE);
    drop(frozen);
    while table.maintain(1) {}
    assert_eq!(COPIES.take(), 0);
    let elements = table.rows().map(|(_, index, value)| (index, value.0));
    assert!(elements.eq((0..LARGE + 10).map(|number| (number, number))));
}

#[test]
fn snapshots_that_follow_each_other_without_maintenance_do_not_pile_up() {
    let mut table = table::<MapOf<u64, Counted>>(1, Layout::MapKey);
    let hash = stable_hash(&7_u64);
    for round in 0..50_u64 {
        table.change(hash, &7, |spot| MapOf::set(spot, round, Counted(round)));
        drop(table.freeze());
        let depth = table.view(hash, &7).changes.len();
        assert!(depth <= 5, "{depth} layers");
    }
    assert_eq!(table.view(hash, &7).len(), 50);
}
