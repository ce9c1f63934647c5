//! Kafka into Kafka, exactly once: the job dies at each step of a checkpoint in turn, is stopped with a savepoint, or its broker
//! dies, and it goes on at another parallelism each time, so that it has gone from each to each of 1 to 4 in the end. Every record is
//! committed once, and no transaction stays open. With brokers of both kinds of transactions.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::kafka::copy_in_round;
use crate::common::{Running, running, shim, topics};
use millstream_services::kafka::{Kafka, Version};

/// From each parallelism to each, once.
const PARALLELISMS: [u64; 17] = [1, 1, 2, 2, 3, 3, 4, 4, 1, 3, 1, 4, 2, 4, 3, 2, 1];
const RECORDS: u64 = 1_000;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool) -> Command {
    // Time enough for all records of a round to be in one transaction, and not committed, when the job dies.
    copy_in_round(directory, brokers, "steps", "500 ms", parallelism, resume)
}

fn no_record_is_lost_or_doubled(version: Version) {
    let mut kafka = Kafka::start_as(version, false).expect("a broker");
    kafka.create_topic("in", 5).expect("a topic");
    kafka.create_topic("out", 3).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let library = shim::build(shim::DEATH, directory);
    let armed = directory.join("armed");
    for (round, parallelism) in (0..).zip(PARALLELISMS) {
        let brokers = kafka.brokers();
        // One more than there are steps: those are killed, another one is stopped.
        let step = shim::STEPS.get(round as usize % (shim::STEPS.len() + 1));
        let mut job = job(directory, &brokers, parallelism, round > 0);
        job.env("DEATH_WHILE", &armed)
            .env("DEATH_AT", step.copied().unwrap_or_default())
            .env("LD_PRELOAD", &library);
        let mut running = Running::start(job);
        running.await_log("Completed checkpoint");
        if round % 4 == 3 {
            kafka.kill();
            kafka.restart().expect("the same broker");
        }
        topics::write(&kafka, "in", round * RECORDS..(round + 1) * RECORDS);
        println!("round {round}: parallelism {parallelism}, {step:?}");
        let said = match step {
            Some(_) => {
                fs::write(&armed, "").expect("written");
                let said = running.end();
                assert_eq!(said.code, None, "round {round}: {}", said.err);
                fs::remove_file(&armed).expect("removed");
                said
            }
            None => running.suspend(),
        };
        assert!(!said.err.contains("MS-700"), "round {round}: {}", said.err);
    }
    let mut last = job(directory, &kafka.brokers(), 2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    let count = PARALLELISMS.len() as u64 * RECORDS;
    topics::assert_each_once(&kafka, "out", count);
}

#[test]
fn with_transactions_of_brokers_of_4_1() {
    no_record_is_lost_or_doubled(Version::V4_1);
}

#[test]
fn with_transactions_of_brokers_of_3_9() {
    no_record_is_lost_or_doubled(Version::V3_9);
}
