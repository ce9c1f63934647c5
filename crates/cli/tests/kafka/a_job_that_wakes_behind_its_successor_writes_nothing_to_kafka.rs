//! A job that writes Kafka exactly once is stopped (SIGSTOP) at a random moment for so long that its lease on the checkpoints, in a
//! file system without locks, is taken by the next one, which goes on. It wakes and finds that out: what it has open is
//! aborted, it commits nothing and ends. Every record is committed once.

use crate::common::kafka::copy_in_round;
use crate::common::rounds::Rounds;
use crate::common::{Running, running, shim, topics};
use millstream_services::kafka::{Kafka, Version};

const RECORDS: u64 = 2_000;
/// The latest moment at which it is stopped: about as long as a round's records take.
const LATEST_MS: u64 = 400;

fn every_record_is_committed_once(version: Version) {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 3).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let library = shim::build(shim::NO_LOCKS, directory);
    let mut rounds = Rounds::begin(2);
    let start = |parallelism: u64, resume: bool| {
        let brokers = kafka.brokers();
        let mut job = copy_in_round(directory, &brokers, "wakes", "50 ms", parallelism, resume);
        job.env("LD_PRELOAD", &library);
        job
    };
    let mut present = Running::start(start(rounds.next_parallelism(3), false));
    present.await_log("Completed checkpoint");
    for round in 0..rounds.count {
        let half = |half: u64| {
            let first = (2 * round + half) * RECORDS;
            topics::write(&kafka, "in", first..first + RECORDS);
        };
        half(0);
        let how = rounds.wait_below(LATEST_MS);
        present.signal("STOP");
        println!("round {round}: stopped at {how}");
        half(1);
        let mut next = Running::start(start(rounds.next_parallelism(3), true));
        next.await_log("Completed checkpoint");
        present.signal("CONT");
        let said = present.end();
        assert_eq!(said.code, Some(1), "{}", said.err);
        // Whichever it meets first: that its checkpoints are another's, or that its transactions are.
        let told = ["was taken over", "fenced by a newer instance"];
        let is_told = told.iter().any(|told| said.err.contains(told));
        assert!(is_told, "round {round}: {}", said.err);
        for lost in ["MS-7002", "MS-7003"] {
            assert!(!said.err.contains(lost), "round {round}: {}", said.err);
        }
        present = next;
    }
    present.suspend();
    let mut last = start(2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    topics::assert_each_once(&kafka, "out", 2 * rounds.count * RECORDS);
}

#[test]
fn with_transactions_of_brokers_of_4_1() {
    every_record_is_committed_once(Version::V4_1);
}

#[test]
fn with_transactions_of_brokers_of_3_9() {
    every_record_is_committed_once(Version::V3_9);
}
