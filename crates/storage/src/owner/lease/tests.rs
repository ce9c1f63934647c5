use super::*;

const TERM: Duration = Duration::from_millis(60);

fn sight(number: u64, count: u64) -> Sight {
    Sight { number, count }
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
fn a_lease_that_is_renewed_is_refused_and_one_that_is_given_up_is_free() {
    let temp = tempfile::tempdir().expect("a directory");
    let first = Lease::take(temp.path(), TERM).expect("writable");
    let first = first.expect("nobody has it");
    assert!(Lease::take(temp.path(), TERM).expect("writable").is_none());
    assert!(is_renewed(temp.path(), TERM).expect("readable"));
    first.check().expect("nobody took it");
    drop(first);
    assert!(!is_renewed(temp.path(), TERM).expect("readable"));
    assert!(Lease::take(temp.path(), TERM).expect("writable").is_some());
}

#[test]
fn a_lease_that_stands_still_is_taken_over_and_its_holder_notices() {
    let temp = tempfile::tempdir().expect("a directory");
    // A holder that stands still: its thread waits for an hour.
    let hour = Duration::from_secs(3_600);
    let first = Lease::take(temp.path(), hour).expect("writable");
    let first = first.expect("nobody has it");
    let second = Lease::take(temp.path(), TERM).expect("writable");
    let second = second.expect("the first stands still");
    assert!(second.inner.number > first.inner.number);
    let error = first
        .inner
        .renew(&mut first.inner.lock())
        .expect_err("taken over");
    assert_eq!(error.code(), "MS-3013");
    assert_eq!(
        numbers(temp.path()).expect("readable"),
        [second.inner.number]
    );
    second.check().expect("nobody took it");
}

#[test]
fn one_of_many_gets_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let taken: Vec<Option<Lease>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Lease::take(temp.path(), TERM).expect("writable")))
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|lease| lease.expect("no panic")).collect()
    });
    assert!(taken.iter().flatten().count() <= 1, "two have it");
}
