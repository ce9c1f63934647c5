//! What happens to topics, partitions and brokers while a source reads them, against a real broker and with Kafka's own
//! tools as witnesses.

#![cfg(feature = "kafka")]

use std::time::Duration;

use crate::kafka_support::{Writer, broker, numbers, options, source};
use millstream_connectors::conformance::{SourceAttempt, SourceJob};
use millstream_connectors::kafka::{End, KafkaSourceOptions, Lost, Reset};
use millstream_connectors::rows::Parsed;
use millstream_core::Result;
use millstream_engine::connector::Limit;
use millstream_services::kafka::Kafka;

fn endless(brokers: &str, topic: &str) -> KafkaSourceOptions {
    KafkaSourceOptions {
        end: End::None,
        discovery: Some(Duration::from_millis(100)),
        ..options(brokers, topic, topic)
    }
}

fn count(parsed: &[Parsed]) -> usize {
    let count = |parsed: &Parsed| match parsed {
        Parsed::Rows(rows) => rows.len(),
        Parsed::Bad(bad) => bad.len(),
        Parsed::LeftOut(rows) => usize::try_from(*rows).expect("few"),
    };
    parsed.iter().map(count).sum()
}

fn read(attempt: &mut SourceAttempt<Parsed>, wanted: usize) -> Vec<i64> {
    let found = attempt.read_until(|found| count(found) >= wanted);
    numbers(found.expect("it is read"))
}

/// Reads until something goes wrong; what that is.
fn failure(attempt: Result<SourceAttempt<Parsed>>) -> String {
    let read = attempt.and_then(|mut attempt| attempt.read_until(|_| false).map(drop));
    read.expect_err("something is wrong").to_string()
}

/// Takes a snapshot that completes.
fn checkpoint(
    attempt: &mut SourceAttempt<Parsed>,
    job: &SourceJob,
) -> millstream_connectors::conformance::TakenSnapshot {
    let taken = attempt.snapshot(job, false).expect("a snapshot");
    attempt.ended(taken.checkpoint, true).expect("told");
    taken
}

#[test]
fn the_group_is_told_behind_checkpoints_and_says_where_a_new_job_begins() {
    let kafka = broker();
    kafka.create_topic("told", 2).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("told", 0, 0..100);
    writer.numbers("told", 1, 100..150);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "told");
    let mut attempt = job
        .attempt(source(described.clone()).as_ref(), 2, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 150), Vec::from_iter(0..150));
    // One that did not complete is told to nobody.
    let given_up = attempt.snapshot(&job, false).expect("a snapshot");
    attempt.ended(given_up.checkpoint, false).expect("told");
    assert_eq!(kafka.committed("told", "told").unwrap_or_default(), []);
    checkpoint(&mut attempt, &job);
    let mut tries = 0;
    while kafka.committed("told", "told").unwrap_or_default() != [(0, 100), (1, 50)] {
        tries += 1;
        assert!(tries < 20, "the group has not been told");
    }
    drop(attempt);
    writer.numbers("told", 1, 150..160);
    // Without a snapshot the group's offsets count, not the reset.
    let other = SourceJob::default();
    let mut attempt = other
        .attempt(source(described).as_ref(), 1, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(150..160));
}

#[test]
fn a_partition_that_is_added_is_read_from_its_start_whatever_the_reset_says() {
    let kafka = broker();
    kafka.create_topic("added", 1).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("added", 0, 0..10);
    let job = SourceJob::default();
    let described = KafkaSourceOptions {
        reset: Reset::Latest,
        ..endless(&kafka.brokers(), "added")
    };
    let mut attempt = job
        .attempt(source(described).as_ref(), 2, None)
        .expect("readers");
    // Nothing of what was there before; the partition has been begun when this is over.
    while !attempt.announce().expect("brokers answer") {
        attempt.wait(Some(Duration::from_millis(50)));
    }
    writer.numbers("added", 0, 10..20);
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(10..20));
    kafka.add_partitions("added", 2).expect("a partition");
    Writer::new(&kafka.brokers()).numbers("added", 1, 20..30);
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(20..30));
}

#[test]
fn records_that_retention_took_are_missed_unless_that_is_accepted() {
    let kafka = broker();
    kafka.create_topic("kept", 1).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("kept", 0, 0..10);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "kept");
    let mut attempt = job
        .attempt(source(described.clone()).as_ref(), 1, None)
        .expect("readers");
    read(&mut attempt, 10);
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    writer.numbers("kept", 0, 10..30);
    kafka.delete_records("kept", 0, 25).expect("they are gone");
    let said = failure(job.attempt(source(described.clone()).as_ref(), 1, Some(&taken)));
    let wanted = "MS-6013: kept/0 does not hold the offsets 10 to 24 any more: up to 15 records were not read";
    assert!(said.starts_with(wanted), "{said}");
    let accepted = KafkaSourceOptions {
        lost: Lost::Earliest,
        ..described
    };
    let mut attempt = job
        .attempt(source(accepted).as_ref(), 1, Some(&taken))
        .expect("readers");
    assert_eq!(read(&mut attempt, 5), Vec::from_iter(25..30));
}

#[test]
fn a_topic_that_was_made_anew_is_not_taken_for_the_old_one() {
    let kafka = broker();
    kafka.create_topic("anew", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("anew", 0, 0..10);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "anew");
    let mut attempt = job
        .attempt(source(described.clone()).as_ref(), 1, None)
        .expect("readers");
    read(&mut attempt, 10);
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    kafka.delete_topic("anew").expect("it is gone");
    kafka.create_topic("anew", 2).expect("another one");
    // More than were read of the old one, so that its offsets tell nothing.
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("anew", 0, 100..130);
    writer.numbers("anew", 1, 130..140);
    let again = |lost| {
        let described = KafkaSourceOptions {
            lost,
            ..described.clone()
        };
        job.attempt(source(described).as_ref(), 1, Some(&taken))
    };
    let said = failure(again(Lost::Fail));
    let wanted = "MS-6013: topic anew was deleted and made anew (its id was ";
    assert!(said.starts_with(wanted), "{said}");
    let mut attempt = again(Lost::Earliest).expect("readers");
    assert_eq!(read(&mut attempt, 40), Vec::from_iter(100..140));
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    writer.numbers("anew", 1, 140..150);
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, Some(&taken))
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(140..150));
}

#[test]
fn a_topic_that_is_made_anew_under_a_job_ends_its_attempt() {
    let kafka = broker();
    kafka.create_topic("swapped", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("swapped", 0, 0..10);
    let job = SourceJob::default();
    let described = KafkaSourceOptions {
        discovery: None,
        ..endless(&kafka.brokers(), "swapped")
    };
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, None)
        .expect("readers");
    read(&mut attempt, 10);
    kafka.delete_topic("swapped").expect("it is gone");
    kafka.create_topic("swapped", 1).expect("another one");
    Writer::new(&kafka.brokers()).numbers("swapped", 0, 0..50);
    let said = failure(Ok(attempt));
    assert!(
        said.starts_with("MS-6013: topic swapped was deleted and made anew"),
        "{said}"
    );
    assert!(said.contains("since may be those of the new one"), "{said}");
}

#[test]
fn a_topic_that_is_not_there_is_named() {
    let kafka = broker();
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "nowhere");
    let said = failure(job.attempt(source(described).as_ref(), 1, None));
    assert!(
        said.starts_with("MS-6012: topic nowhere is not there"),
        "{said}"
    );
}

#[test]
fn a_job_without_end_can_be_given_one_and_taken_it_away_again() {
    let kafka = broker();
    kafka.create_topic("ends", 2).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("ends", 0, 0..10);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "ends");
    let mut attempt = job
        .attempt(source(described.clone()).as_ref(), 1, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 10), Vec::from_iter(0..10));
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    writer.numbers("ends", 1, 10..20);
    let bounded = options(&kafka.brokers(), "ends", "ends");
    let mut attempt = job
        .attempt(source(bounded).as_ref(), 2, Some(&taken))
        .expect("readers");
    let found = attempt.read_until(|_| false).expect("it ends");
    assert_eq!(numbers(found), Vec::from_iter(10..20));
    assert!(attempt.has_ended());
    let taken = checkpoint(&mut attempt, &job);
    drop(attempt);
    writer.numbers("ends", 0, 20..25);
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, Some(&taken))
        .expect("readers");
    assert_eq!(read(&mut attempt, 5), Vec::from_iter(20..25));
}

#[test]
fn a_broker_that_is_killed_is_waited_for_and_nothing_is_lost() {
    let mut kafka = Kafka::start().expect("a broker of its own");
    kafka.create_topic("killed", 2).expect("a topic");
    let writer = Writer::new(&kafka.brokers());
    writer.numbers("killed", 0, 0..50);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "killed");
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, None)
        .expect("readers");
    assert_eq!(read(&mut attempt, 50), Vec::from_iter(0..50));
    kafka.kill();
    let held_up = |attempt: &SourceAttempt<Parsed>| {
        let reader = attempt
            .progress
            .first()
            .and_then(|progress| progress.held_up.get());
        reader.is_some() && attempt.held_up().is_some()
    };
    let found = attempt
        .read_until({
            let mut turns = 0;
            move |_| {
                turns += 1;
                turns > 20
            }
        })
        .expect("it waits");
    assert!(numbers(found).is_empty());
    let mut turns = 0;
    while !held_up(&attempt) {
        attempt.announce().expect("it waits");
        attempt.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "nobody is told that the broker is away");
    }
    kafka.restart().expect("the same broker");
    writer.numbers("killed", 1, 50..80);
    assert_eq!(read(&mut attempt, 30), Vec::from_iter(50..80));
    let mut turns = 0;
    while attempt
        .progress
        .first()
        .is_some_and(|progress| progress.held_up.get().is_some())
    {
        attempt.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "people are still told that the broker is away");
    }
}

#[test]
fn people_see_how_far_it_is_behind() {
    let kafka = broker();
    kafka.create_topic("behind", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("behind", 0, 0..1_000);
    let job = SourceJob::default();
    let described = endless(&kafka.brokers(), "behind");
    let mut attempt = job
        .attempt(source(described).as_ref(), 1, None)
        .expect("readers");
    let mut read = 0;
    while read < 100 {
        let (records, _) = attempt
            .poll(0, Limit::records(100 - read))
            .expect("it is read");
        read += count(&records);
        attempt.wait(Some(Duration::from_millis(20)));
    }
    let gauge = |attempt: &SourceAttempt<Parsed>| {
        let progress = attempt.progress.first().expect("a reader");
        progress.splits.all().first().cloned().expect("a partition")
    };
    let mut turns = 0;
    while gauge(&attempt).1.end.is_none() {
        attempt.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "nobody is told where the partition ends");
    }
    let (name, told) = gauge(&attempt);
    assert_eq!((name.as_str(), told.next), ("behind/0", 100));
    assert_eq!((told.end, told.lag()), (Some(1_000), Some(900)));
    assert_eq!(told.committed, None);
    checkpoint(&mut attempt, &job);
    let mut turns = 0;
    while gauge(&attempt).1.committed != Some(100) {
        attempt.wait(Some(Duration::from_millis(50)));
        turns += 1;
        assert!(turns < 600, "what the group was told is not shown");
    }
}
