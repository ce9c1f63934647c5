use std::time::Duration;

use millstream_core::Configuration;

use super::*;

fn configuration(settings: &[(&str, &str)]) -> Configuration {
    let mut configuration = Configuration::new();
    settings
        .iter()
        .for_each(|(key, value)| configuration.set(*key, *value));
    configuration
}

#[test]
fn without_settings_there_are_no_periodic_checkpoints_and_no_restarts() {
    let settings = JobSettings::from_configuration(&Configuration::new(), Vec::new())
        .expect("every option has a default");
    assert_eq!(settings.checkpoints.interval, None);
    assert_eq!(settings.checkpoints.timeout, Duration::from_secs(600));
    assert_eq!(settings.checkpoints.retained, 1);
    assert_eq!(
        settings.checkpoints.retention,
        Retention::NoExternalizedCheckpoints
    );
    assert_eq!(settings.restart, RestartStrategy::None);
    assert_eq!(
        settings.cancellation.timeout,
        Some(Duration::from_secs(180))
    );
    assert_eq!(
        settings.cancellation.interval,
        Some(Duration::from_secs(30))
    );
}

#[test]
fn zero_means_no_interval_and_no_time_limit() {
    let configuration = configuration(&[
        ("execution.checkpointing.interval", "0"),
        ("task.cancellation.timeout", "0"),
    ]);
    let settings = JobSettings::from_configuration(&configuration, Vec::new()).expect("0 is fine");
    assert_eq!(settings.checkpoints.interval, None);
    assert_eq!(settings.cancellation.timeout, None);
}

#[test]
fn at_least_once_is_accepted() {
    let configuration = configuration(&[("execution.checkpointing.mode", "AT_LEAST_ONCE")]);
    assert!(CheckpointSettings::from_configuration(&configuration).is_ok());
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    for (key, value) in [
        ("execution.checkpointing.mode", "SOMETIMES"),
        ("execution.checkpointing.max-concurrent-checkpoints", "2"),
        ("execution.checkpointing.timeout", "0"),
        ("execution.checkpointing.num-retained", "0"),
        (
            "execution.checkpointing.externalized-checkpoint-retention",
            "KEEP",
        ),
    ] {
        let error = CheckpointSettings::from_configuration(&configuration(&[(key, value)]))
            .expect_err("out of range");
        assert_eq!(error.code(), "MS-1002", "{error}");
        assert!(error.message().starts_with(key), "{error}");
        assert!(error.next_step().starts_with("give "), "{error}");
    }
}
