//! Kafka into Kafka, exactly once: the job dies before or behind a request by which a transaction is marked, looked at or ended, those of one
//! writer or between those of two, and goes on at another parallelism. Or such a request is lost on its way, and the job goes on by itself.
//! Every record is committed once, and no transaction stays open. With brokers of both kinds of transactions.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::kafka::copy_in_round;
use crate::common::shim::Fate::{Before, Behind, Lost};
use crate::common::shim::{self, DESCRIBE_TRANSACTIONS, END_TXN, Fate, TXN_OFFSET_COMMIT};
use crate::common::{Running, Said, running, topics};
use millstream_services::kafka::{Kafka, Version};

/// The kind of request, what becomes of the job, the number of the request, and how many write.
type Step = (u16, Fate, u32, u64);

/// From what is flushed to what is committed. What follows a description is the snapshot, and what follows a commit is its note: of those
/// steps there is a test of its own.
const DEATHS: [Step; 9] = [
    // Flushed, and not marked.
    (TXN_OFFSET_COMMIT, Before, 1, 2),
    // The mark is on its way.
    (TXN_OFFSET_COMMIT, Behind, 1, 3),
    // One writer's is marked, and another's is not.
    (TXN_OFFSET_COMMIT, Before, 2, 2),
    // Marked, and not described.
    (DESCRIBE_TRANSACTIONS, Before, 1, 1),
    (DESCRIBE_TRANSACTIONS, Behind, 2, 3),
    // The snapshot is there, and nobody has been asked to commit.
    (END_TXN, Before, 1, 2),
    // It is being committed, and the answer is not heard.
    (END_TXN, Behind, 1, 1),
    // One is committed, and another is not.
    (END_TXN, Before, 2, 3),
    (END_TXN, Behind, 2, 2),
];

/// Requests that are never answered.
const LOSSES: [Step; 3] = [
    (TXN_OFFSET_COMMIT, Lost, 1, 2),
    (DESCRIBE_TRANSACTIONS, Lost, 1, 3),
    (END_TXN, Lost, 1, 1),
];

/// Records of a round that are written before something happens, and behind that.
const BEFORE: u64 = 100;
const RECORDS: u64 = 1_000;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool) -> Command {
    let mut job = copy_in_round(directory, brokers, "asks", "300 ms", parallelism, resume);
    // What is lost is asked for again after this time.
    job.arg("--sink.kafka.request.timeout.ms=5000");
    job
}

/// Has the job meet each step in a round of its own; `meet` says how it goes on from there to its end.
fn no_record_is_lost_or_doubled(
    version: Version,
    steps: &[Step],
    meet: impl Fn(Running, &Path) -> Said,
) {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    kafka.create_topic("in", 5).expect("a topic");
    kafka.create_topic("out", 3).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let library = shim::build(shim::REQUESTS, directory);
    let armed = directory.join("armed");
    let brokers = kafka.brokers();
    for (round, step) in (0..).zip(steps) {
        let (kind, fate, number, parallelism) = *step;
        println!("round {round}: parallelism {parallelism}, request {number} of {kind}: {fate:?}");
        let mut job = job(directory, &brokers, parallelism, round > 0);
        shim::at_request(&mut job, &library, &armed, (kind, fate, number));
        let mut running = Running::start(job);
        running.await_log("Completed checkpoint");
        // The marks that writers begin with are transactions, too. They are through when records are.
        let first = round * RECORDS;
        topics::write(&kafka, "in", first..first + BEFORE);
        running.await_checkpoint();
        fs::write(&armed, "").expect("written");
        topics::write(&kafka, "in", first + BEFORE..first + RECORDS);
        let said = meet(running, &armed);
        for lost in ["MS-7002", "MS-7003"] {
            assert!(!said.err.contains(lost), "round {round}: {}", said.err);
        }
    }
    let mut last = job(directory, &brokers, 2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    topics::assert_each_once(&kafka, "out", steps.len() as u64 * RECORDS);
}

fn it_dies(running: Running, armed: &Path) -> Said {
    let said = running.end();
    assert_eq!(said.code, None, "{}", said.err);
    fs::remove_file(armed).expect("removed");
    said
}

fn it_goes_on(mut running: Running, armed: &Path) -> Said {
    running.await_that("a request that is lost", || !armed.exists());
    running.await_checkpoint();
    running.suspend()
}

#[test]
fn at_which_it_dies_with_transactions_of_brokers_of_4_1() {
    no_record_is_lost_or_doubled(Version::V4_1, &DEATHS, it_dies);
}

#[test]
fn at_which_it_dies_with_transactions_of_brokers_of_3_9() {
    no_record_is_lost_or_doubled(Version::V3_9, &DEATHS, it_dies);
}

#[test]
fn that_is_lost_with_transactions_of_brokers_of_4_1() {
    no_record_is_lost_or_doubled(Version::V4_1, &LOSSES, it_goes_on);
}

#[test]
fn that_is_lost_with_transactions_of_brokers_of_3_9() {
    no_record_is_lost_or_doubled(Version::V3_9, &LOSSES, it_goes_on);
}
