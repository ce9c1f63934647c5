use std::time::Duration;

use super::{MOST, stays};
use crate::files_source::contents::Contents;
use crate::files_source::intake::{Intake, Ready, Rules};
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::Changed;

#[test]
fn a_file_that_may_not_be_read_stays_where_the_source_watches_and_nobody_asks_for_it() {
    assert!(stays(false, true, 0));
    assert!(!stays(true, true, 0), "a reader hears of it");
    assert!(!stays(false, false, 0), "a source ends that looks once");
    assert!(!stays(false, true, MOST), "memory is bounded");
}

/// One look at a directory that holds one file, which does not change.
fn look(intake: &mut Intake, seconds: u64) -> Vec<Ready> {
    intake.begin_listing();
    let identity = Identity { size: 1, mtime: 1 };
    intake.meet(&Name::new(b"a"), identity, Duration::from_secs(seconds));
    intake.end_listing(true)
}

fn settling() -> Intake {
    Intake::new(Rules {
        changed: Changed::Ignore,
        settle: Duration::from_secs(2),
        forget: 10,
        split: 10,
        contents: Contents::Columns,
        takes_away: false,
        shown: "/in".to_owned(),
    })
}

#[test]
fn no_look_is_made_for_a_file_that_stays_and_had_no_end_of_a_line() {
    let mut intake = settling();
    assert!(look(&mut intake, 0).is_empty());
    let ready = look(&mut intake, 2).pop().expect("it is ready");
    assert!(intake.leave_unended(&ready, Duration::from_secs(2)));
    let ready = look(&mut intake, 60).pop().expect("it is ready again");
    intake.keep_on_its_way(&ready.name);
    assert!(look(&mut intake, 61).is_empty(), "it is on its way");
    assert_eq!(intake.due(), None);
}

#[test]
fn no_look_is_made_for_a_file_that_stays() {
    let mut intake = settling();
    assert!(look(&mut intake, 0).is_empty());
    assert_eq!(intake.due(), Some(Duration::from_secs(2)));
    assert_eq!(look(&mut intake, 2).len(), 1);
    for seconds in [3, 60, 120] {
        assert!(look(&mut intake, seconds).is_empty(), "it is on its way");
        assert_eq!(intake.due(), None);
    }
    intake.give_up(&Name::new(b"a"));
    assert!(look(&mut intake, 180).is_empty());
    let due = Some(Duration::from_secs(182));
    assert_eq!(intake.due(), due, "it is waited for anew");
}
