//! Topics that a pattern holds: one that appears is read from its start, one that is deleted ends the job, or is forgotten where that is
//! accepted, and one that is made again under its name is new.

#![cfg(feature = "kafka")]

use std::time::Duration;

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob, TakenSnapshot};
use millstream_connectors::kafka::{End, KafkaSourceOptions, Lost, Reset, Topics};
use millstream_connectors::rows::Parsed;

fn endless(brokers: &str, pattern: &str, lost: Lost) -> KafkaSourceOptions {
    KafkaSourceOptions {
        topics: Topics::Pattern(pattern.to_owned()),
        reset: Reset::Earliest,
        end: End::None,
        lost,
        discovery: Some(Duration::from_millis(100)),
        ..options(brokers, "none", pattern.trim_end_matches(".*"))
    }
}

fn read(attempt: &mut SourceAttempt<Parsed>, wanted: usize) -> Vec<i64> {
    let rows = |parsed: &Parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        _ => 0,
    };
    let found = attempt.read_until(|found| found.iter().map(rows).sum::<usize>() >= wanted);
    numbers(found.expect("it is read"))
}

/// Takes a snapshot that completes.
fn checkpoint(attempt: &mut SourceAttempt<Parsed>, job: &SourceJob) -> TakenSnapshot {
    let taken = attempt.snapshot(job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    taken
}

#[test]
fn one_that_appears_is_read_from_its_start_whatever_the_reset_says() {
    let kafka = broker();
    let writer = Writer::new(&kafka.brokers());
    kafka.create_topic("come-1", 1).expect("a topic");
    writer.numbers("come-1", 0, 0..10);
    let job = SourceJob::default();
    let described = KafkaSourceOptions {
        reset: Reset::Latest,
        ..endless(&kafka.brokers(), "come-.*", Lost::Fail)
    };
    let mut attempt = job
        .attempt(source(described).as_ref(), 2, None)
        .expect("readers");
    while !attempt.announce().expect("brokers answer") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    writer.numbers("come-1", 0, 10..20);
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
    // It does not match as a whole.
    kafka.create_topic("be-come-2", 1).expect("a topic");
    writer.numbers("be-come-2", 0, 1_000..1_010);
    kafka.create_topic("come-2", 2).expect("a topic");
    writer.numbers("come-2", 0, 20..30);
    writer.numbers("come-2", 1, 30..40);
    assert_eq!(read(&mut attempt, 20), Vec::from_iter(20..40));
}

#[test]
fn one_that_is_deleted_is_forgotten_where_that_is_accepted() {
    let kafka = broker();
    let writer = Writer::new(&kafka.brokers());
    for (topic, numbers) in [("day-1", 0..10), ("day-2", 10..20)] {
        kafka.create_topic(topic, 1).expect("a topic");
        writer.numbers(topic, 0, numbers);
    }
    let job = SourceJob::default();
    let described = |lost| endless(&kafka.brokers(), "day-.*", lost);
    let again = |lost, taken| job.attempt(source(described(lost)).as_ref(), 1, taken);
    let mut attempt = again(Lost::Fail, None).expect("readers");
    assert_eq!(read(&mut attempt, 20), Vec::from_iter(0..20));
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    kafka.delete_topic("day-1").expect("it is gone");
    writer.numbers("day-2", 0, 20..30);

    let mut attempt = again(Lost::Fail, Some(&taken)).expect("readers");
    let said = attempt.read_until(|_| false).map(drop);
    let said = said.expect_err("it is not there").to_string();
    assert!(
        said.starts_with("MS-6012: topic day-1 is not there"),
        "{said}"
    );
    assert!(said.contains("set source.kafka.lost"), "{said}");
    drop(attempt);

    let mut attempt = again(Lost::Earliest, Some(&taken)).expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(20..30));
    // People see nothing of it any more: its lag would never end.
    let shown = attempt.progress.iter();
    let shown = shown.flat_map(|progress| progress.splits.all());
    let shown: Vec<String> = shown.map(|(name, _)| name).collect();
    assert_eq!(shown, ["day-2/0"]);
    let taken = checkpoint(&mut attempt, &job);
    let keys = taken.entries.iter().map(|entry| entry.key.as_str());
    let keys: Vec<&str> = keys.filter(|key| key.starts_with("day-")).collect();
    assert_eq!(keys, ["day-2/0"]);
    drop(attempt);

    kafka.create_topic("day-1", 1).expect("another one");
    Writer::new(&kafka.brokers()).numbers("day-1", 0, 30..50);
    // It is no other one than that which was read, as none is known: nothing is to be accepted.
    let mut attempt = again(Lost::Fail, Some(&taken)).expect("readers");
    assert_eq!(read(&mut attempt, 20), Vec::from_iter(30..50));
}
