//! Kafka into files: the job is killed with SIGKILL at random moments and goes on at another parallelism each time, the
//! broker is killed as well, and partitions are added. Every record is written exactly once, compared record by record.

use std::path::Path;
use std::process::Command;

use crate::common::rounds::{Rounds, ingest_in_round};
use crate::common::{Running, assert_lines, kafka, lines, running};
use millstream_services::kafka::Kafka;

const RECORDS_EACH_ROUND: u64 = 3_000;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 400;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool, more: &[&str]) -> Command {
    let mut command = ingest_in_round(directory, "kill", "30 ms", parallelism, resume);
    command
        .arg("--source.type=kafka")
        .args(kafka::source(brokers, "numbers", "kill"))
        .args(["--stream.sql.schema=struct<id:BigInt,text:String,__partition:Int,__offset:BigInt>"])
        .args(["--stream.sql=select id, concat(text, '!') as text from t1 where id >= 0"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(["--sink.type=file", "--sink.path=out"])
        .args(more);
    command
}

fn records(round: u64) -> impl Iterator<Item = (String, String)> {
    let ids = round * RECORDS_EACH_ROUND..(round + 1) * RECORDS_EACH_ROUND;
    ids.map(|id| {
        let key = (id % 997).to_string();
        (key, format!("{{\"id\":{id},\"text\":\"text {id}\"}}"))
    })
}

#[test]
fn no_record_is_lost_or_doubled() {
    let mut kafka = Kafka::start().expect("a broker");
    kafka.create_topic("numbers", 3).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(10);
    let count = rounds.count;
    for round in 0..count {
        if round == count / 2 {
            kafka.add_partitions("numbers", 5).expect("more partitions");
        }
        kafka
            .produce_keyed("numbers", records(round))
            .expect("records");
        let parallelism = rounds.next_parallelism(4);
        let discovery = ["--flink.partition-discovery.interval-millis=50"];
        let brokers = kafka.brokers();
        let resume = round > 0;
        let command = job(directory.path(), &brokers, parallelism, resume, &discovery);
        let mut job = Running::start(command);
        job.await_log("Completed checkpoint");
        if round % 3 == 1 {
            kafka.kill();
            job.await_checkpoint();
            kafka.restart().expect("the same broker");
        }
        let how = rounds.wait_below(LATEST_KILL_MS);
        job.kill();
        println!("round {round}: killed at {how}");
    }
    let end = ["--source.kafka.end=latest"];
    let last = running::run(job(directory.path(), &kafka.brokers(), 2, true, &end));
    assert_eq!(last.code, Some(0), "{}", last.err);
    let truth = 0..count * RECORDS_EACH_ROUND;
    assert_lines(
        &lines(&directory.path().join("out")),
        truth.map(|id| format!("{{\"id\":{id},\"text\":\"text {id}!\"}}")),
    );
    let told = kafka.committed("kill", "numbers").expect("the group");
    let all: u64 = told.iter().map(|(_, offset)| offset).sum();
    assert_eq!((told.len(), all), (5, count * RECORDS_EACH_ROUND));
}
