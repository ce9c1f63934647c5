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
fn whatever_is_set_last_wins_under_whichever_key() {
    for keys in [
        ["restart-strategy.type", "restart-strategy"],
        ["restart-strategy", "restart-strategy.type"],
    ] {
        let [first, last] = keys;
        let mut configuration = Configuration::new();
        configuration.set(first, "fixed-delay");
        let mut outside = Configuration::new();
        outside.set(last, "none");
        configuration.extend(&outside);
        let strategy = configuration.get(&RESTART_STRATEGY).expect("a text");
        assert_eq!(strategy.as_deref(), Some("none"), "{last} comes last");
        for key in keys {
            assert_eq!(configuration.text(key), Some("none"));
        }
        assert_eq!(configuration.iter().count(), 1);
    }
}

#[test]
fn no_key_belongs_to_two_options() {
    let mut keys: Vec<&str> = ALL
        .iter()
        .chain(SERVER)
        .flat_map(|option| std::iter::once(&option.name).chain(option.aliases))
        .copied()
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), all);
}

#[test]
fn what_was_stored_under_an_alias_is_found_under_the_name() {
    let map = |entries: &[(&str, &str)]| -> BTreeMap<String, String> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        entries.iter().map(owned).collect()
    };
    let stored = [
        ("restart-strategy", "none"),
        ("restart-strategy.type", "fixed-delay"),
        ("a", "b"),
    ];
    let read = Configuration::from(map(&stored));
    let strategy = read.get(&RESTART_STRATEGY).expect("a text");
    assert_eq!(strategy.as_deref(), Some("fixed-delay"), "the name counts");
    let kept = [("restart-strategy.type", "fixed-delay"), ("a", "b")];
    assert_eq!(BTreeMap::from(read), map(&kept));
}

#[test]
fn the_shortest_time_but_none_is_a_millisecond() {
    for (text, micros) in [
        ("500 us", 1_000),
        ("1 ns", 1_000),
        ("0 us", 0),
        ("1500 us", 1_500),
    ] {
        let expected = Some(Duration::from_micros(micros));
        assert_eq!(parse_duration(text), expected, "{text}");
    }
    assert_eq!(format_duration(Duration::from_micros(500)), "1 ms");
    assert_eq!(format_duration(Duration::ZERO), "0 ms");
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

#[test]
fn references_stay_as_they_are_written_and_count_as_resolved() {
    let mut configuration = Configuration::new();
    configuration.set("parallelism.default", "${env:N}");
    configuration.set("rest.auth.token", "${env:TOKEN}");
    configuration.set("pipeline.name", "$${x}");
    let unread = configuration.get(&PARALLELISM).expect_err("not resolved");
    assert_eq!(unread.code(), "MS-1022");
    let read = |reference: &reference::Reference<'_>| match reference {
        reference::Reference::Variable("N") => Ok("3".to_owned()),
        _ => Ok("hunter2".to_owned()),
    };
    configuration.resolve(|_| true, &read).expect("resolved");
    assert_eq!(configuration.require(&PARALLELISM).expect("a number"), 3);
    assert_eq!(configuration.text("rest.auth.token"), Some("hunter2"));
    assert_eq!(configuration.text("pipeline.name"), Some("${x}"));
    let mut other = Configuration::new();
    other.extend(&configuration);
    assert_eq!(other.require(&PARALLELISM).expect("a number"), 3);
    let shown = format!("{other:?}{:?}", BTreeMap::from(other.clone()));
    assert!(!shown.contains("hunter2"), "{shown}");
    let shown = other.without_secrets();
    assert_eq!(shown.text("rest.auth.token"), Some("${env:TOKEN}"));
    other.set("parallelism.default", "${env:TOKEN}");
    other.resolve(|_| true, &read).expect("resolved");
    let error = other.get(&PARALLELISM).expect_err("no number");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    other.set("parallelism.default", "4");
    assert_eq!(other.require(&PARALLELISM).expect("a number"), 4);
}
