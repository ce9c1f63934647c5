//! Reading ends at the end that was asked for: every record before it is handed out, however the partition grows meanwhile, nothing
//! behind it, and it ends also where the last offsets before the end are of no messages.

#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::kafka::{End, KafkaSourceOptions, Properties, Reset};
use millstream_connectors::rows::Parsed;
use millstream_engine::connector::Limit;

/// Where reading was to end, and where partitions end that are still written.
const END: i64 = 100;
const MORE: i64 = 120;

/// What reads each of these partitions of a topic up to [`END`], a few records at a time.
fn bounded(brokers: &str, topic: &str, partitions: i32) -> KafkaSourceOptions {
    let few = [("max.poll.records".to_owned(), "10".to_owned())];
    let ends = (0..partitions).map(|partition| (partition, END));
    KafkaSourceOptions {
        end: End::Offsets(ends.collect()),
        properties: Properties::of_java(&BTreeMap::from(few)).expect("properties"),
        ..options(brokers, topic, topic)
    }
}

fn begun(described: KafkaSourceOptions) -> SourceAttempt<Parsed> {
    let job = SourceJob::default();
    let source = source(described);
    job.attempt(source.as_ref(), 1, None).expect("readers")
}

/// All that is handed out until it ends.
fn all(described: KafkaSourceOptions) -> Vec<i64> {
    let mut attempt = begun(described);
    let found = attempt.read_until(|_| false).expect("it ends");
    assert!(attempt.has_ended());
    numbers(found)
}

#[test]
fn an_end_that_comes_while_an_earlier_one_waits_to_be_seen_is_not_taken_for_it() {
    let kafka = broker();
    kafka.create_topic("waits", 1).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("waits", 0, 0..END - 10);
    let mut attempt = begun(bounded(&kafka.brokers(), "waits", 1));
    let mut found = Vec::new();
    while found.is_empty() {
        let (records, _) = attempt.poll(0, Limit::records(1)).expect("it is read");
        found.extend(records);
        attempt.wait(Some(Duration::from_millis(20)));
    }
    // Nobody takes what has been read ahead, and behind it that there is nothing more.
    for _ in 0..20 {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    writer.numbers("waits", 0, END - 10..MORE);
    found.extend(attempt.read_until(|_| false).expect("it ends"));
    assert!(attempt.has_ended());
    assert_eq!(numbers(found), Vec::from_iter(0..END));
}

#[test]
fn partitions_that_are_written_while_they_are_read_end_where_they_were_to() {
    const PARTITIONS: i32 = 6;
    let kafka = broker();
    kafka.create_topic("written", 6).expect("a topic");
    let brokers = kafka.brokers();
    let writer = Writer::new(&brokers);
    for partition in 0..PARTITIONS {
        writer.numbers("written", partition, 0..END - 20);
    }
    let mut attempt = begun(bounded(&brokers, "written", PARTITIONS));
    let found = std::thread::scope(|scope| {
        let write = || {
            for number in END - 20..MORE {
                for partition in 0..PARTITIONS {
                    writer.numbers("written", partition, [number]);
                }
            }
        };
        let writing = std::thread::Builder::new().spawn_scoped(scope, write);
        let found = attempt.read_until(|_| false).expect("it ends");
        writing.expect("a thread").join().expect("it is written");
        found
    });
    assert!(attempt.has_ended());
    let each = (0..END).flat_map(|number| (0..PARTITIONS).map(move |_| number));
    assert_eq!(numbers(found), Vec::from_iter(each));
}

#[test]
fn what_lies_before_an_end_need_not_be_messages() {
    let kafka = broker();
    let brokers = kafka.brokers();
    kafka.create_topic("marks", 2).expect("a topic");
    let plain = Writer::new(&brokers);
    plain.numbers("marks", 0, 0..10);
    plain.numbers("marks", 1, 10..20);
    let given_up = Writer::in_transactions(&brokers, "given-up");
    let open = Writer::in_transactions(&brokers, "open");
    given_up.begin();
    given_up.numbers("marks", 0, 100..105);
    open.begin();
    open.numbers("marks", 0, [200]);
    given_up.abort();
    given_up.begin();
    given_up.numbers("marks", 1, 105..110);
    given_up.abort();
    // Partition 0 ends with records that were given up, whose mark lies behind a transaction that is open; partition 1 with a mark.
    let latest = options(&brokers, "marks", "marks");
    assert_eq!(all(latest.clone()), Vec::from_iter(0..20));
    open.commit();
    // In the midst of what was given up, of which no message comes.
    let within = KafkaSourceOptions {
        end: End::Offsets(BTreeMap::from([(0, 13), (1, 14)])),
        ..options(&brokers, "marks", "marks-within")
    };
    assert_eq!(all(within), Vec::from_iter(0..20));
    let behind = options(&brokers, "marks", "marks-behind");
    let expected = (0..20).chain([200]);
    assert_eq!(all(behind), Vec::from_iter(expected));
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "records that are too old would be taken by retention"
)]
fn times_say_where_it_begins_and_ends() {
    let kafka = broker();
    kafka.create_topic("times", 1).expect("a topic");
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = since.expect("behind 1970").as_millis();
    let time = i64::try_from(since).expect("a time") - 100_000;
    let writer = Writer::new(&kafka.brokers());
    writer.behind("times", time, 0..50);
    let between = |begin: i64, end: i64| KafkaSourceOptions {
        reset: Reset::Timestamp(time + begin),
        end: End::Timestamp(time + end),
        ..options(&kafka.brokers(), "times", &format!("times-{begin}-{end}"))
    };
    assert_eq!(all(between(0, 30)), Vec::from_iter(0..30));
    assert_eq!(all(between(20, 30)), Vec::from_iter(20..30));
    // No record is as new as that: up to what there is.
    assert_eq!(all(between(20, 1_000)), Vec::from_iter(20..50));
    assert_eq!(all(between(1_000, 2_000)), [0; 0]);
}

#[test]
fn without_a_reset_a_group_has_to_know_where_it_begins() {
    let kafka = broker();
    kafka.create_topic("unknown", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("unknown", 0, 0..10);
    let none = KafkaSourceOptions {
        reset: Reset::None,
        ..options(&kafka.brokers(), "unknown", "unknown")
    };
    let mut attempt = begun(none.clone());
    let said = attempt.read_until(|_| false).map(drop);
    let said = said.expect_err("nobody knows").to_string();
    let wanted =
        "MS-6013: group unknown has no offset for unknown/0, and auto.offset.reset is none";
    assert!(said.starts_with(wanted), "{said}");
    drop(attempt);
    let job = SourceJob::default();
    let earliest = options(&kafka.brokers(), "unknown", "unknown");
    let mut attempt = job
        .attempt(source(earliest).as_ref(), 1, None)
        .expect("readers");
    attempt.read_until(|_| false).expect("it ends");
    let taken = attempt.snapshot(&job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    // Its end waits until the group is told.
    drop(attempt);
    Writer::new(&kafka.brokers()).numbers("unknown", 0, 10..20);
    assert_eq!(all(none), Vec::from_iter(10..20));
}
