//! Checkpoints fail one after the other, and transactions of Kafka wait for one that completes. Before the brokers abort them, or once
//! somebody has, the job begins anew from its newest checkpoint: every record is committed once, and none is lost.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{Running, ingest_named, kafka, millstream, put, running, shim, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const RECORDS: u64 = 200;

/// A job whose checkpoints fail as long as the file `fails` is there.
fn job(directory: &Path, kafka: &Kafka, options: &[&str], more: &[&str]) -> Command {
    let mut command = ingest_named(directory, "held", "500 ms", options);
    command
        .args(kafka::exactly_once(20))
        .args(kafka::copy(&kafka.brokers(), "held", ("in", "out")))
        .args(more);
    shim::over_metadata(&mut command, &directory.join("shim.so"), directory);
    command
}

/// A broker, and a job that has written all records into transactions whose checkpoints fail.
fn with_failing_checkpoints(directory: &Path, more: &[&str]) -> (Kafka, Running) {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    shim::build(shim::METADATA, directory);
    let mut running = Running::start(job(directory, &kafka, &[], more));
    running.await_checkpoint();
    put(directory, "fails", "");
    topics::write(&kafka, "in", 0..RECORDS);
    (kafka, running)
}

/// Checkpoints complete again: the job is stopped, and goes on to the end of its input.
fn to_the_end(directory: &Path, kafka: &Kafka, mut running: Running) {
    fs::remove_file(directory.join("fails")).expect("removed");
    running.await_log("Completed checkpoint");
    let said = running.suspend();
    assert!(!said.err.contains("MS-7002"), "{}", said.err);
    let end = ["--source.kafka.end=latest"];
    let said = running::run(job(directory, kafka, &["-s", "latest"], &end));
    assert_eq!(said.code, Some(0), "{}", said.err);
    topics::assert_each_once(kafka, "out", RECORDS);
}

/// The transactional ids whose transactions are open.
fn open(kafka: &Kafka) -> Vec<String> {
    let brokers = kafka.brokers();
    let said = millstream(&["transactions", "--brokers", &brokers, "--json", "list"]);
    let listed: Vec<Value> = serde_json::from_str(&said.out).expect(&said.err);
    let ids = listed.iter().filter_map(|row| row.get("id")?.as_str());
    ids.map(str::to_owned).collect()
}

#[test]
fn as_its_time_runs_out() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    // Brokers look each 10 seconds for what is open for longer than that.
    let time_out = ["--sink.kafka.transaction.timeout.ms=16000"];
    let (kafka, mut running) = with_failing_checkpoints(directory, &time_out);
    running.await_log("to RESTARTING");
    let said = running.said();
    assert!(said.contains("its time is nearly out"), "{said}");
    to_the_end(directory, &kafka, running);
}

#[test]
fn as_somebody_else_has_ended_it() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let (kafka, mut running) = with_failing_checkpoints(directory, &[]);
    let mut ids = Vec::new();
    running.await_that("an open transaction", || {
        ids = open(&kafka);
        !ids.is_empty()
    });
    // The second to fail from now on has begun behind that, so the transaction waits for one.
    drop(running.said());
    running.await_log("was given up");
    running.await_log("was given up");
    for id in &ids {
        let thief: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", kafka.brokers())
            .set("transactional.id", id)
            .create()
            .expect("a producer");
        thief.init_transactions(PATIENCE).expect("it is taken");
    }
    running.await_log("to RESTARTING");
    let said = running.said();
    assert!(said.contains("was ended by somebody else"), "{said}");
    to_the_end(directory, &kafka, running);
}
