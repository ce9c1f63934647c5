use std::time::Duration;

use super::{MOST, Settling};
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;

fn name(number: u64) -> Name {
    Name::new(number.to_string().as_bytes())
}

fn identity(size: u64, mtime: i64) -> Identity {
    Identity { size, mtime }
}

#[test]
fn a_file_is_taken_up_when_it_has_stood_still() {
    let mut settling = Settling::new(Duration::from_secs(2));
    let looks = [
        // Milliseconds, size, time of modification, settled.
        (0, 10, 0, false),
        (1_999, 10, 0, false),
        (2_000, 11, 5, false),
        (3_999, 11, 5, false),
        // The time of modification alone counts, too.
        (4_000, 11, 6, false),
        (5_999, 11, 6, false),
        (6_000, 11, 6, true),
    ];
    for (now, size, mtime, settled) in looks {
        let now = Duration::from_millis(now);
        let answer = settling.is_settled(&name(1), identity(size, mtime), now);
        assert_eq!(answer, settled, "at {now:?}");
        settling.end_of_listing();
    }
    assert_eq!(settling.due(), Some(Duration::from_secs(6)));
    settling.forget(name(1).key());
    assert!(settling.take_idle());
    assert_eq!(settling.due(), None);
}

#[test]
fn without_a_time_every_file_is_taken_up_at_once() {
    let mut settling = Settling::new(Duration::ZERO);
    assert!(settling.is_settled(&name(1), identity(1, 1), Duration::ZERO));
    assert!(settling.take_idle());
}

#[test]
fn a_file_that_goes_away_is_not_waited_for() {
    let mut settling = Settling::new(Duration::from_secs(2));
    assert!(!settling.is_settled(&name(1), identity(1, 1), Duration::ZERO));
    settling.end_of_listing();
    assert!(!settling.take_idle());
    assert_eq!(settling.end_of_listing(), [name(1)]);
    assert!(settling.take_idle());
    // It begins anew when it comes back.
    assert!(!settling.is_settled(&name(1), identity(1, 1), Duration::from_secs(5)));
}

#[test]
fn what_is_too_much_to_be_watched_waits_for_its_turn() {
    let mut settling = Settling::new(Duration::from_secs(2));
    for key in 0..=MOST as u64 {
        assert!(!settling.is_settled(&name(key), identity(1, 1), Duration::ZERO));
    }
    (0..MOST as u64).for_each(|key| settling.forget(name(key).key()));
    assert!(!settling.take_idle(), "one has not been watched yet");
    assert!(settling.take_idle());
}

#[test]
fn a_file_that_is_renamed_is_not_gone() {
    let mut settling = Settling::new(Duration::from_secs(2));
    assert!(!settling.is_settled(&name(1), identity(1, 7), Duration::ZERO));
    assert!(!settling.is_settled(&name(2), identity(2, 7), Duration::ZERO));
    assert_eq!(settling.end_of_listing(), []);
    assert!(!settling.is_settled(&name(3), identity(1, 7), Duration::from_secs(1)));
    assert_eq!(settling.end_of_listing(), [name(2)]);
}

#[test]
fn what_many_files_took_is_given_back_while_one_is_always_new() {
    let mut settling = Settling::new(Duration::from_secs(2));
    for number in 0..MOST as u64 {
        settling.is_settled(&name(number), identity(1, 0), Duration::ZERO);
    }
    settling.end_of_listing();
    for number in 0..MOST as u64 {
        settling.forget(name(number).key());
    }
    settling.is_settled(&name(MOST as u64), identity(1, 0), Duration::ZERO);
    settling.end_of_listing();
    assert!(settling.candidates.capacity() < 4_096);
    assert_eq!(settling.candidates.len(), 1);
}

#[test]
fn a_file_that_ends_without_the_end_of_a_record_stands_still_for_longer() {
    let mut settling = Settling::new(Duration::from_secs(2));
    let at = |seconds| Duration::from_secs(seconds);
    let (file, small, large) = (name(1), identity(1, 1), identity(2, 2));
    assert!(!settling.is_settled(&file, small, at(0)));
    assert!(settling.is_settled(&file, small, at(2)));
    assert!(settling.ends_without_end(&file, small, at(2)), "it waits");
    assert_eq!(settling.due(), Some(at(20)));
    assert!(!settling.is_settled(&file, small, at(19)));
    // What is added begins anew.
    assert!(!settling.is_settled(&file, large, at(19)));
    assert_eq!(settling.due(), Some(at(21)));
    assert!(settling.ends_without_end(&file, large, at(21)));
    // That it is written once more as large as it was does not.
    assert!(!settling.is_settled(&file, identity(2, 3), at(30)));
    assert!(settling.is_settled(&file, identity(2, 3), at(39)));
    let waits = settling.ends_without_end(&file, identity(2, 3), at(39));
    assert!(!waits, "it has waited");
    // A listing did not meet it.
    assert!(settling.ends_without_end(&name(2), small, at(40)));
    assert!(!settling.is_settled(&name(2), small, at(59)));
    assert!(settling.is_settled(&name(2), small, at(60)));
}

#[test]
fn one_that_can_not_be_watched_now_is_not_taken_up_in_the_middle_of_a_record() {
    let mut settling = Settling::new(Duration::from_secs(2));
    for key in 0..MOST as u64 {
        assert!(!settling.is_settled(&name(key), identity(1, 1), Duration::ZERO));
    }
    let beyond = name(MOST as u64);
    let now = Duration::from_secs(2);
    assert!(settling.ends_without_end(&beyond, identity(1, 1), now));
    settling.forget(name(0).key());
    assert!(settling.ends_without_end(&beyond, identity(1, 1), now));
    assert!(settling.is_unended(beyond.key()), "it is watched");
}
