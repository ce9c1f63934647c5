use rdkafka::config::ClientConfig;

use super::{AROUND, Found, Limits, OVERHEAD, Told};
use crate::kafka::sink::period::Period;

fn limits(settings: &[(&str, &str)]) -> Limits {
    let mut config = ClientConfig::new();
    for (name, value) in settings {
        config.set(*name, *value);
    }
    Limits::of(&config)
}

/// A topic that takes messages of so many bytes; `told`: the brokers say so.
fn topic(bytes: usize, told: bool) -> Found {
    Found {
        partitions: 1,
        on_one_broker: 1,
        message_bytes: bytes.min(1_048_576 - AROUND),
        told_bytes: told.then_some(bytes),
        period: Period::default(),
        transaction_ms: None,
    }
}

#[test]
fn the_smallest_of_all_limits_holds_and_is_named() {
    let largest = |settings: &[(&str, &str)], topic: &Found| {
        let largest = limits(settings).largest(Some(topic));
        (largest.bytes, largest.by)
    };
    let of_topic = "max.message.bytes of the topic";
    assert_eq!(largest(&[], &topic(2_000, true)), (2_000, of_topic));
    // More than Java's producer takes has to be asked for.
    assert_eq!(largest(&[], &topic(5_000_000, true)).0, 1_048_448);
    let given = [("message.max.bytes", "3000000")];
    let by_given = (3_000_000 - OVERHEAD, "sink.kafka.max.request.size");
    assert_eq!(largest(&given, &topic(5_000_000, true)), by_given);
    assert_eq!(largest(&given, &topic(2_000, true)), (2_000, of_topic));
    // What brokers do not say is no limit where another one was given.
    assert_eq!(largest(&given, &topic(1_048_448, false)), by_given);
    let small = [("queue.buffering.max.kbytes", "64"), given[0]];
    let by_room = (65_536, "sink.kafka.buffer.memory");
    assert_eq!(largest(&small, &topic(5_000_000, true)), by_room);
    assert_eq!(largest(&small[..1], &topic(1_000_000, true)), by_room);
}

#[test]
fn what_the_policy_takes_librdkafka_takes_too() {
    for bytes in [2_000, 1_048_448] {
        let found = topic(bytes, true);
        let largest = limits(&[]).largest(Some(&found)).bytes;
        let told = Told::of(&found, None);
        assert!(largest + OVERHEAD <= told.message_max_bytes(), "{bytes}");
    }
    let given = limits(&[("message.max.bytes", "70000")]);
    assert_eq!(given.largest(None).bytes + OVERHEAD, 70_000);
}

#[test]
fn a_batch_fits_into_every_topic_of_its_producer() {
    let (output, letters) = (topic(1_048_448, true), topic(9_872, true));
    assert_eq!(Told::of(&output, None).batch_size(None), 1_000_000);
    let both = Told::of(&output, Some(&letters));
    assert_eq!(both.batch_size(None), 9_872);
    assert_eq!(both.batch_size(Some(65_536)), 9_872);
    assert_eq!(both.batch_size(Some(4_096)), 4_096);
    let unknown = topic(1_048_448, false);
    let asked = Told::of(&unknown, Some(&unknown)).batch_size(Some(5_000_000));
    assert_eq!(asked, 5_000_000);
    assert_eq!(Told::of(&topic(0, true), None).batch_size(None), 1);
}

#[test]
fn fewer_requests_are_under_way_than_there_are_partitions_to_send_to() {
    let in_flight = |on_one_broker| {
        let found = Found {
            on_one_broker,
            ..topic(2_000, true)
        };
        Told::of(&found, None).in_flight()
    };
    assert_eq!([0, 1, 4, 7, 8].map(in_flight), [1, 1, 1, 1, 2]);
    assert_eq!([12, 20, 1_000].map(in_flight), [3, 5, 5]);
}

#[test]
fn there_is_room_for_the_next_message_while_the_largest_is_on_its_way() {
    let told = Told::of(&topic(1_048_448, true), None);
    let kib = |message| told.buffer_kib(message);
    assert_eq!([None, Some(2_000)].map(kib), [8 * 1024; 2]);
    assert_eq!(kib(Some(6 * 1024 * 1024 - AROUND)), 12 * 1024);
    // As in Java more has to be asked for.
    assert_eq!(kib(Some(20 * 1024 * 1024)), 32 * 1024);
    let letters = Found {
        message_bytes: 5 * 1024 * 1024 - AROUND,
        ..topic(2_000, true)
    };
    let both = Told::of(&topic(2_000, true), Some(&letters));
    assert_eq!(both.buffer_kib(None), 10 * 1024);
}
