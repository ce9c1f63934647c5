use std::collections::BTreeMap;

use super::TABLE;
use crate::kafka::Properties;

fn given(pairs: &[(&str, &str)]) -> millstream_core::Result<Properties> {
    let given: BTreeMap<String, String> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Properties::of_java_producer(&given)
}

#[test]
fn the_table_names_each_property_once_in_order() {
    let names: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
}

#[test]
fn names_and_values_become_those_of_librdkafka() {
    for (java, value, own, written) in [
        ("batch.size", "65536", "batch.size", "65536"),
        ("linger.ms", "20", "linger.ms", "20"),
        (
            "buffer.memory",
            "67108864",
            "queue.buffering.max.kbytes",
            "65536",
        ),
        ("buffer.memory", "1025", "queue.buffering.max.kbytes", "2"),
        (
            "send.buffer.bytes",
            "262144",
            "socket.send.buffer.bytes",
            "262144",
        ),
        ("send.buffer.bytes", "-1", "socket.send.buffer.bytes", "0"),
        // Each has one name only with librdkafka, as the sink sets it, too.
        (
            "max.in.flight",
            "3",
            "max.in.flight.requests.per.connection",
            "3",
        ),
        (
            "delivery.timeout.ms",
            "120000",
            "message.timeout.ms",
            "120000",
        ),
        ("compression.codec", "zstd", "compression.type", "zstd"),
        (
            "max.request.size",
            "2000000",
            "message.max.bytes",
            "2000000",
        ),
        (
            "request.timeout.ms",
            "180000",
            "socket.timeout.ms",
            "180000",
        ),
        (
            "request.timeout.ms",
            "180000",
            "request.timeout.ms",
            "180000",
        ),
        ("compression.lz4.level", "9", "compression.level", "9"),
        ("security.protocol", "SSL", "security.protocol", "ssl"),
        // The client pushes metrics unless it is told not to.
        (
            "enable.metrics.push",
            "false",
            "enable.metrics.push",
            "false",
        ),
    ] {
        let properties = given(&[(java, value)]).expect(java);
        assert_eq!(properties.get(own), Some(written), "{java}");
    }
}

#[test]
fn what_would_weaken_the_promise_is_refused() {
    for (name, value, why) in [
        ("acks", "1", "sink.kafka.acks can't be had"),
        ("enable.idempotence", "false", "change their order"),
        ("transactional.id", "mine", "transactional ids of its own"),
        ("partitioner.class", "x.Y", "no JVM"),
        ("group.id", "g", "a property of consumers"),
        ("max.poll.records", "1", "a property of consumers"),
        ("sasl.mechanism", "PLAIN", "sink.kafka.sasl.* is given"),
    ] {
        let error = given(&[(name, value)]).expect_err(name).to_string();
        assert!(error.contains(why), "{error}");
    }
    for (name, value) in [
        ("acks", "all"),
        ("acks", "-1"),
        ("enable.idempotence", "TRUE"),
    ] {
        given(&[(name, value)]).expect(name);
    }
}

#[test]
fn what_has_no_effect_is_told() {
    let properties = given(&[
        ("compression.zstd.level", "3"),
        ("max.block.ms", "5"),
        ("statistics.interval.ms", "0"),
    ]);
    let properties = properties.expect("they can be had");
    assert_eq!(properties.get("statistics.interval.ms"), None);
    assert_eq!(
        properties.notes(),
        [
            "sink.kafka.compression.zstd.level has no effect: what is sent is compressed by lz4",
            "sink.kafka.max.block.ms has no effect: where the buffer is full the job reads more slowly",
            "sink.kafka.statistics.interval.ms has no effect: the sink looks each second whether it waits for brokers",
        ]
    );
}
