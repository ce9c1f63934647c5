//! Kafka of three brokers, exactly once: each broker is killed in turn while the job runs, so that partitions and the
//! transactions of the job get other leaders, and the job is killed as well. Every record is committed once, and no transaction stays open.

use std::path::Path;
use std::process::Command;

use crate::common::rounds::Rounds;
use crate::common::{Running, command, running};
use millstream_services::kafka::Cluster;

const RECORDS_EACH_ROUND: u64 = 2_000;
/// The latest moment of a kill of the job, behind that of a broker.
const LATEST_KILL_MS: u64 = 1_500;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool) -> Command {
    let mut command = command(directory);
    command.args(["run", "--target", "local", "-Dmillstream.data-dir=data"]);
    command.args(["-p", &parallelism.to_string()]);
    if resume {
        command.args(["-s", "latest"]);
    }
    command
        .args(["-D", "execution.checkpointing.interval=100 ms"])
        .args(["ingest", "--job.name=brokers"])
        .args(["--stream.checkpoint.mode=EXACTLY_ONCE"])
        .args(["--job.retry.maxNumberRestartAttempts=20"])
        .args(["--job.retry.backoffTimeMS=200"])
        .args(["--source.type=kafka", "--source.kafka.topic=in"])
        .arg(format!("--source.kafka.brokers={brokers}"))
        .args(["--group.id=brokers", "--auto.offset.reset=earliest"])
        .arg(format!("--stream.sink.parallelism={parallelism}"))
        .args(["--sink.type=kafka", "--sink.kafka.topic=out"])
        .arg(format!("--sink.kafka.brokers={brokers}"));
    command
}

fn record(id: u64) -> String {
    format!("{{\"id\":{id}}}")
}

fn add(cluster: &Cluster, round: u64) {
    let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
    let lines: String = ids.map(|id| record(id) + "\n").collect();
    let said = cluster.tool("ConsoleProducer", &["--topic", "in"], &lines);
    said.expect("records");
}

/// What Kafka's own consumer of committed records sees, in order of the text.
fn committed(cluster: &Cluster, more_than: usize) -> Vec<String> {
    let most = (more_than + 1).to_string();
    let topic = ["--topic", "out", "--from-beginning"];
    let isolation = ["--isolation-level", "read_committed"];
    let until = ["--timeout-ms", "15000", "--max-messages", &most];
    let arguments = [&topic[..], &isolation, &until].concat();
    let said = cluster.tool("consumer.ConsoleConsumer", &arguments, "");
    let said = said.expect("read");
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let mut lines: Vec<String> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
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

    let mut truth: Vec<String> = (0..2 * rounds.count * RECORDS_EACH_ROUND)
        .map(record)
        .collect();
    truth.sort();
    let found = committed(&cluster, truth.len());
    let differs = truth
        .iter()
        .zip(&found)
        .find(|(right, found)| right != found);
    assert_eq!((found.len(), differs), (truth.len(), None));
    let listed = cluster.tool("TransactionsCommand", &["list"], "");
    let listed = listed.expect("listed");
    assert!(listed.contains("millstream-"), "{listed}");
    assert!(!listed.contains("Ongoing"), "{listed}");
}
