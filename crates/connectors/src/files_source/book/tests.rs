use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use millstream_core::book::{FileState, Row};
use millstream_core::{JobId, Lineage};

use super::pages::Pages;
use super::{Book, Keeping, Past};
use crate::files_source::counts::{Count, Counting};
use crate::files_source::listing::Identity;
use crate::files_source::meeting::{Meeting, Place, join};
use crate::files_source::name::Name;
use crate::files_source::piece::Piece;

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

/// A book that is kept in `<directory>/<job>/files`, and who rings for the lister.
fn open(
    directory: &Path,
    number: u8,
    past: Option<Past>,
) -> (Arc<Book>, Arc<Meeting>, Receiver<()>) {
    let meeting = join(&Place::default(), 1, 1);
    let (ring, rung) = bounded(1);
    let keeping = Keeping {
        place: directory.join(job(number).to_string()).join("files"),
        job: job(number),
        shown: "/in".to_owned(),
        past,
    };
    let book = Book::open(keeping, &meeting, ring).expect("a thread");
    (book, meeting, rung)
}

fn piece(sequence: u64, name: &str) -> Piece {
    Piece {
        sequence,
        name: Name::new(name.as_bytes()),
        identity: Identity {
            size: 100,
            mtime: 1,
        },
        from: 0,
        split: 0,
        beginning: 0,
        grows: false,
        waited: false,
    }
}

/// What is told of a file of a job: name, state, records, bad ones, checkpoint.
type Told = (String, FileState, Option<u64>, u64, Option<u64>);

fn told(directory: &Path, number: u8) -> Vec<Told> {
    let place = directory.join(job(number).to_string()).join("files");
    let mut pages = Pages::open(&place, true).expect("a book");
    let mut told = Vec::new();
    for row in 0..pages.next() {
        let found = pages.row(row).expect("read").expect("whole");
        let name = pages.name(row, &found).expect("a name");
        let Row {
            records,
            bad,
            checkpoint,
            ..
        } = found;
        if let Some(state) = found.state {
            let name = String::from_utf8(name).expect("text");
            told.push((name, state, records, bad, checkpoint));
        }
    }
    told
}

fn count(records: u64, bad: u64) -> Count {
    Count {
        read: 10 * records,
        records,
        bad,
    }
}

#[test]
fn a_file_is_told_of_from_its_announcement_to_its_checkpoint_and_behind_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let (book, meeting, _rung) = open(path, 1, None);
    let mut reader = Counting::new(0, Some(Arc::clone(meeting.counts())), None);
    book.announced(&[piece(0, "a"), piece(1, "b"), piece(2, "c"), piece(3, "d")]);
    reader.add(0, count(5, 1));
    reader.add(1, count(2, 0));
    meeting.finished(0, 1);
    book.committed(7, Some(1));
    reader.failed(3, "is damaged");
    // What the snapshot 8 keeps: the reader has begun the second.
    book.close();
    let entries: Vec<_> = reader.entry().into_iter().collect();
    let expected = [
        ("a".to_owned(), FileState::Done, Some(5), 1, Some(7)),
        ("b".to_owned(), FileState::Reading, Some(2), 0, None),
        ("c".to_owned(), FileState::Pending, Some(0), 0, None),
        ("d".to_owned(), FileState::Failed, Some(0), 0, None),
    ];
    assert_eq!(told(path, 1), expected);

    // Another job goes on from it, before the third was announced.
    let lineage = Lineage::fresh(1).behind(job(1), 8, 2);
    let past = Past {
        lineage,
        announced: 2,
        finished: 1,
        checkpoint: Some(8),
        counted: HashSet::from([1]),
    };
    let (book, meeting, _rung) = open(path, 2, Some(past));
    let mut reader = Counting::new(0, Some(Arc::clone(meeting.counts())), Some(&entries));
    book.announced(&[piece(1, "b"), piece(2, "c")]);
    reader.add(1, count(1, 1));
    meeting.finished(0, 3);
    book.committed(9, Some(3));
    book.close();
    let expected = [
        ("a".to_owned(), FileState::Done, Some(5), 1, Some(7)),
        ("b".to_owned(), FileState::Done, Some(3), 1, Some(9)),
        ("c".to_owned(), FileState::Done, Some(0), 0, Some(9)),
    ];
    assert_eq!(told(path, 2), expected);
}

#[test]
fn many_small_files_leave_nothing_behind_in_memory() {
    let directory = tempfile::tempdir().expect("a directory");
    let (book, meeting, rung) = open(directory.path(), 1, None);
    let mut reader = Counting::new(0, Some(Arc::clone(meeting.counts())), None);
    // Whoever runs ahead of the book by more than it keeps has files left out.
    let settle = |piece: u64| {
        let is_settled = |_| {
            // Nobody rings it here.
            let _rung = rung.recv_timeout(Duration::from_millis(5));
            meeting.counts().settled() >= piece
        };
        assert!((0..12_000).any(is_settled), "within a minute");
    };
    for round in 0..40 {
        let pieces = (0..500).map(|n| piece(round * 500 + n, &format!("{round}-{n}")));
        book.announced(&pieces.collect::<Vec<_>>());
        for n in 0..500 {
            reader.add(round * 500 + n, count(1, 0));
        }
        meeting.finished(0, (round + 1) * 500);
        book.committed(round + 1, Some(round * 500));
        reader.entry();
        if round % 10 == 9 {
            settle((round + 1) * 500);
        }
    }
    book.committed(41, Some(20_000));
    book.close();
    let told = told(directory.path(), 1);
    assert_eq!(told.len(), 20_000);
    let done = told
        .iter()
        .filter(|(_, state, records, ..)| (*state, *records) == (FileState::Done, Some(1)));
    assert_eq!(done.count(), 20_000);
}

#[test]
fn a_book_whose_directory_is_away_for_a_while_is_caught_up() {
    let directory = tempfile::tempdir().expect("a directory");
    let (data, away) = (directory.path().join("data"), directory.path().join("away"));
    let (book, meeting, rung) = open(&data, 1, None);
    let await_told = |count: usize| {
        let is_told = |_| {
            // Nobody rings it here.
            let _rung = rung.recv_timeout(Duration::from_millis(5));
            data.join(job(1).to_string()).exists() && told(&data, 1).len() >= count
        };
        assert!((0..12_000).any(is_told), "{count} within a minute");
    };
    book.announced(&[piece(0, "a")]);
    await_told(1);
    std::fs::rename(&data, &away).expect("moved");
    book.announced(&[piece(1, "b")]);
    meeting.finished(0, 2);
    book.committed(1, Some(2));
    std::fs::rename(&away, &data).expect("moved back");
    book.announced(&[piece(2, "c")]);
    await_told(3);
    book.close();
    let names: Vec<String> = told(&data, 1).into_iter().map(|(name, ..)| name).collect();
    assert_eq!(names, ["a", "b", "c"]);
}
