//! A job dies between its checkpoint and the commit, and stays away for longer than its transaction may be open: the brokers abort
//! it. Going on says how many records are lost. From a savepoint that is older than that time-out they are written again, so that
//! every record is committed once; going on behind the loss is a choice that is named.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::topics::{Tools, open_transactions};
use crate::common::{Running, Said, ingest_named, kafka, running, shim, topics};
use millstream_services::kafka::{Kafka, Version};

const RECORDS: u64 = 500;

fn job(directory: &Path, kafka: &Kafka, options: &[&str]) -> Command {
    // Time enough for all records to be in one transaction when the job dies.
    let mut command = ingest_named(directory, "late", "2 s", options);
    command
        .args(kafka::exactly_once(0))
        .args(kafka::copy(&kafka.brokers(), "late", ("in", "out")))
        .arg("--sink.kafka.transaction.timeout.ms=8000");
    command
}

fn to_the_end(directory: &Path, kafka: &Kafka, options: &[&str]) -> Said {
    let mut job = job(directory, kafka, options);
    job.arg("--source.kafka.end=latest");
    running::run(job)
}

/// Waits until the brokers have aborted what was open: they look each 10 seconds.
#[allow(clippy::disallowed_methods, reason = "brokers have no way to tell")]
fn await_time_out(kafka: &Kafka) {
    for _ in 0..600 {
        if open_transactions(kafka) == 0 {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    unreachable!("the transaction stays open");
}

fn what_is_lost_is_told_and_can_be_written_again(version: Version) {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 2).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let library = shim::build(shim::DEATH, directory);
    topics::write(&kafka, "in", 0..RECORDS);
    let mut first = Running::start(job(directory, &kafka, &[]));
    first.await_log("Completed checkpoint");
    // The savepoint lies behind all of them: whoever goes back to it writes none of them again.
    topics::read(&kafka, "out", RECORDS as usize, Kafka::SILENCE_MS, &[]);
    let said = first.suspend();
    let savepoint = said.savepoint().to_owned();

    let mut second = job(directory, &kafka, &["-s", "latest"]);
    let armed = directory.join("armed");
    second
        .env("LD_PRELOAD", &library)
        .env("DEATH_AT", "commit")
        .env("DEATH_WHILE", &armed);
    let mut second = Running::start(second);
    second.await_log("Completed checkpoint");
    fs::write(&armed, "").expect("written");
    topics::write(&kafka, "in", RECORDS..2 * RECORDS);
    let said = second.end();
    assert_eq!(said.code, None, "{}", said.err);
    assert!(open_transactions(&kafka) > 0, "{}", said.err);
    await_time_out(&kafka);

    let said = to_the_end(directory, &kafka, &["-s", "latest"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    let records = format!("with {RECORDS} records");
    assert!(error.contains("(MS-7002)"), "{error}");
    assert!(error.contains(&records), "{error}");

    // One choice goes on behind what is lost: nothing of it is written again.
    let accepted = ["-s", "latest", "--on-lost-output", "accept"];
    let said = to_the_end(directory, &kafka, &accepted);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains(&records), "{}", said.err);
    topics::assert_each_once(&kafka, "out", RECORDS);

    // The other one goes back behind what was committed last.
    let said = to_the_end(directory, &kafka, &["-s", &savepoint]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    topics::assert_each_once(&kafka, "out", 2 * RECORDS);
}

#[test]
fn with_transactions_of_brokers_of_4_1() {
    what_is_lost_is_told_and_can_be_written_again(Version::V4_1);
}

#[test]
fn with_transactions_of_brokers_of_3_9() {
    what_is_lost_is_told_and_can_be_written_again(Version::V3_9);
}
