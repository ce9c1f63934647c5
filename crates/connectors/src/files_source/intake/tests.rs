use std::time::Duration;

use super::{Intake, Met, Rules, WINDOW};
use crate::files_source::format::Format;
use crate::files_source::ledger::PassedOver;
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::Changed;
use crate::files_source::piece::Piece;
use crate::files_source::seen::{Seen, read_segment};

fn rules(changed: Changed) -> Rules {
    Rules {
        changed,
        settle: Duration::ZERO,
        forget: 10,
        split: 10,
        contents: Format::csv().compile().expect("a format").contents(),
        takes_away: false,
        shown: "/in".to_owned(),
    }
}

/// A directory of files: name, content, time of modification.
type Files<'a> = &'a [(&'a str, &'a [u8], i64)];

fn identity(content: &[u8], mtime: i64) -> Identity {
    Identity {
        size: content.len() as u64,
        mtime,
    }
}

/// One look at a directory: what is announced, as (number, name, from, size), or the code of the error.
fn look(
    intake: &mut Intake,
    files: Files<'_>,
    minute: u64,
) -> Result<Vec<(u64, String, u64, u64)>, String> {
    intake.begin_listing();
    for (name, content, mtime) in files {
        intake.meet(
            &Name::new(name.as_bytes()),
            identity(content, *mtime),
            Duration::ZERO,
        );
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for ready in intake.end_listing(true) {
        let file = files
            .iter()
            .find(|file| file.0.as_bytes() == ready.name.bytes());
        let (_, content, mtime) = file.expect("was listed");
        let judged = intake.judge(&ready, identity(content, *mtime), content);
        pieces.extend(judged.map_err(|error| error.code().to_owned())?);
    }
    intake.sweep(0..Seen::buckets(), minute, true);
    intake.queue(pieces);
    let mut announced = Vec::new();
    loop {
        let pieces = intake.announce();
        if pieces.is_empty() {
            return Ok(announced);
        }
        announced.extend(pieces.into_iter().map(|piece| {
            let name = piece.name.to_string();
            (piece.sequence, name, piece.from, piece.identity.size)
        }));
    }
}

fn finish(intake: &mut Intake) {
    let all = intake.announced;
    intake.set_finished(all);
}

#[test]
fn files_are_announced_once_and_oldest_first() {
    let mut intake = Intake::new(rules(Changed::Ignore));
    let files: Files<'_> = &[("b", b"12", 5), ("c", b"1", 4), ("a", b"123", 5)];
    let found = look(&mut intake, files, 0).expect("nothing is wrong");
    let expected = [(0, "c", 1), (1, "a", 3), (2, "b", 2)];
    let expected = expected.map(|(number, name, size)| (number, name.to_owned(), 0, size));
    assert_eq!(found, expected);
    assert_eq!(look(&mut intake, files, 0), Ok(Vec::new()));
    finish(&mut intake);
    assert_eq!(look(&mut intake, files, 0), Ok(Vec::new()));
    assert!(intake.is_finished() && intake.is_complete());
}

#[test]
fn a_change_is_what_the_policy_says() {
    let before: Files<'_> = &[("a", b"1\n2\n", 1)];
    let grown: Files<'_> = &[("a", b"1\n2\n3\n", 2)];
    let rewritten: Files<'_> = &[("a", b"9\n9\n9\n", 2)];
    let shorter: Files<'_> = &[("a", b"1\n", 2)];
    let touched: Files<'_> = &[("a", b"1\n2\n", 2)];
    let piece = |from, size| Ok(vec![(1, "a".to_owned(), from, size)]);
    let failed = || Err("MS-6003".to_owned());
    for (changed, files, expected) in [
        (Changed::Ignore, grown, Ok(Vec::new())),
        (Changed::Reread, grown, piece(0, 6)),
        (Changed::Reread, shorter, piece(0, 2)),
        (Changed::Fail, grown, failed()),
        (Changed::Append, grown, piece(4, 6)),
        (Changed::Append, rewritten, failed()),
        (Changed::Append, shorter, failed()),
        // The content is known to be the same: nothing has happened.
        (Changed::Ignore, touched, Ok(Vec::new())),
        (Changed::Reread, touched, Ok(Vec::new())),
        (Changed::Fail, touched, Ok(Vec::new())),
        (Changed::Append, touched, Ok(Vec::new())),
    ] {
        let mut intake = Intake::new(rules(changed));
        look(&mut intake, before, 0).expect("nothing is wrong");
        finish(&mut intake);
        assert_eq!(look(&mut intake, files, 1), expected, "{changed:?}");
        if expected.is_ok() {
            finish(&mut intake);
            assert_eq!(
                look(&mut intake, files, 2),
                Ok(Vec::new()),
                "{changed:?}, again"
            );
        }
    }
}

#[test]
fn a_change_before_the_file_was_read_is_the_readers_affair() {
    for changed in [Changed::Ignore, Changed::Fail] {
        let mut intake = Intake::new(rules(changed));
        look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
        let now: Files<'_> = &[("a", b"2\n3\n", 2)];
        assert_eq!(look(&mut intake, now, 0), Ok(Vec::new()));
        intake.want_again(Name::new(b"a").key(), 0);
        let found = look(&mut intake, now, 0);
        assert_eq!(found, Ok(vec![(1, "a".to_owned(), 0, 4)]));
        assert!(intake.take_missing().is_empty());
    }
}

#[test]
fn a_reader_is_told_when_the_file_it_waits_for_is_gone() {
    let mut intake = Intake::new(rules(Changed::Ignore));
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    let key = Name::new(b"a").key();
    intake.want_again(key, 0);
    assert_eq!(look(&mut intake, &[], 0), Ok(Vec::new()));
    assert_eq!(intake.take_missing(), [key]);
}

#[test]
fn a_reader_that_waits_for_a_file_which_is_only_ready_yet_has_it_read_anew() {
    let mut intake = Intake::new(rules(Changed::Ignore));
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    let (name, now) = (Name::new(b"a"), Identity { size: 4, mtime: 2 });
    // A look has found it changed, and there is no room for it.
    intake.begin_listing();
    intake.meet(&name, now, Duration::ZERO);
    let ready = intake.end_listing(true);
    assert_eq!(ready.len(), 1);
    intake.want_again(name.key(), 0);
    assert!(intake.is_asked_for(&name));
    let piece = intake.judge(&ready[0], now, b"2\n3\n").expect("no error");
    let piece = piece.expect("it is read");
    assert!(!intake.is_asked());
    // In the queue it is certain to come.
    intake.queue(vec![piece]);
    intake.want_again(name.key(), 0);
    assert!(!intake.is_asked());
}

#[test]
fn a_file_that_goes_on_growing_is_read_in_the_end_where_a_reader_stands_before_it() {
    let name = Name::new(b"a");
    let grown = |seconds: u64| Identity {
        size: seconds + 1,
        mtime: 1,
    };
    for (changed, is_asked, is_read) in [
        (Changed::Ignore, true, true),
        // Nobody waits for it.
        (Changed::Ignore, false, false),
        // It would be read again and again.
        (Changed::Reread, true, false),
    ] {
        let mut intake = Intake::new(Rules {
            settle: Duration::from_secs(2),
            ..rules(changed)
        });
        if is_asked {
            intake.want_again(name.key(), 0);
        }
        let look = |intake: &mut Intake, seconds| {
            intake.begin_listing();
            intake.meet(&name, grown(seconds), Duration::from_secs(seconds));
            intake.end_listing(true).pop()
        };
        for seconds in 0..20 {
            assert_eq!(look(&mut intake, seconds), None, "after {seconds} s");
        }
        let ready = look(&mut intake, 20);
        assert_eq!(ready.is_some(), is_read, "{changed:?}");
        if let Some(ready) = ready {
            // Also where it has grown since it was listed.
            let piece = intake.judge(&ready, grown(21), b"x").expect("no error");
            assert_eq!(piece.map(|piece| piece.identity), Some(grown(21)));
        }
    }
}

#[test]
fn a_piece_says_whether_it_was_waited_for() {
    for is_waited_for in [false, true] {
        let mut intake = Intake::new(rules(Changed::Ignore));
        let now = identity(b"1", 1);
        intake.begin_listing();
        intake.meet(&Name::new(b"a"), now, Duration::ZERO);
        let mut ready = intake.end_listing(true).remove(0);
        if is_waited_for {
            ready.note_waited();
        }
        let piece = intake.judge(&ready, now, b"1").expect("no error");
        assert_eq!(piece.map(|piece| piece.waited), Some(is_waited_for));
    }
}

#[test]
fn a_new_name_of_what_is_known_is_told_from_a_new_file() {
    let mut intake = Intake::new(rules(Changed::Ignore));
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    let renamed = Name::new(b"b");
    assert!(intake.is_renamed(&renamed, identity(b"1\n", 1), b"1\n"));
    for (content, mtime) in [(b"2\n", 1), (b"1\n", 2)] {
        assert!(!intake.is_renamed(&renamed, identity(content, mtime), content));
    }
    let known = Name::new(b"a");
    assert!(!intake.is_renamed(&known, identity(b"1\n", 1), b"1\n"));
}

#[test]
fn compressed_files_are_not_followed() {
    let mut intake = Intake::new(rules(Changed::Append));
    look(&mut intake, &[("a.gz", b"1", 1)], 0).expect("nothing is wrong");
    finish(&mut intake);
    assert_eq!(
        look(&mut intake, &[("a.gz", b"12", 2)], 0),
        Err("MS-6003".to_owned())
    );
}

#[test]
fn a_file_that_comes_back_is_known_until_it_is_forgotten() {
    let files: Files<'_> = &[("a", b"1\n", 1), ("b", b"2\n", 1)];
    let mut intake = Intake::new(rules(Changed::Fail));
    look(&mut intake, files, 0).expect("nothing is wrong");
    finish(&mut intake);
    let left: Files<'_> = &[("b", b"2\n", 1)];
    for (minute, there, expected) in [
        (1, left, 0),
        (5, files, 0),
        (6, left, 0),
        (16, files, 0),
        (17, left, 0),
        (28, left, 0),
        (29, files, 1),
    ] {
        let found = look(&mut intake, there, minute).expect("nothing is wrong");
        assert_eq!(found.len(), expected, "minute {minute}");
    }
}

#[test]
fn announcements_wait_for_readers() {
    let mut intake = Intake::new(rules(Changed::Ignore));
    let names: Vec<String> = (0..WINDOW + 10)
        .map(|number| format!("{number:06}"))
        .collect();
    let files: Vec<(&str, &[u8], i64)> = names
        .iter()
        .map(|name| (name.as_str(), &b"1"[..], 1))
        .collect();
    let found = look(&mut intake, &files, 0).expect("nothing is wrong");
    assert_eq!(found.len() as u64, WINDOW);
    assert_eq!(intake.freeze().unfinished.len() as u64, WINDOW);
    assert!(intake.announce().is_empty());
    let at = intake.wake_at();
    assert!(at > 0 && at < WINDOW);
    intake.set_finished(at);
    assert_eq!(intake.announce().len(), 10);
    assert_eq!(intake.freeze().unfinished.len() as u64, WINDOW + 10 - at);
}

#[test]
fn a_snapshot_holds_what_was_announced_and_nothing_else() {
    let mut intake = Intake::new(rules(Changed::Append));
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    finish(&mut intake);
    // Judged and numbered, but not announced.
    intake.begin_listing();
    let now = identity(b"1\n2\n", 2);
    intake.meet(&Name::new(b"a"), now, Duration::ZERO);
    intake.meet(&Name::new(b"b"), now, Duration::ZERO);
    let ready = intake.end_listing(true);
    let pieces = ready
        .iter()
        .filter_map(|ready| intake.judge(ready, now, b"1\n2\n").expect("grew"));
    let pieces: Vec<Piece> = pieces.collect();
    assert_eq!(pieces.len(), 2);
    intake.queue(pieces);
    let books = intake.freeze();
    assert_eq!((books.announced, books.ledger.len()), (1, 1));
    let entry = intake.seen().get(Name::new(b"a").key()).expect("is known");
    assert_eq!(entry.identity, identity(b"1\n", 1));
}

#[test]
fn where_files_are_appended_to_another_time_alone_is_no_change_and_nobody_has_to_stand_still() {
    let mut intake = Intake::new(rules(Changed::Append));
    let long = b"1234567\n".repeat(1_000);
    let touched: Files<'_> = &[("a", &long, 2)];
    look(&mut intake, &[("a", &long, 1)], 0).expect("nothing is wrong");
    // Whether readers have come to it or not.
    assert_eq!(look(&mut intake, touched, 0), Ok(Vec::new()));
    finish(&mut intake);
    assert_eq!(look(&mut intake, &[("a", &long, 3)], 0), Ok(Vec::new()));

    // It grows once more between the listing and the opening.
    let (listed, opened) = (
        [&long[..], b"8\n"].concat(),
        [&long[..], b"8\n9\n"].concat(),
    );
    intake.begin_listing();
    intake.meet(&Name::new(b"a"), identity(&listed, 4), Duration::ZERO);
    let ready = intake.end_listing(true).remove(0);
    let judged = intake.judge(&ready, identity(&opened, 5), &opened);
    let piece = judged.expect("has grown").expect("is read on");
    assert_eq!((piece.from, piece.identity), (8_000, identity(&opened, 5)));
}

/// An intake that takes away what is done with, and has read `files` and committed that.
fn done_with(files: Files<'_>) -> Intake {
    let mut taking = rules(Changed::Ignore);
    taking.takes_away = true;
    let mut intake = Intake::new(taking);
    look(&mut intake, files, 0).expect("nothing is wrong");
    finish(&mut intake);
    intake.set_committed(intake.announced);
    intake
}

/// What a listing of the one file says of it.
fn meet(intake: &mut Intake, name: &Name, content: &[u8], mtime: i64) -> Met {
    intake.begin_listing();
    let met = intake.meet(name, identity(content, mtime), Duration::ZERO);
    intake.end_listing(true);
    met
}

#[test]
fn what_is_done_with_is_taken_away_and_what_was_passed_over_is_not() {
    let mut intake = Intake::new(Rules {
        takes_away: true,
        ..rules(Changed::Ignore)
    });
    let name = Name::new(b"a");
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    finish(&mut intake);
    assert_eq!(
        meet(&mut intake, &name, b"1\n", 1),
        Met::Known,
        "not committed"
    );
    assert!(intake.set_committed(1));
    let taken = meet(&mut intake, &name, b"1\n", 1);
    assert!(matches!(taken, Met::TakeAway(entry) if entry.identity == identity(b"1\n", 1)));
    let (file, piece) = (name.key(), 0);
    intake.pass_over_all(vec![PassedOver { file, piece }]);
    assert_eq!(
        meet(&mut intake, &name, b"1\n", 1),
        Met::Known,
        "it was not read"
    );
}

#[test]
fn a_file_that_a_listing_misses_is_the_same_when_it_is_back_and_a_new_one_otherwise() {
    let files: Files<'_> = &[("a", b"1\n", 1), ("b", b"2\n", 1)];
    let grown: Files<'_> = &[("a", b"1\n3\n", 2)];
    for by_itself in [true, false] {
        let mut intake = done_with(files);
        let name = Name::new(b"a");
        if by_itself {
            // It was announced behind the listing, and counts as met in the next one.
            for _ in 0..2 {
                look(&mut intake, &[("b", b"2\n", 1)], 1).expect("nothing is wrong");
            }
        } else {
            intake.taken_away(&name, 1);
        }
        assert_eq!(intake.seen().len(), 2, "it leaves a tombstone");
        let mut back = intake_like(&mut intake);
        assert_eq!(look(&mut back, files, 2), Ok(Vec::new()), "the same file");
        assert!(matches!(
            meet(&mut back, &name, b"1\n", 1),
            Met::TakeAway(_)
        ));
        // It went, so even one that begins as it did is another one.
        let found = look(&mut intake, grown, 2);
        assert_eq!(found, Ok(vec![(2, "a".to_owned(), 0, 4)]), "a new file");
    }
}

/// Another intake with the same books.
fn intake_like(intake: &mut Intake) -> Intake {
    let books = intake.freeze();
    let (mut bytes, mut seen) = (Vec::new(), Seen::default());
    books.ledger.write_all(&mut bytes).expect("memory");
    read_segment(&mut bytes.as_slice(), &mut seen).expect("whole");
    let mut other = Intake::new(intake.rules.clone());
    other.restore(seen, books.unfinished, books.announced, books.finished);
    other
}

#[test]
fn a_tombstone_ends_in_its_time() {
    let mut intake = done_with(&[("a", b"1\n", 1)]);
    intake.taken_away(&Name::new(b"a"), 0);
    for (minute, known) in [(1, 1), (10, 1), (11, 0)] {
        look(&mut intake, &[], minute).expect("nothing is wrong");
        assert_eq!(intake.seen().len(), known, "minute {minute}");
    }
}

#[test]
fn what_took_the_place_of_a_file_is_read_when_that_is_done_with() {
    let mut intake = Intake::new(Rules {
        takes_away: true,
        ..rules(Changed::Ignore)
    });
    look(&mut intake, &[("a", b"1\n", 1)], 0).expect("nothing is wrong");
    finish(&mut intake);
    let other: Files<'_> = &[("a", b"2\n3\n", 2)];
    for _ in 0..2 {
        assert_eq!(look(&mut intake, other, 0), Ok(Vec::new()), "not committed");
    }
    intake.set_committed(1);
    let found = look(&mut intake, other, 0);
    assert_eq!(found, Ok(vec![(1, "a".to_owned(), 0, 4)]));
    // What was appended to a file that was read is no new file.
    let mut intake = done_with(&[("a", b"1\n", 1)]);
    let grown: Files<'_> = &[("a", b"1\n2\n", 2)];
    assert_eq!(look(&mut intake, grown, 0), Ok(Vec::new()));
}

#[test]
fn what_can_not_have_been_taken_away_yet_is_counted() {
    let mut intake = done_with(&[("a", b"1\n", 1)]);
    let files: Files<'_> = &[("a", b"1\n", 1), ("b", b"2\n", 1)];
    look(&mut intake, files, 0).expect("nothing is wrong");
    assert_eq!(intake.unfinished_in(0..Seen::buckets()), 1);
    finish(&mut intake);
    assert_eq!(intake.unfinished_in(0..Seen::buckets()), 0);
}
