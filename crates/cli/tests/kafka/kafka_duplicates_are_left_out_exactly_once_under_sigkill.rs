//! Kafka into files, each key once: the job is killed with SIGKILL at random moments or stopped with a savepoint, and goes
//! on at another parallelism each time, while records come again in the same round and in the next, in the same partition
//! and in others. Of every key exactly one record is written, and where all of a key are in one partition the first,
//! compared record by record; what was left out is counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::common::rounds::{Rounds, ingest_in_round};
use crate::common::{Running, kafka, lines, running};
use millstream_services::kafka::Kafka;
use serde_json::Value;

/// Ids that a round writes for the first time.
const NEW: u64 = 1_500;
/// Ids that it writes again, of those before.
const AGAIN: u64 = 1_000;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 400;

fn job(directory: &Path, brokers: &str, parallelism: u64, resume: bool, more: &[&str]) -> Command {
    let mut command = ingest_in_round(directory, "unique", "30 ms", parallelism, resume);
    command
        .arg("--source.type=kafka_deduplication")
        .arg("--unique.keys=id,who.name")
        .args(kafka::source(brokers, "numbers", "unique"))
        // The key is read for its own sake: the SQL asks for one part of it only.
        .args(["--stream.sql.schema=struct<id:BigInt,who:String,copy:Int>"])
        .args(["--stream.sql=select id, copy from t1"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(["--sink.type=file", "--sink.path=out"])
        .args(more);
    command
}

/// The record of an id for the `copy`th time. Those of an even id lie in one partition, those of an odd one anywhere.
fn record(id: u64, copy: u64) -> (String, String) {
    let key = if id.is_multiple_of(2) { id } else { id + copy };
    let name = id % 7;
    let value =
        format!("{{\"copy\":{copy},\"who\":{{\"name\":\"n{name}\",\"copy\":{copy}}},\"id\":{id}}}");
    ((key % 997).to_string(), value)
}

/// Those of a round: new ones, each twice, and before them some that were there before.
fn records(round: u64) -> Vec<(String, String)> {
    let first = round * NEW;
    let again = (first.saturating_sub(AGAIN)..first).map(|id| record(id, 2));
    let new = (first..first + NEW).map(|id| record(id, 0));
    let twice = (first..first + NEW).map(|id| record(id, 1));
    again.chain(new).chain(twice).collect()
}

#[test]
fn of_each_key_one_record_is_written() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("numbers", 3).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(10);
    let (seed, count) = (rounds.seed, rounds.count);
    let mut written = 0;
    for round in 0..count {
        let records = records(round);
        written += records.len() as u64;
        kafka.produce_keyed("numbers", records).expect("records");
        let parallelism = rounds.next_parallelism(4);
        let brokers = kafka.brokers();
        let command = job(directory.path(), &brokers, parallelism, round > 0, &[]);
        let mut job = Running::start(command);
        job.await_log("Completed checkpoint");
        let how = rounds.wait_below(LATEST_KILL_MS);
        if round % 3 == 2 {
            job.suspend();
            println!("round {round}: stopped with a savepoint at {how}");
        } else {
            job.kill();
            println!("round {round}: killed at {how}");
        }
    }
    let end = ["--source.kafka.end=latest"];
    let last = running::run(job(directory.path(), &kafka.brokers(), 2, true, &end));
    assert_eq!(last.code, Some(0), "{}", last.err);
    let mut found: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for line in lines(&directory.path().join("out")) {
        let value: Value = serde_json::from_str(&line).expect("JSON");
        let number = |name: &str| value.get(name).and_then(Value::as_u64).expect("a number");
        found.entry(number("id")).or_default().push(number("copy"));
    }
    for id in 0..count * NEW {
        let copies = found.remove(&id).unwrap_or_default();
        let is_right = copies.len() == 1 && (id % 2 == 1 || copies == [0]);
        assert!(is_right, "seed {seed}: copies {copies:?} of {id}");
    }
    assert!(found.is_empty(), "seed {seed}: {found:?}");
    let left_out = written - count * NEW;
    let equation = format!(
        "{written} read = {} written + {left_out} deduplicated",
        count * NEW
    );
    assert!(last.err.contains(&equation), "{equation}: {}", last.err);
}
