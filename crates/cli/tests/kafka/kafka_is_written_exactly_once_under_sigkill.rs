//! Kafka and files of text into Kafka, exactly once: the job is killed with SIGKILL at random moments and goes on at another
//! parallelism each time, and the broker is killed as well. A consumer of Kafka's own that reads what is committed sees every
//! record once, and no transaction stays open. With brokers of both kinds of transactions.

use std::path::Path;
use std::process::Command;

use crate::common::rounds::{Rounds, ingest_in_round};
use crate::common::{Running, assert_lines, kafka, put, running, topics};
use millstream_services::kafka::{Kafka, Version};

const RECORDS_EACH_ROUND: u64 = 2_000;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 600;

fn job(directory: &Path, name: &str, brokers: &str, parallelism: u64, resume: bool) -> Command {
    let mut command = ingest_in_round(directory, name, "30 ms", parallelism, resume);
    command
        .args(kafka::exactly_once(3))
        .arg(format!("--stream.sink.parallelism={parallelism}"))
        .args(kafka::sink(brokers, "out"))
        .args(["--sink.kafka.create=partitions=3,replication=1"]);
    command
}

/// The rounds: each adds records, starts the job, and kills it. Answers how many there were.
fn kill_again_and_again(
    kafka: &mut Kafka,
    mut add: impl FnMut(&Kafka, u64),
    job: impl Fn(&str, u64, bool) -> Command,
) -> u64 {
    let mut rounds = Rounds::begin(5);
    for round in 0..rounds.count {
        add(kafka, round);
        let parallelism = rounds.next_parallelism(3);
        let mut running = Running::start(job(&kafka.brokers(), parallelism, round > 0));
        running.await_log("Completed checkpoint");
        if round % 4 == 1 {
            kafka.kill();
            kafka.restart().expect("the same broker");
        }
        let how = rounds.wait_below(LATEST_KILL_MS);
        let said = running.kill();
        println!("round {round}: killed at {how}");
        assert!(!said.err.contains("MS-700"), "round {round}: {}", said.err);
    }
    rounds.count
}

/// Compares what Kafka's own consumer of committed records sees, with keys.
fn compare(kafka: &Kafka, truth: impl Iterator<Item = String> + Clone) {
    let most = truth.clone().count() + 1;
    let said = topics::read(kafka, "out", most, 10_000, &["print.key=true"]);
    let records = said.lines().filter(|line| line.contains('\t'));
    let mut records: Vec<String> = records.map(str::to_owned).collect();
    records.sort();
    assert_lines(&records, truth);
    topics::assert_none_open(kafka);
}

fn from_kafka_no_record_is_lost_or_doubled_and_keys_are_kept(version: Version) {
    let mut kafka = Kafka::start_as(version, false).expect("a broker");
    kafka.create_topic("numbers", 3).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    let key = |id: u64| (id % 997).to_string();
    let add = |kafka: &Kafka, round: u64| {
        let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
        let records = ids.map(|id| (key(id), format!("{{\"id\":{id},\"text\":\"text {id}\"}}")));
        kafka.produce_keyed("numbers", records).expect("records");
    };
    let start = |brokers: &str, parallelism: u64, resume: bool| {
        let mut command = job(directory.path(), "kill", brokers, parallelism, resume);
        command
            .arg("--source.type=kafka")
            .args(kafka::source(brokers, "numbers", "kill"))
            .args(["--stream.sql.schema=struct<id:BigInt,text:String>"])
            .args(["--stream.sql=select id, concat(text, '!') as text from t1 where id >= 0"]);
        command
    };
    let rounds = kill_again_and_again(&mut kafka, add, start);
    let mut last = start(&kafka.brokers(), 2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    let truth = (0..rounds * RECORDS_EACH_ROUND)
        .map(|id| format!("{}\t{{\"id\":{id},\"text\":\"text {id}!\"}}", key(id)));
    compare(&kafka, truth);
}

fn from_files_no_record_is_lost_or_doubled(version: Version) {
    let mut kafka = Kafka::start_as(version, false).expect("a broker");
    let directory = tempfile::tempdir().expect("a directory");
    let add = |_: &Kafka, round: u64| {
        let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
        let lines: String = ids.map(|id| format!("{id},text {id}\n")).collect();
        let text = format!("id,text\n{lines}");
        put(directory.path(), &format!("in/{round}.csv"), text);
    };
    let start = |brokers: &str, parallelism: u64, resume: bool| {
        let mut command = job(directory.path(), "files", brokers, parallelism, resume);
        command
            .args([
                "--source.type=csv",
                "--source.path=in",
                "--source.firstLine.schema=true",
            ])
            .args(["--source.watch.interval=20", "--source.file.settle=0"])
            .arg("--sink.kafka.key=id");
        command
    };
    let rounds = kill_again_and_again(&mut kafka, add, start);
    let mut last = start(&kafka.brokers(), 2, true);
    last.arg("--source.watch.type=PROCESS_ONCE");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    let truth = (0..rounds * RECORDS_EACH_ROUND)
        .map(|id| format!("{id}\t{{\"id\":\"{id}\",\"text\":\"text {id}\"}}"));
    compare(&kafka, truth);
}

#[test]
fn from_kafka_with_transactions_of_brokers_of_4_1() {
    from_kafka_no_record_is_lost_or_doubled_and_keys_are_kept(Version::V4_1);
}

#[test]
fn from_kafka_with_transactions_of_brokers_of_3_9() {
    from_kafka_no_record_is_lost_or_doubled_and_keys_are_kept(Version::V3_9);
}

#[test]
fn from_files_with_transactions_of_brokers_of_4_1() {
    from_files_no_record_is_lost_or_doubled(Version::V4_1);
}

#[test]
fn from_files_with_transactions_of_brokers_of_3_9() {
    from_files_no_record_is_lost_or_doubled(Version::V3_9);
}
