//! Dead letters in a topic are exactly once, too: the job is killed with SIGKILL at random moments and goes on at another
//! parallelism each time. A consumer of what is committed finds every bad record once among the dead letters and every good one
//! once in the output, and no transaction stays open. With a sink of Kafka, whose transactions hold both, and with one of files.

use std::path::Path;
use std::process::Command;

use crate::common::letters::committed;
use crate::common::rounds::{Rounds, ingest_in_round};
use crate::common::{Running, assert_lines, kafka, lines, running, topics};
use millstream_services::kafka::Kafka;

const RECORDS_EACH_ROUND: u64 = 2_000;
/// Each third record is bad.
const BAD: u64 = 3;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 600;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool) -> Command {
    let mut command = ingest_in_round(directory, "kill", "30 ms", parallelism, resume);
    command
        .args(kafka::exactly_once(3))
        .arg(format!("--stream.sink.parallelism={parallelism}"))
        .arg("--source.type=kafka")
        .args(kafka::source(brokers, "numbers", "kill"))
        .arg("--stream.sql.schema=struct<id:BigInt>")
        .args([
            "--error.policy=dead-letter",
            "--error.dead-letter.topic=bad",
        ])
        .arg("--error.dead-letter.kafka.create=partitions=2,replication=1");
    command
}

fn record(id: u64) -> String {
    match id % BAD {
        0 => format!("bad {id:08}"),
        _ => format!("{{\"id\":{id}}}"),
    }
}

/// Answers how many records there are.
fn kill_again_and_again(kafka: &Kafka, start: impl Fn(u64, bool) -> Command) -> u64 {
    let mut rounds = Rounds::begin(6);
    kafka.create_topic("numbers", 3).expect("a topic");
    for round in 0..rounds.count {
        let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
        let records = ids.map(|id| ((id % 97).to_string(), record(id)));
        kafka.produce_keyed("numbers", records).expect("records");
        let parallelism = rounds.next_parallelism(3);
        let mut running = Running::start(start(parallelism, round > 0));
        running.await_log("Completed checkpoint");
        let how = rounds.wait_below(LATEST_KILL_MS);
        let said = running.kill();
        println!("round {round}: killed at {how}");
        assert!(!said.err.contains("MS-700"), "round {round}: {}", said.err);
    }
    let mut last = start(2, true);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
    rounds.count * RECORDS_EACH_ROUND
}

fn all(count: u64, is_bad: bool) -> impl Iterator<Item = String> + Clone {
    let ids = (0..count).filter(move |id| (id % BAD == 0) == is_bad);
    ids.map(record)
}

/// Compares the values of a topic.
fn compare(kafka: &Kafka, topic: &str, truth: impl Iterator<Item = String> + Clone) {
    let messages = committed(kafka, topic, truth.clone().count()).into_iter();
    let values: Vec<String> = messages.map(|message| message.value).collect();
    assert_lines(&values, truth);
}

#[test]
fn in_the_transactions_of_a_sink_of_kafka() {
    let kafka = Kafka::start().expect("a broker");
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    let count = kill_again_and_again(&kafka, |parallelism, resume| {
        let mut command = job(place.path(), &brokers, parallelism, resume);
        command
            .args(kafka::sink(&brokers, "out"))
            .arg("--sink.kafka.create=partitions=3,replication=1");
        command
    });
    compare(&kafka, "bad", all(count, true));
    compare(&kafka, "out", all(count, false));
    topics::assert_none_open(&kafka);
}

#[test]
fn in_their_own_beside_a_sink_of_files() {
    let kafka = Kafka::start().expect("a broker");
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    let count = kill_again_and_again(&kafka, |parallelism, resume| {
        let mut command = job(place.path(), &brokers, parallelism, resume);
        command.args(["--sink.type=file", "--sink.path=out"]);
        command
    });
    compare(&kafka, "bad", all(count, true));
    assert_lines(&lines(&place.path().join("out")), all(count, false));
    topics::assert_none_open(&kafka);
}
