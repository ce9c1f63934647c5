use std::sync::Arc;

use millstream_engine::connector::StateEntry;

use super::share::Share;
use super::{Ledger, Place};
use crate::files_source::listing::{FoundFile, Identity};
use crate::files_source::options::Changed;
use crate::files_source::stream::Start;

const SPLIT: u64 = 10;

fn ledger(subtask: usize, parallelism: usize, state: Option<Vec<StateEntry>>) -> Ledger {
    let place = Place {
        subtask,
        parallelism,
        split: SPLIT,
        decodes_first: false,
        changed: Changed::Ignore,
    };
    Ledger::new(place, state).expect("entries that a ledger wrote")
}

fn file(path: &str, size: u64) -> FoundFile {
    FoundFile {
        path: path.into(),
        identity: Identity { size, mtime: 7 },
    }
}

fn start(offset: u64) -> Start {
    Start { offset, line: 0 }
}

fn finish_all(ledger: &mut Ledger) -> Vec<(Arc<str>, u64, u64)> {
    let mut tasks = Vec::new();
    while let Some(task) = ledger.next_task() {
        tasks.push((Arc::clone(&task.file.path), task.from, task.to));
        ledger.finished(start(task.to));
    }
    tasks
}

#[test]
fn every_split_has_one_owner() {
    for parallelism in 1..9 {
        for size in [0, 1, 9, 10, 11, 95, 1_000] {
            let mut splits: Vec<(u64, u64)> = (0..parallelism)
                .flat_map(|subtask| {
                    let share = Share::new("/in/a.csv", SPLIT, subtask, parallelism);
                    share.ranges(0, share.count(size))
                })
                .collect();
            splits.sort_unstable();
            let expected: Vec<(u64, u64)> = (0..size.div_ceil(SPLIT))
                .map(|split| (split * SPLIT, (split + 1) * SPLIT))
                .collect();
            assert_eq!(
                splits, expected,
                "{size} bytes, parallelism of {parallelism}"
            );
        }
    }
}

#[test]
fn a_big_file_takes_one_short_entry_for_each_reader() {
    let listing = vec![file("/in/a.csv", 1_000_000)];
    let mut ledger = ledger(1, 3, None);
    ledger.observe(&listing).expect("nothing has changed");
    for _ in 0..20_000 {
        let task = ledger.next_task().expect("there are 33,333");
        ledger.finished(start(task.to));
    }
    let task = ledger.next_task().expect("there are 33,333");
    ledger.handed_out(start(task.from + 4));
    let entries = ledger.snapshot().expect("can be written");
    assert_eq!(entries.len(), 1);
    let text = entries[0].value.to_string();
    assert!(text.len() < 250, "{text}");

    let mut next = self::ledger(1, 3, Some(entries));
    next.observe(&listing).expect("nothing has changed");
    let rest = next.next_task().expect("the rest of the split");
    assert_eq!((rest.from, rest.to), (task.from + 4, task.to));
    assert_eq!(rest.known, Some(start(task.from + 4)));
}

#[test]
fn what_others_have_done_is_not_done_again() {
    let listing = vec![file("/in/a.csv", 95), file("/in/b.csv", 5)];
    let mut entries = Vec::new();
    let mut done = Vec::new();
    for subtask in 0..2 {
        let mut ledger = ledger(subtask, 2, None);
        ledger.observe(&listing).expect("nothing has changed");
        for _ in 0..2 {
            let Some(task) = ledger.next_task() else {
                continue;
            };
            done.push((Arc::clone(&task.file.path), task.from, task.to));
            ledger.finished(start(task.to));
        }
        entries.extend(ledger.snapshot().expect("can be written"));
    }
    for subtask in 0..3 {
        let mut ledger = ledger(subtask, 3, Some(entries.clone()));
        ledger.observe(&listing).expect("nothing has changed");
        done.extend(finish_all(&mut ledger));
    }
    done.sort();
    let a = (0..10).map(|split| (Arc::from("/in/a.csv"), split * SPLIT, (split + 1) * SPLIT));
    let mut expected: Vec<(Arc<str>, u64, u64)> = a.collect();
    expected.push(("/in/b.csv".into(), 0, SPLIT));
    assert_eq!(done, expected);
}

#[test]
fn what_was_written_before_the_first_look_is_not_written_twice() {
    let listing = vec![file("/in/a.csv", 95)];
    let mut first = ledger(0, 1, None);
    first.observe(&listing).expect("nothing has changed");
    finish_all(&mut first);
    let mut entries = first.snapshot().expect("can be written");
    let written = entries.len();
    for _ in 0..3 {
        let early = |subtask| ledger(subtask, 4, Some(entries.clone())).snapshot();
        let all: Vec<StateEntry> = (0..4)
            .flat_map(|subtask| early(subtask).expect("can be written"))
            .collect();
        entries = all;
    }
    assert_eq!(entries.len(), 4 * written);
}

#[test]
fn damaged_state_is_refused_by_its_key() {
    let entry = StateEntry {
        key: "a.csv#0".to_owned(),
        value: serde_json::json!({"kind": "file"}),
    };
    let place = Place {
        subtask: 0,
        parallelism: 1,
        split: SPLIT,
        decodes_first: false,
        changed: Changed::Ignore,
    };
    let error = Ledger::new(place, Some(vec![entry])).expect_err("fields are missing");
    assert_eq!(error.code(), "MS-3002");
    assert!(error.message().contains("a.csv#0"), "{error}");
}
