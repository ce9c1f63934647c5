//! Without markers of their own (`sink.kafka.proof` record, or none) transactions are settled by what their coordinator knows: a job that is
//! killed with SIGKILL at random moments writes every record once all the same, and leaves no transaction open. What none can't prove is
//! said at the start. With brokers of both kinds of transactions; those of 3.9 where many rounds are played.

use crate::common::rounds::{self, Rounds};
use crate::common::{Running, kafka, running, topics};
use millstream_services::kafka::{Kafka, Version};

const RECORDS_EACH_ROUND: u64 = 2_000;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 500;

/// What the last one says, which goes to the end.
fn killed_again_and_again(version: Version, proof: &str) -> String {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 3).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    let job = |parallelism: u64, resume: bool| {
        let directory = place.path();
        let mut job =
            kafka::copy_in_round(directory, &brokers, "kill", "30 ms", parallelism, resume);
        job.arg(format!("--sink.kafka.proof={proof}"));
        job
    };
    let mut rounds = Rounds::begin(4);
    for round in 0..rounds.count {
        let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
        topics::write(&kafka, "in", ids);
        let parallelism = rounds.next_parallelism(3);
        let mut running = Running::start(job(parallelism, round > 0));
        running.await_log("Completed checkpoint");
        let how = rounds.wait_below(LATEST_KILL_MS);
        let said = running.kill();
        println!("round {round}: killed at {how}");
        assert!(!said.err.contains("MS-700"), "round {round}: {}", said.err);
    }
    let mut last = job(2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    topics::assert_each_once(&kafka, "out", rounds.count * RECORDS_EACH_ROUND);
    last.err
}

const WARNING: &str = "with sink.kafka.proof none it is known what became of a transaction";

fn a_record_proves_it(version: Version) {
    let said = killed_again_and_again(version, "record");
    assert!(!said.contains(WARNING), "{said}");
}

fn the_coordinator_alone_knows(version: Version) {
    let said = killed_again_and_again(version, "none");
    assert!(said.contains(WARNING), "{said}");
}

#[test]
fn by_a_record() {
    a_record_proves_it(Version::V4_1);
}

#[test]
fn by_a_record_with_transactions_of_brokers_of_3_9() {
    if rounds::are_many() {
        a_record_proves_it(Version::V3_9);
    }
}

#[test]
fn by_the_coordinator_alone() {
    the_coordinator_alone_knows(Version::V4_1);
}

#[test]
fn by_the_coordinator_alone_with_transactions_of_brokers_of_3_9() {
    if rounds::are_many() {
        the_coordinator_alone_knows(Version::V3_9);
    }
}
