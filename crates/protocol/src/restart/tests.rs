use millstream_core::Configuration;

use super::*;

fn strategy(settings: &[(&str, &str)], checkpointing_on: bool) -> Result<RestartStrategy> {
    let mut configuration = Configuration::new();
    settings
        .iter()
        .for_each(|(key, value)| configuration.set(*key, *value));
    RestartStrategy::from_configuration(&configuration, checkpointing_on)
}

fn restarts(settings: &[(&str, &str)]) -> Restarts {
    Restarts::new(strategy(settings, true).expect("valid settings"))
}

fn wait(decision: Decision) -> u64 {
    match decision {
        Decision::Restart { after } => u64::try_from(after.as_millis()).expect("short"),
        Decision::GiveUp { why } => panic!("gave up: {why}"),
    }
}

const MIDDLE: f64 = 0.5;

#[test]
fn three_attempts_of_fixed_delay_make_the_fourth_failure_final() {
    let mut restarts = restarts(&[
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "3"),
        ("restart-strategy.fixed-delay.delay", "10 s"),
    ]);
    for failure in 0..3 {
        assert_eq!(wait(restarts.on_failure(Millis(failure), MIDDLE)), 10_000);
    }
    let decision = restarts.on_failure(Millis(3), MIDDLE);
    assert_eq!(
        decision,
        Decision::GiveUp {
            why: "all 3 restarts of fixed-delay are used up".to_owned()
        }
    );
}

#[test]
fn failure_rate_forgets_failures_outside_its_interval() {
    let mut restarts = restarts(&[
        ("restart-strategy", "failure-rate"),
        (
            "restart-strategy.failure-rate.max-failures-per-interval",
            "2",
        ),
        (
            "restart-strategy.failure-rate.failure-rate-interval",
            "10 s",
        ),
        ("restart-strategy.failure-rate.delay", "1 s"),
    ]);
    assert_eq!(wait(restarts.on_failure(Millis(0), MIDDLE)), 1_000);
    assert_eq!(wait(restarts.on_failure(Millis(5_000), MIDDLE)), 1_000);
    assert_eq!(wait(restarts.on_failure(Millis(10_001), MIDDLE)), 1_000);
    let decision = restarts.on_failure(Millis(10_002), MIDDLE);
    assert!(
        matches!(decision, Decision::GiveUp { why } if why.starts_with("3 failures within 10 s"))
    );
}

#[test]
fn exponential_waits_grow_to_the_longest_and_begin_again_after_a_long_run() {
    let mut restarts = restarts(&[
        ("restart-strategy.exponential-delay.backoff-multiplier", "2"),
        ("restart-strategy.exponential-delay.max-backoff", "5 s"),
        (
            "restart-strategy.exponential-delay.reset-backoff-threshold",
            "1 min",
        ),
    ]);
    let mut now = Millis(0);
    for expected in [1_000, 2_000, 4_000, 5_000, 5_000] {
        let after = wait(restarts.on_failure(now, MIDDLE));
        assert_eq!(after, expected);
        now = Millis(now.0 + after + 10);
    }
    let after_a_long_run = Millis(now.0 + 60_000);
    assert_eq!(wait(restarts.on_failure(after_a_long_run, MIDDLE)), 1_000);
}

#[test]
fn jitter_moves_a_wait_by_its_part_both_ways() {
    let numbers = ExponentialDelay {
        initial: Duration::from_secs(1),
        max: Duration::from_secs(100),
        multiplier: 10.0,
        reset_after: Duration::from_secs(3600),
        jitter: 0.1,
        attempts: None,
    };
    let ten = Duration::from_secs(10);
    assert_eq!(numbers.jittered(ten, 0.0), Duration::from_secs(9));
    assert_eq!(numbers.jittered(ten, 1.0), Duration::from_secs(11));
    assert_eq!(numbers.jittered(numbers.initial, 0.0), numbers.initial);
    assert_eq!(numbers.jittered(numbers.max, 1.0), numbers.max);
}

#[test]
fn exponential_delay_gives_up_after_its_attempts() {
    let mut restarts = restarts(&[(
        "restart-strategy.exponential-delay.attempts-before-reset-backoff",
        "1",
    )]);
    wait(restarts.on_failure(Millis(0), MIDDLE));
    let decision = restarts.on_failure(Millis(1), MIDDLE);
    assert!(matches!(decision, Decision::GiveUp { .. }));
}

#[test]
fn a_huge_multiplier_stops_at_the_longest_wait() {
    let mut restarts = restarts(&[
        (
            "restart-strategy.exponential-delay.backoff-multiplier",
            "1e300",
        ),
        ("restart-strategy.exponential-delay.jitter-factor", "1"),
    ]);
    wait(restarts.on_failure(Millis(0), MIDDLE));
    assert_eq!(wait(restarts.on_failure(Millis(1), 1.0)), 60_000);
}

#[test]
fn the_default_depends_on_checkpoints() {
    assert_eq!(
        strategy(&[], false).expect("default"),
        RestartStrategy::None
    );
    let with_checkpoints = strategy(&[], true).expect("default");
    assert!(matches!(
        with_checkpoints,
        RestartStrategy::ExponentialDelay(_)
    ));
    for off in ["none", "off", "disable", "NONE"] {
        let named = strategy(&[("restart-strategy.type", off)], true).expect("a name of none");
        assert_eq!(named, RestartStrategy::None);
    }
}

#[test]
fn a_wrong_strategy_or_number_is_refused_by_name() {
    for (key, value) in [
        ("restart-strategy.type", "maybe"),
        (
            "restart-strategy.exponential-delay.backoff-multiplier",
            "0.5",
        ),
        (
            "restart-strategy.exponential-delay.backoff-multiplier",
            "NaN",
        ),
        ("restart-strategy.exponential-delay.jitter-factor", "1.5"),
        ("restart-strategy.exponential-delay.max-backoff", "1 ms"),
    ] {
        let error = strategy(&[(key, value)], true).expect_err("out of range");
        assert_eq!(error.code(), "MS-1002");
        assert!(error.message().starts_with(key), "{error}");
    }
}

#[test]
fn jitter_is_a_function_of_its_seed() {
    let draw = |seed| {
        let mut jitter = Jitter::new(seed);
        [jitter.draw(), jitter.draw(), jitter.draw()]
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    assert!(draw(7).iter().all(|number| (0.0..1.0).contains(number)));
}

#[test]
fn another_strategy_counts_from_its_beginning() {
    let fixed = [
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "1"),
    ];
    let mut used_up = restarts(&fixed);
    wait(used_up.on_failure(Millis(0), MIDDLE));
    let mut same = used_up
        .clone()
        .by(strategy(&fixed, true).expect("valid settings"));
    let decision = same.on_failure(Millis(1), MIDDLE);
    assert!(matches!(decision, Decision::GiveUp { .. }), "{decision:?}");
    let mut other = used_up.by(strategy(&[], true).expect("valid settings"));
    wait(other.on_failure(Millis(1), MIDDLE));
}
