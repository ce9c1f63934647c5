//! Whose end is no failure of its job.

use super::*;

/// What the system says of a process in this state, with these pending signals: its main thread's, and those of all threads.
fn status(state: &str, own: &str, shared: &str) -> String {
    format!(
        "Name:\tmillstream\nUmask:\t0022\nState:\t{state}\nTgid:\t4711\nCoreDumping:\t0\nSigQ:\t1/62795\nSigPnd:\t{own}\nShdPnd:\t{shared}\n"
    )
}

#[test]
fn the_end_of_a_process_that_was_dying_is_no_failure_of_its_job() {
    let (soon, late) = (Duration::from_secs(1), Duration::from_secs(60));
    let table = [
        (Holder::Alive, soon, false),
        (Holder::Alive, late, false),
        (Holder::Dying, soon, true),
        (Holder::Dying, late, true),
        (Holder::Unseen, soon, true),
        (Holder::Unseen, LAST_BREATH, true),
        (Holder::Unseen, late, false),
    ];
    for (holder, after, expected) in table {
        assert_eq!(had_begun(holder, after), expected, "{holder:?} {after:?}");
    }
}

#[test]
fn a_process_that_will_not_run_on_is_told_from_one_that_stands_still() {
    const NONE: &str = "0000000000000000";
    const KILL: &str = "0000000000000100";
    // SIGHUP, and SIGTERM with SIGCONT: it may go on.
    let others = ["0000000000000001", "0000000000024000"];
    for state in [
        "R (running)",
        "S (sleeping)",
        "D (disk sleep)",
        "T (stopped)",
    ] {
        assert!(!is_dying(&status(state, NONE, NONE)), "{state}");
        assert!(is_dying(&status(state, KILL, NONE)), "{state}");
        assert!(is_dying(&status(state, NONE, KILL)), "{state}");
        for other in others {
            assert!(!is_dying(&status(state, other, other)), "{state} {other}");
        }
    }
    assert!(is_dying(&status("Z (zombie)", NONE, NONE)));
    let dumping = status("D (disk sleep)", NONE, NONE).replace("Dumping:\t0", "Dumping:\t1");
    assert!(is_dying(&dumping));
    assert!(is_dying(""), "it is gone");
}

#[test]
fn a_process_of_no_job_is_nobodys_holder() {
    let own = fs::read_to_string("/proc/self/status").expect("it is told");
    assert!(!is_dying(&own));
    let holders = Holders::default();
    assert_eq!(
        holders.of(Path::new("/data/jobs/07")).holder,
        Holder::Unseen
    );
}
