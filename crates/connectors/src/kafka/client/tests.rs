use std::collections::BTreeMap;

use rdkafka::config::ClientConfig;

use super::{ahead, configure, without_times};
use crate::kafka::options::{End, KafkaSourceOptions, Lost, Reset, Topics, ValueFormat};
use crate::kafka::properties::Properties;
use crate::kafka::text_schema;

fn options(given: &[(&str, &str)]) -> KafkaSourceOptions {
    let given: BTreeMap<String, String> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    KafkaSourceOptions {
        brokers: "kafka:9092".to_owned(),
        topics: Topics::Names(vec!["t".to_owned()]),
        group: "g".to_owned(),
        reset: Reset::Earliest,
        end: End::None,
        lost: Lost::Fail,
        discovery: None,
        properties: Properties::of_java(&given).expect("properties"),
        format: ValueFormat::Text,
        schema: text_schema(),
        keep_raw: false,
    }
}

fn told(given: &[(&str, &str)], partitions: usize) -> Vec<(&'static str, String)> {
    ahead(&options(given), partitions)
}

#[test]
fn records_are_held_against_their_checksums_unless_that_is_not_wanted() {
    for (given, wanted) in [
        (Vec::new(), "true"),
        (vec![("check.crcs", "false")], "false"),
    ] {
        let mut config = ClientConfig::new();
        configure(&mut config, &options(&given), 1);
        assert_eq!(config.get("check.crcs"), Some(wanted));
    }
}

#[test]
fn what_is_read_ahead_is_shared_among_the_partitions_of_a_subtask() {
    let of = |kib: &str, messages: &str, bytes: &str| {
        let told = [
            ("queued.max.messages.kbytes", kib),
            ("queued.min.messages", messages),
            ("fetch.message.max.bytes", bytes),
        ];
        Vec::from(told.map(|(name, value)| (name, value.to_owned())))
    };
    assert_eq!(told(&[], 0), of("4096", "100000", "1048576"));
    assert_eq!(told(&[], 1), of("4096", "100000", "1048576"));
    assert_eq!(told(&[], 4), of("1024", "25000", "1048576"));
    assert_eq!(told(&[], 64), of("64", "1562", "65536"));
    assert_eq!(told(&[], 100_000), of("1", "100", "65536"));
    let given = [("queued.max.messages.kbytes", "1024")];
    assert_eq!(told(&given, 2), of("512", "50000", "524288"));
    assert_eq!(told(&[("queued.max.messages.kbytes", "much")], 2), []);
    for name in ["max.partition.fetch.bytes", "fetch.message.max.bytes"] {
        let given = [(name, "2000000"), ("queued.min.messages", "10")];
        let expected = [("queued.max.messages.kbytes", "2048".to_owned())];
        assert_eq!(told(&given, 2), expected);
    }
}

#[test]
fn the_same_reason_is_the_same_text_each_time() {
    let reason = "127.0.0.1:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused";
    for times in [
        "",
        " (after 0ms in state CONNECT)",
        " (after 12ms in state CONNECT, 30 identical error(s) suppressed)",
    ] {
        assert_eq!(without_times(&format!("{reason}{times}")), reason);
    }
    let other = "it is closed (after all)";
    assert_eq!(without_times(other), other);
}
