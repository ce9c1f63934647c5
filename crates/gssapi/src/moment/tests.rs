use std::time::Duration;

use super::Moment;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_moment_is_past_where_either_clock_says_so() {
    let now = Moment::now();
    let end = now.after(SECOND * 10);
    assert!(!end.is_past(now));
    assert!(!end.is_past(now.after(SECOND * 9)));
    assert!(end.is_past(now.after(SECOND * 10)));
    // As when the machine was suspended.
    let woken = Moment {
        wall: now.wall + SECOND * 60,
        ..now
    };
    assert!(end.is_past(woken));
    // As when the clock was set back.
    let set_back = Moment {
        wall: now.wall - SECOND * 60,
        ..now.after(SECOND * 10)
    };
    assert!(end.is_past(set_back));
    assert!(end.min(now.after(SECOND)).is_past(now.after(SECOND)));
}
