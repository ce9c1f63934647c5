use std::sync::Arc;

use millstream_engine::connector::StateEntry;

use super::{Ledger, Mended, Place};
use crate::files_source::format::Format;
use crate::files_source::input::InputError;
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::{Bad, Changed, Lost};
use crate::files_source::piece::{Announcement, Piece};
use crate::files_source::stream::Start;

const SPLIT: u64 = 10;

fn place(subtask: usize, parallelism: usize) -> Place {
    Place {
        subtask,
        parallelism,
        directory: "/in".into(),
        contents: Format::csv().compile().expect("a format").contents(),
        changed: Changed::Ignore,
        lost: Lost::Skip,
        bad: Bad::Skip,
    }
}

fn ledger(subtask: usize, parallelism: usize, state: Option<Vec<StateEntry>>) -> Ledger {
    Ledger::new(place(subtask, parallelism), state).expect("entries that a ledger wrote")
}

fn piece(sequence: u64, name: &str, size: u64) -> Piece {
    Piece {
        sequence,
        name: Name::new(name.as_bytes()),
        identity: Identity { size, mtime: 7 },
        from: 0,
        split: SPLIT,
        beginning: 1,
        grows: false,
        waited: false,
    }
}

fn hear(ledger: &mut Ledger, pieces: &[Piece]) {
    let announcement = Announcement::Pieces(pieces.to_vec());
    ledger.hear(announcement).expect("is taken note of");
}

fn start(offset: u64) -> Start {
    Start { offset, line: 0 }
}

/// Everything that is left, as (file, from, to).
fn finish_all(ledger: &mut Ledger) -> Vec<(String, u64, u64)> {
    let mut tasks = Vec::new();
    while let Some(task) = ledger.next_task() {
        tasks.push((task.file.text.to_string(), task.from, task.to));
        ledger.finished(start(task.to), false);
    }
    tasks
}

#[test]
fn the_position_is_one_number_however_many_files_were_read() {
    let mut ledger = ledger(1, 3, None);
    for sequence in 0..20_000 {
        hear(
            &mut ledger,
            &[piece(sequence, &format!("{sequence}.csv"), 25)],
        );
        finish_all(&mut ledger);
    }
    assert_eq!(ledger.below(), 20_000);
    let entries = ledger.snapshot().expect("can be written");
    let text = serde_json::to_string(&entries).expect("JSON");
    assert!(text.len() < 200, "{text}");
}

#[test]
fn a_big_file_takes_one_short_entry_for_each_reader() {
    let file = piece(5, "a.csv", 1_000_000);
    let mut ledger = ledger(1, 3, None);
    hear(&mut ledger, std::slice::from_ref(&file));
    for _ in 0..20_000 {
        let task = ledger.next_task().expect("there are 33,333");
        ledger.finished(start(task.to), false);
    }
    let task = ledger.next_task().expect("there are 33,333");
    ledger.handed_out(start(task.from + 4));
    let entries = ledger.snapshot().expect("can be written");
    assert_eq!(entries.len(), 1);
    let text = entries[0].value.to_string();
    assert!(text.len() < 250, "{text}");

    let mut next = self::ledger(1, 3, Some(entries));
    hear(&mut next, &[file]);
    let rest = next.next_task().expect("the rest of the split");
    assert_eq!((rest.from, rest.to), (task.from + 4, task.to));
    assert_eq!(rest.known, Some(start(task.from + 4)));
}

#[test]
fn what_others_have_done_is_not_done_again() {
    let pieces = [piece(0, "a.csv", 95), piece(1, "b.csv", 5)];
    let mut entries = Vec::new();
    let mut done = Vec::new();
    for subtask in 0..2 {
        let mut ledger = ledger(subtask, 2, None);
        hear(&mut ledger, &pieces);
        for _ in 0..2 {
            let Some(task) = ledger.next_task() else {
                continue;
            };
            done.push((task.file.text.to_string(), task.from, task.to));
            ledger.finished(start(task.to), false);
        }
        entries.extend(ledger.snapshot().expect("can be written"));
    }
    // Twice over, before anything is announced again.
    for parallelism in [4, 2] {
        let early = |subtask| ledger(subtask, parallelism, Some(entries.clone())).snapshot();
        entries = (0..parallelism)
            .flat_map(|subtask| early(subtask).expect("can be written"))
            .collect();
    }
    for subtask in 0..3 {
        let mut ledger = ledger(subtask, 3, Some(entries.clone()));
        hear(&mut ledger, &pieces);
        done.extend(finish_all(&mut ledger));
        let left = ledger.snapshot().expect("can be written");
        assert_eq!(
            left.len(),
            1,
            "layers that were passed are dropped: {left:?}"
        );
    }
    done.sort();
    let a = (0..10).map(|split| ("/in/a.csv".to_owned(), split * SPLIT, (split + 1) * SPLIT));
    let mut expected: Vec<(String, u64, u64)> = a.collect();
    expected.push(("/in/b.csv".to_owned(), 0, SPLIT));
    assert_eq!(done, expected);
}

#[test]
fn a_record_without_end_is_kept_until_it_has_one() {
    let grows = |sequence, from, size| Piece {
        from,
        grows: true,
        ..piece(sequence, "a.log", size)
    };
    let mut ledger = ledger(0, 1, None);
    hear(&mut ledger, &[grows(0, 0, 17)]);
    let first = ledger.next_task().expect("a split");
    ledger.finished(start(first.to), false);
    let second = ledger.next_task().expect("another");
    assert_eq!((second.from, second.to, second.keeps_tail), (10, 20, true));
    ledger.finished(start(14), true);
    assert_eq!(ledger.below(), 1, "the piece is done with");

    let entries = ledger.snapshot().expect("can be written");
    for parallelism in 1..4 {
        let mut tasks = Vec::new();
        for subtask in 0..parallelism {
            let mut ledger = self::ledger(subtask, parallelism, Some(entries.clone()));
            hear(&mut ledger, &[grows(1, 17, 33)]);
            while let Some(task) = ledger.next_task() {
                tasks.push((task.from, task.to));
                ledger.finished(start(task.to), false);
            }
            let left = ledger.snapshot().expect("can be written");
            assert!(!left.iter().any(|entry| entry.key.starts_with("tail")));
        }
        tasks.sort_unstable();
        assert_eq!(tasks, [(14, 17), (17, 20), (20, 30), (30, 40)]);
        // Where nothing more comes, it is the last record.
        let ends = (0..parallelism).flat_map(|subtask| {
            let mut ledger = self::ledger(subtask, parallelism, Some(entries.clone()));
            ledger.hear(Announcement::End).expect("ends");
            let task = ledger
                .next_task()
                .map(|task| (task.from, task.to, task.keeps_tail));
            ledger.finished(start(17), false);
            assert!(ledger.has_ended());
            task
        });
        assert_eq!(ends.collect::<Vec<_>>(), [(14, 17, false)]);
    }
}

#[test]
fn a_record_that_goes_on_when_the_source_has_ended_is_kept() {
    let grows = Piece {
        grows: true,
        ..piece(0, "a.log", 7)
    };
    let mut first = ledger(0, 1, None);
    hear(&mut first, &[grows]);
    first.next_task().expect("a split");
    first.finished(start(4), true);
    first.hear(Announcement::End).expect("ends");
    let mut entries = None;
    for _ in 0..2 {
        let mut ledger = match entries.take() {
            None => std::mem::replace(&mut first, ledger(0, 1, None)),
            Some(entries) => {
                let mut ledger = ledger(0, 1, Some(entries));
                ledger.hear(Announcement::End).expect("ends");
                ledger
            }
        };
        let task = ledger.next_task().expect("the record");
        assert_eq!((task.from, task.to, task.appends), (4, 7, true));
        ledger.grown(true);
        ledger.finished(start(4), true);
        assert!(ledger.has_ended());
        entries = Some(ledger.snapshot().expect("can be written"));
    }
}

#[test]
fn a_file_that_changed_before_it_was_read_is_waited_for() {
    let mut ledger = ledger(0, 1, None);
    hear(&mut ledger, &[piece(0, "a.csv", 5), piece(1, "b.csv", 5)]);
    let task = ledger.next_task().expect("a split");
    let now = Identity { size: 3, mtime: 9 };
    let mended = ledger.failed(InputError::Changed(now)).expect("is mended");
    assert_eq!(mended, Mended::Again(Name::new(b"a.csv").key(), 0));
    assert!(!ledger.is_running(task.number));
    assert!(ledger.next_task().is_none(), "nothing behind it is begun");
    assert_eq!(ledger.below(), 0);
    hear(&mut ledger, &[piece(2, "a.csv", 3)]);
    let files: Vec<String> = finish_all(&mut ledger)
        .into_iter()
        .map(|task| task.0)
        .collect();
    assert_eq!(files, ["/in/b.csv", "/in/a.csv"]);
    assert_eq!(ledger.below(), 3);
}

#[test]
fn what_is_announced_again_for_a_reader_that_stood_before_it_is_read_anew() {
    let mut ledger = ledger(0, 1, None);
    hear(&mut ledger, &[piece(0, "a.csv", 5)]);
    let task = ledger.next_task().expect("a split");
    assert!(!task.anew);
    let now = Identity { size: 7, mtime: 9 };
    ledger.failed(InputError::Changed(now)).expect("is mended");
    hear(&mut ledger, &[piece(1, "a.csv", 7), piece(2, "b.csv", 5)]);
    let again = ledger.next_task().expect("the file as it is now");
    assert_eq!((again.file.identity.size, again.anew), (7, true));
    let next = ledger.next_task().expect("the file behind it");
    assert!(!next.anew);
}

#[test]
fn what_was_waited_for_is_known_to_have_been() {
    let mut ledger = ledger(0, 1, None);
    let waited = Piece {
        waited: true,
        ..piece(0, "a.csv", 5)
    };
    hear(&mut ledger, &[waited, piece(1, "b.csv", 5)]);
    assert!(ledger.next_task().expect("a split").waited);
    assert!(!ledger.next_task().expect("another").waited);
}

#[test]
fn what_is_gone_or_damaged_is_passed_over() {
    let mut ledger = ledger(0, 1, None);
    hear(
        &mut ledger,
        &[
            piece(0, "a.csv", 35),
            piece(1, "b.csv", 5),
            piece(2, "c.csv", 5),
        ],
    );
    ledger.next_task().expect("a split");
    ledger.finished(start(10), false);
    ledger.next_task().expect("another");
    let key = Name::new(b"a.csv").key();
    let sought = ledger.failed(InputError::Missing).expect("is looked for");
    assert_eq!((sought, ledger.below()), (Mended::Sought(key), 0));
    assert!(ledger.next_task().is_none(), "it is waited for");
    let lost = ledger.blocked_is_gone().expect("is accepted");
    assert!(matches!(lost, Mended::Lost(passed) if passed.name == Name::new(b"a.csv")));
    assert_eq!(ledger.below(), 1);
    ledger.next_task().expect("the next file");
    let cause = std::io::Error::other("half");
    let bad = ledger
        .failed(InputError::Damaged { at: 3, cause })
        .expect("is accepted");
    assert!(
        matches!(bad, Mended::Bad(passed) if passed.piece == 1 && passed.name == Name::new(b"b.csv"))
    );
    assert_eq!(
        finish_all(&mut ledger),
        [("/in/c.csv".to_owned(), 0, SPLIT)]
    );

    let mut strict = Ledger::new(
        Place {
            lost: Lost::Fail,
            bad: Bad::Fail,
            ..place(0, 1)
        },
        None,
    )
    .expect("opens");
    hear(&mut strict, &[piece(0, "a.csv", 35)]);
    strict.next_task().expect("a split");
    strict.failed(InputError::Missing).expect("is looked for");
    let error = strict.blocked_is_gone().expect_err("is not accepted");
    assert_eq!(error.code(), "MS-6010");
    assert!(error.message().contains("/in/a.csv is gone"), "{error}");
}

#[test]
fn a_file_that_was_away_is_read_on_with_all_that_was_given_out() {
    let mut ledger = ledger(0, 1, None);
    hear(&mut ledger, &[piece(0, "a.csv", 25), piece(1, "b.csv", 5)]);
    while ledger.next_task().is_some() {}
    ledger.handed_out(start(4));
    ledger.finished(start(10), false);
    ledger.handed_out(start(14));
    let opened = ledger.file().expect("is being read");
    ledger.failed(InputError::Missing).expect("is looked for");
    assert!(ledger.is_sought() && ledger.next_task().is_none());
    assert_eq!(ledger.blocked_is_there(), Mended::GoesOn);
    let task = ledger.next_task().expect("the rest of the split");
    assert_eq!((task.from, task.to), (14, 20));
    // The thread may stand in the file, and nobody has heard so.
    assert!(task.file == opened && !Arc::ptr_eq(&task.file, &opened));
    assert_eq!(task.known.map(|known| known.offset), Some(14));
    ledger.finished(start(20), false);
    assert_eq!(
        finish_all(&mut ledger),
        [
            ("/in/a.csv".to_owned(), 20, 30),
            ("/in/b.csv".to_owned(), 0, SPLIT)
        ]
    );
}

#[test]
fn damaged_state_is_refused_by_its_key() {
    for kind in ["file", "reader"] {
        let entry = StateEntry {
            key: "a.csv#0".to_owned(),
            value: serde_json::json!({ "kind": kind }),
        };
        let error = Ledger::new(place(0, 1), Some(vec![entry])).expect_err("fields are missing");
        assert_eq!(error.code(), "MS-3002");
        assert!(error.message().contains("a.csv#0"), "{error}");
    }
}
