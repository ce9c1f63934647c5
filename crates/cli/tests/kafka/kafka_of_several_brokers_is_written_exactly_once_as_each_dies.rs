//! Kafka of three brokers, exactly once: each broker is killed in turn while the job runs, so that partitions and the
//! transactions of the job get other leaders, and the job is killed as well. Every record is committed once, and no transaction stays open.

use std::path::Path;
use std::process::Command;

use crate::common::kafka::copy_in_round;
use crate::common::rounds::Rounds;
use crate::common::{Running, running, topics};
use millstream_services::kafka::Cluster;

const RECORDS_EACH_ROUND: u64 = 2_000;
/// The latest moment of a kill of the job, behind that of a broker.
const LATEST_KILL_MS: u64 = 1_500;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool) -> Command {
    copy_in_round(directory, brokers, "brokers", "100 ms", parallelism, resume)
}

fn add(cluster: &Cluster, round: u64) {
    let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
    let lines: String = ids.map(|id| topics::record(id) + "\n").collect();
    let said = cluster.tool("ConsoleProducer", &["--topic", "in"], &lines);
    said.expect("records");
}

#[test]
fn no_record_is_lost_or_doubled() {
    let mut cluster = Cluster::start().expect("brokers");
    for topic in ["in", "out"] {
        cluster.create_topic(topic, 3).expect("a topic");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(Cluster::SIZE as u64);
    for round in 0..rounds.count {
        add(&cluster, round);
        let parallelism = rounds.next_parallelism(3);
        let started = job(directory.path(), &cluster.brokers(), parallelism, round > 0);
        let mut running = Running::start(started);
        running.await_log("Completed checkpoint");
        let broker = round as usize % Cluster::SIZE;
        cluster.kill(broker);
        add(&cluster, round + rounds.count);
        let how = rounds.wait_below(LATEST_KILL_MS);
        let said = running.kill();
        println!("round {round}: killed at {how}, broker {broker} before it");
        assert!(!said.err.contains("MS-700"), "round {round}: {}", said.err);
        cluster.restart(broker).expect("the same broker");
    }
    let mut last = job(directory.path(), &cluster.brokers(), 2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    let count = 2 * rounds.count * RECORDS_EACH_ROUND;
    topics::assert_each_once(&cluster, "out", count);
}
