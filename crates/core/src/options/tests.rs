use std::time::Duration;

use super::*;

#[test]
fn every_default_is_a_value_of_its_own_option() {
    let configuration = Configuration::new();
    assert_eq!(
        configuration.require(&PARALLELISM).expect("has a default"),
        1
    );
    assert_eq!(
        configuration
            .require(&CHECKPOINT_TIMEOUT)
            .expect("has a default"),
        Duration::from_secs(600)
    );
    assert_eq!(
        configuration
            .get(&CHECKPOINT_INTERVAL)
            .expect("may be unset"),
        None
    );
}

#[test]
fn an_alias_sets_the_option() {
    let mut configuration = Configuration::new();
    configuration.set("state.checkpoints.num-retained", "5");
    assert_eq!(
        configuration
            .require(&CHECKPOINTS_RETAINED)
            .expect("set by its alias"),
        5
    );
}

#[test]
fn durations_read_as_in_flink() {
    for (text, millis) in [
        ("10 s", 10_000),
        ("500ms", 500),
        ("1 min", 60_000),
        ("7", 7),
        ("2h", 7_200_000),
    ] {
        assert_eq!(
            parse_duration(text),
            Some(Duration::from_millis(millis)),
            "{text}"
        );
    }
    assert_eq!(parse_duration("soon"), None);
    assert_eq!(parse_duration("10 parsecs"), None);
}

#[test]
fn sizes_read_as_in_flink() {
    assert_eq!(
        MemorySize::from_option_text("64 mb"),
        Ok(MemorySize(64 << 20))
    );
    assert_eq!(MemorySize::from_option_text("512"), Ok(MemorySize(512)));
    assert!(MemorySize::from_option_text("99999999999 tb").is_err());
}

#[test]
fn a_wrong_value_names_the_option_and_the_type() {
    let error = PARALLELISM.parse("many").expect_err("no number");
    assert_eq!(
        error.to_string(),
        "MS-1002: parallelism.default is `many`, which is not a whole number; give a whole number"
    );
}

#[test]
fn a_later_setting_wins() {
    let mut configuration = Configuration::new();
    configuration.set("parallelism.default", "2");
    let mut other = Configuration::new();
    other.set("parallelism.default", "3");
    configuration.extend(&other);
    assert_eq!(configuration.require(&PARALLELISM).expect("set"), 3);
}
