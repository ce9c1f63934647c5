use std::time::Duration;

use super::{choose, oldest};
use crate::kafka::Timing;

fn timing(interval: u64, timeout: u64, restart: u64) -> Timing {
    Timing {
        interval: Duration::from_secs(interval),
        timeout: Duration::from_secs(timeout),
        restart: Duration::from_secs(restart),
    }
}

#[test]
fn as_long_as_brokers_allow() {
    let chosen = choose(timing(30, 600, 60), Some(900_000), None).expect("possible");
    assert_eq!(
        (chosen.timeout, chosen.warning),
        (Duration::from_secs(900), None)
    );
    let chosen = choose(timing(30, 600, 60), None, Some("120000")).expect("possible");
    assert_eq!(chosen.timeout, Duration::from_secs(120));
    let warning = chosen.warning.expect("a warning");
    assert!(
        warning.contains("120000") && warning.contains("600000"),
        "{warning}"
    );
}

#[test]
fn what_waits_for_a_checkpoint_is_given_up_while_a_restart_would_be_in_time() {
    let seconds = Duration::from_secs;
    for (timing, timeout, expected) in [
        (timing(30, 600, 60), 900, 835),
        (timing(30, 600, 0), 900, 895),
        // A checkpoint has as much time as a restart where there is little.
        (timing(30, 600, 60), 96, 63),
        (timing(2, 600, 0), 8, 5),
    ] {
        let found = oldest(timing, seconds(timeout));
        assert_eq!(found, seconds(expected), "{timing:?} {timeout}");
    }
}

#[test]
fn what_can_not_be_is_refused_with_all_numbers() {
    for (timing, allowed, given, numbers) in [
        (timing(30, 600, 60), Some(60_000), None, ["60000", "30000"]),
        (
            timing(30, 600, 60),
            Some(900_000),
            Some("60000"),
            ["60000", "600000"],
        ),
        (
            timing(1, 1, 1),
            Some(60_000),
            Some("70000"),
            ["60000", "70000"],
        ),
        (
            timing(1, 1, 1),
            None,
            Some("x"),
            ["transaction.timeout.ms", "x"],
        ),
    ] {
        let error = choose(timing, allowed, given)
            .expect_err("impossible")
            .to_string();
        for number in numbers {
            assert!(error.contains(number), "{error}");
        }
    }
}
