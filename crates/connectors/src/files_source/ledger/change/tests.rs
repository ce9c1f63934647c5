use std::io;
use std::sync::Arc;

use super::{Mended, TRIES};
use crate::files_source::format::Format;
use crate::files_source::input::InputError;
use crate::files_source::ledger::{Ledger, Place};
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::{Bad, Changed, Lost};
use crate::files_source::piece::{Announcement, Piece};
use crate::files_source::stream::Start;

const SPLIT: u64 = 10;

/// The ledger of the only reader of a file of this many bytes.
fn ledger(size: u64, changed: Changed) -> Ledger {
    let place = Place {
        subtask: 0,
        parallelism: 1,
        directory: "/in".into(),
        contents: Format::csv().compile().expect("a format").contents(),
        changed,
        lost: Lost::Fail,
        bad: Bad::Fail,
    };
    let mut ledger = Ledger::new(place, None).expect("opens");
    let piece = Piece {
        sequence: 0,
        name: Name::new(b"a.csv"),
        identity: Identity { size, mtime: 7 },
        from: 0,
        split: SPLIT,
        beginning: 1,
        grows: changed == Changed::Append,
        waited: false,
    };
    let announcement = Announcement::Pieces(vec![piece]);
    ledger.hear(announcement).expect("is taken note of");
    ledger
}

fn start(offset: u64) -> Start {
    Start { offset, line: 0 }
}

/// What a disk says that is broken (EIO).
fn broken() -> InputError {
    InputError::Io(io::Error::from_raw_os_error(5))
}

/// The next task fails as often as is borne, and is given again each time.
fn bear_it(ledger: &mut Ledger) {
    for attempt in 0..TRIES {
        let task = ledger.next_task();
        assert!(task.is_some(), "a task at the try {attempt}");
        ledger.failed(broken()).expect("is tried again");
        ledger.blocked_is_there();
    }
}

#[test]
fn tries_begin_anew_wherever_reading_comes_forward() {
    let mut ledger = ledger(25, Changed::Ignore);
    for end in [10, 20] {
        bear_it(&mut ledger);
        ledger.next_task().expect("a split");
        // No record begins in it that could be handed out.
        ledger.finished(start(end), false);
    }
    bear_it(&mut ledger);
    ledger.next_task().expect("the last split");
    let error = ledger.failed(broken()).expect_err("once too often");
    assert_eq!(error.code(), "MS-6009");
}

#[test]
fn what_vanishes_while_it_is_read_is_opened_anew_before_anybody_is_asked() {
    let mut ledger = ledger(25, Changed::Ignore);
    ledger.next_task().expect("a split");
    ledger.handed_out(start(4));
    for attempt in 0..TRIES {
        let opened = ledger.file().expect("is being read");
        let mended = ledger.failed(InputError::Vanished).expect("is borne");
        assert_eq!((mended, ledger.blocked()), (Mended::GoesOn, None));
        let task = ledger.next_task().expect("the rest of the split");
        assert_eq!((task.from, task.to), (4, SPLIT), "at the try {attempt}");
        assert!(!Arc::ptr_eq(&task.file, &opened), "it is opened anew");
    }
    let key = Name::new(b"a.csv").key();
    let mended = ledger.failed(InputError::Vanished).expect("is looked for");
    assert_eq!(mended, Mended::Sought(key), "it does not go on for ever");
}

#[test]
fn what_is_missed_when_it_is_opened_anew_is_looked_for() {
    let mut ledger = ledger(25, Changed::Ignore);
    ledger.next_task().expect("a split");
    ledger.failed(InputError::Vanished).expect("is borne");
    ledger.next_task().expect("the same split");
    let key = Name::new(b"a.csv").key();
    let mended = ledger.failed(InputError::Missing).expect("is looked for");
    assert_eq!((mended, ledger.is_sought()), (Mended::Sought(key), true));
}

#[test]
fn behind_the_end_of_the_source_a_file_is_tried_again_by_itself() {
    let mut ledger = ledger(5, Changed::Append);
    ledger.next_task().expect("the file");
    ledger.finished(start(2), true);
    ledger.hear(Announcement::End).expect("the end");
    for _ in 0..TRIES {
        let task = ledger.next_task().expect("the record without its end");
        assert_eq!((task.from, task.to), (2, 5));
        let mended = ledger.failed(broken()).expect("is tried again");
        assert_eq!((mended, ledger.blocked()), (Mended::GoesOn, None));
    }
    ledger.next_task().expect("the record without its end");
    let error = ledger.failed(broken()).expect_err("once too often");
    assert_eq!(error.code(), "MS-6009");
}

#[test]
fn a_file_that_may_not_be_opened_again_is_bad_and_not_lost() {
    let mut ledger = ledger(25, Changed::Reread);
    assert_eq!(
        ledger.blocked_is_denied(),
        Mended::GoesOn,
        "none is waited for"
    );
    ledger.next_task().expect("a split");
    let now = Identity { size: 7, mtime: 9 };
    let mended = ledger
        .failed(InputError::Changed(now))
        .expect("is read again");
    assert_eq!(mended, Mended::Again(Name::new(b"a.csv").key(), 0));
    assert!(matches!(ledger.blocked_is_denied(), Mended::Bad(passed) if passed.piece == 0));
    assert_eq!(ledger.blocked(), None);
}
