use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const TERM: Duration = Duration::from_millis(60);

fn clock() -> Clock {
    Clock::of_machine()
}

fn sight(number: u64, count: u64) -> Sight {
    Sight {
        number,
        count,
        is_dead: false,
    }
}

#[test]
fn what_is_seen_decides() {
    let (a_term, long) = (Duration::from_secs(1), Duration::from_secs(3));
    let watched = |number, count, still| Some((sight(number, count), still));
    for (now, first, used, expected, why) in [
        (None, None, 0, Step::Take(1), "nobody ever had it"),
        (None, None, 7, Step::Take(8), "given up"),
        (
            None,
            watched(3, 9, a_term),
            7,
            Step::Take(8),
            "given up while it was watched",
        ),
        (Some(sight(3, 9)), None, 7, Step::Watch, "it may be renewed"),
        (
            Some(sight(3, 9)),
            watched(3, 9, a_term),
            7,
            Step::Watch,
            "it may be late",
        ),
        (
            Some(sight(3, 10)),
            watched(3, 9, a_term),
            7,
            Step::Refuse,
            "it is renewed",
        ),
        (
            Some(sight(3, 10)),
            watched(3, 9, long),
            7,
            Step::Refuse,
            "renewed at last",
        ),
        (
            Some(sight(4, 0)),
            watched(3, 9, long),
            7,
            Step::Refuse,
            "somebody was quicker",
        ),
        (
            Some(sight(3, 9)),
            watched(3, 9, long),
            7,
            Step::Take(8),
            "it has stood still",
        ),
        (
            Some(sight(9, 9)),
            watched(9, 9, long),
            7,
            Step::Take(10),
            "above all numbers",
        ),
    ] {
        assert_eq!(decide(now, first, used, a_term), expected, "{why}");
    }
}

#[test]
fn a_holder_is_sure_for_a_term_behind_its_renewal() {
    let seconds = Duration::from_secs;
    for (renewed, now, expected, why) in [
        (100, 100, true, "just renewed"),
        (100, 109, true, "within the term"),
        (100, 110, false, "a term ago"),
        (100, 3_700, false, "the machine was suspended"),
        (100, 99, false, "of another start of the machine"),
    ] {
        let is_sure = is_sure(seconds(renewed), seconds(now), seconds(10));
        assert_eq!(is_sure, expected, "{why}");
    }
}

#[test]
fn who_watches_does_not_count_the_time_that_he_was_suspended() {
    let seconds = Duration::from_secs;
    let term = seconds(10);
    assert_eq!(still_for(seconds(12), seconds(1), term), seconds(13));
    let still = still_for(seconds(2), seconds(3_600), term);
    assert_eq!(still, seconds(12));
    let seen = sight(3, 9);
    assert_eq!(
        decide(Some(seen), Some((seen, still)), 0, term),
        Step::Watch
    );
}

#[test]
fn a_holder_that_was_suspended_looks_before_it_does_anything_more() {
    let temp = tempfile::tempdir().expect("a directory");
    let hour = 3_600;
    let seconds = Arc::new(AtomicU64::new(50));
    let told = Arc::clone(&seconds);
    let clock = Clock::from_fn(move || Duration::from_secs(told.load(Ordering::Relaxed)));
    // Its thread never renews it here.
    let lease = Lease::take(temp.path(), Duration::from_secs(hour), &clock);
    let lease = lease.expect("writable").expect("nobody has it");
    File::create_new(path(temp.path(), lease.inner.number + 1)).expect("writable");
    lease.check().expect("nobody can have taken it yet");
    seconds.fetch_add(hour, Ordering::Relaxed);
    let error = lease.check().expect_err("another one has taken it");
    assert_eq!(error.code(), "MS-3018");
}

#[test]
fn a_renewal_that_took_longer_than_a_term_is_doubted() {
    let temp = tempfile::tempdir().expect("a directory");
    let hour = 3_600;
    let (seconds, step) = (Arc::new(AtomicU64::new(50)), Arc::new(AtomicU64::new(0)));
    let (told, steps) = (Arc::clone(&seconds), Arc::clone(&step));
    let clock = Clock::from_fn(move || {
        let passed = steps.load(Ordering::Relaxed);
        Duration::from_secs(told.fetch_add(passed, Ordering::Relaxed))
    });
    let lease = Lease::take(temp.path(), Duration::from_secs(hour), &clock);
    let lease = lease.expect("writable").expect("nobody has it");
    seconds.fetch_add(hour, Ordering::Relaxed);
    lease.check().expect("it is renewed at once");
    assert!(!lease.is_doubted());
    // Suspended in the middle: whoever had it meanwhile may have come and gone.
    step.store(hour, Ordering::Relaxed);
    seconds.fetch_add(hour, Ordering::Relaxed);
    lease.check().expect("it is renewed");
    assert!(lease.is_doubted());
    lease.trust();
    assert!(!lease.is_doubted());
}

#[test]
fn a_lease_that_is_renewed_is_refused_and_one_that_is_given_up_is_free() {
    let temp = tempfile::tempdir().expect("a directory");
    let first = Lease::take(temp.path(), TERM, &clock()).expect("writable");
    let first = first.expect("nobody has it");
    assert!(
        Lease::take(temp.path(), TERM, &clock())
            .expect("writable")
            .is_none()
    );
    assert!(is_renewed(temp.path(), TERM, &clock()).expect("readable"));
    first.check().expect("nobody took it");
    drop(first);
    assert!(!is_renewed(temp.path(), TERM, &clock()).expect("readable"));
    assert!(
        Lease::take(temp.path(), TERM, &clock())
            .expect("writable")
            .is_some()
    );
}

#[test]
fn a_lease_that_stands_still_is_taken_over_and_its_holder_notices() {
    let temp = tempfile::tempdir().expect("a directory");
    // A holder that stands still: its thread waits for an hour.
    let hour = Duration::from_secs(3_600);
    let first = Lease::take(temp.path(), hour, &clock()).expect("writable");
    let first = first.expect("nobody has it");
    let second = Lease::take(temp.path(), TERM, &clock()).expect("writable");
    let second = second.expect("the first stands still");
    assert!(second.inner.number > first.inner.number);
    let error = first
        .inner
        .renew(&mut first.inner.lock())
        .expect_err("taken over");
    assert_eq!(error.code(), "MS-3018");
    assert_eq!(
        numbers(temp.path()).expect("readable"),
        [second.inner.number]
    );
    second.check().expect("nobody took it");
    // Who has taken it may have ended, and nothing is left that would say so.
    drop(second);
    assert_eq!(numbers(temp.path()).expect("readable"), [0; 0]);
    let error = first.inner.renew(&mut first.inner.lock());
    assert_eq!(error.expect_err("it was taken over").code(), "MS-3018");
    assert_eq!(numbers(temp.path()).expect("readable"), [0; 0]);
}

#[test]
fn a_lease_whose_directory_is_away_is_not_taken_over() {
    let temp = tempfile::tempdir().expect("a directory");
    let (job, away) = (temp.path().join("job"), temp.path().join("away"));
    std::fs::create_dir(&job).expect("made");
    let lease = Lease::take(&job, Duration::from_secs(3_600), &clock());
    let lease = lease.expect("writable").expect("nobody has it");
    let renew = || lease.inner.renew(&mut lease.inner.lock());
    std::fs::rename(&job, &away).expect("moved");
    assert_eq!(renew().expect_err("it is away").code(), "MS-3013");
    assert!(!job.exists(), "nothing is made in its place");
    std::fs::rename(&away, &job).expect("moved back");
    renew().expect("it is there again");
}

#[test]
fn one_of_many_gets_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let taken: Vec<Option<Lease>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Lease::take(temp.path(), TERM, &clock()).expect("writable")))
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|lease| lease.expect("no panic")).collect()
    });
    assert!(taken.iter().flatten().count() <= 1, "two have it");
}
