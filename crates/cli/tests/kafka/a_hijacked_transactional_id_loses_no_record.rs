//! Another producer takes the transactional ids of a running job, which aborts what the job has written since its last
//! checkpoint, or what a checkpoint waits with that is held up. The job begins anew from before that; or says what is lost where the
//! checkpoint is complete by then, and goes on from a savepoint. Every record is committed once. With brokers of both kinds of
//! transactions; those of 3.9 where many rounds of other tests are played.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::topics::Tools;
use crate::common::{
    Running, assert_lines, ingest_named, kafka, millstream, put, rounds, running, shim, topics,
};
use millstream_services::kafka::{Kafka, Version};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, Producer};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);
const RECORDS: u64 = 1_000;

fn job(directory: &Path, brokers: &str, interval: &str, options: &[&str]) -> Command {
    let options = [&["-p", "2"], options].concat();
    let mut command = ingest_named(directory, "hijacked", interval, &options);
    command
        .args(kafka::exactly_once(20))
        .arg("--stream.sink.parallelism=2")
        .args(kafka::copy(brokers, "hijacked", ("in", "out")));
    command
}

/// The transactional ids of the job whose transactions are open.
fn open(brokers: &str) -> Vec<String> {
    let said = millstream(&[
        "transactions",
        "--brokers",
        brokers,
        "list",
        "millstream-",
        "--json",
    ]);
    let listed: Vec<Value> = serde_json::from_str(&said.out).unwrap_or_default();
    let ids = listed.iter().filter_map(|row| row.get("id")?.as_str());
    ids.map(str::to_owned).collect()
}

fn hijack(brokers: &str, id: &str) {
    let thief: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", id)
        .create()
        .expect("a producer");
    thief.init_transactions(PATIENCE).expect("it is taken");
}

fn add(kafka: &Kafka, ids: std::ops::Range<u64>) {
    let records = ids.map(|id| (id.to_string(), topics::record(id)));
    kafka.produce_keyed("in", records).expect("records");
}

fn with_topics(version: Version) -> Kafka {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 2).expect("a topic");
    }
    kafka
}

/// Goes on to the present end of the input.
fn to_the_end(directory: &Path, kafka: &Kafka, from: &str) {
    let mut last = job(directory, &kafka.brokers(), "4 min", &["-s", from]);
    last.arg("--source.kafka.end=latest");
    let last = running::run(last);
    assert_eq!(last.code, Some(0), "{}", last.err);
}

fn it_begins_anew(version: Version) {
    let kafka = with_topics(version);
    add(&kafka, 0..RECORDS);
    let directory = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    // No checkpoint lies between a transaction and its thief, so that it is certain what is aborted.
    let mut first = Running::start(job(directory.path(), &brokers, "4 min", &[]));
    let mut ids = Vec::new();
    first.await_that("open transactions of both subtasks", || {
        ids = open(&brokers);
        ids.len() >= 2
    });
    ids.iter().for_each(|id| hijack(&brokers, id));
    // It is noticed as records go on to be written.
    let mut written = RECORDS;
    while !first.said().contains("to RESTARTING") {
        assert!(written < 100 * RECORDS, "{}", first.said());
        add(&kafka, written..written + RECORDS);
        written += RECORDS;
    }
    first.await_that("open transactions again", || open(&brokers).len() >= 2);
    first.suspend();

    to_the_end(directory.path(), &kafka, "latest");
    let found = topics::values(&kafka, "out", written as usize);
    assert_lines(&found, (0..written).map(topics::record));
    assert_eq!(open(&brokers), Vec::<String>::new());
}

/// The transactional ids of what a snapshot holds; none while it is being written.
fn sealed(metadata: &Path) -> Vec<String> {
    let text = fs::read_to_string(metadata).unwrap_or_default();
    if serde_json::from_str::<Value>(&text).is_err() {
        return Vec::new();
    }
    let named = text.split("\"transaction of ").skip(1);
    let ids = named.filter_map(|named| named.split(' ').next());
    ids.map(str::to_owned).collect()
}

/// A job that goes on with other records, up to a checkpoint that holds their transactions and is held up. Those are taken.
fn with_sealed_ones_taken(directory: &Path, kafka: &Kafka, options: &[&str]) -> Running {
    let brokers = kafka.brokers();
    shim::build(shim::METADATA, directory);
    // Time enough for all records to be there before the next checkpoint begins.
    let mut job = job(directory, &brokers, "3 s", options);
    shim::over_metadata(&mut job, &directory.join("shim.so"), directory);
    let mut running = Running::start(job);
    running.await_log("Completed checkpoint");
    put(directory, "waits", "");
    topics::write(kafka, "in", RECORDS..2 * RECORDS);
    let ids = RefCell::new(Vec::new());
    running.await_that("a checkpoint that holds transactions", || {
        shim::is_held_up(directory, |metadata| {
            ids.replace(sealed(metadata));
            !ids.borrow().is_empty()
        })
    });
    ids.borrow().iter().for_each(|id| hijack(&brokers, id));
    running
}

/// Holds the checkpoint up no longer.
fn release(directory: &Path) {
    fs::remove_file(directory.join("waits")).expect("removed");
}

fn its_checkpoint_fails(version: Version) {
    let kafka = with_topics(version);
    topics::write(&kafka, "in", 0..RECORDS);
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let mut running = with_sealed_ones_taken(directory, &kafka, &[]);
    // Whoever waits with a transaction looks at it now and then, and the worker hears of that with the next records.
    let mut written = 2 * RECORDS;
    while !running.said().contains("was ended by somebody else") {
        assert!(written < 3 * RECORDS, "{}", running.said());
        topics::write(&kafka, "in", written..written + 1);
        written += 1;
    }
    put(directory, "fails", "");
    release(directory);
    running.await_that("it to be let go", || shim::on_its_way(directory).is_none());
    fs::remove_file(directory.join("fails")).expect("removed");
    running.await_log("Completed checkpoint");
    let said = running.suspend();
    for lost in ["MS-7002", "MS-7003"] {
        assert!(!said.err.contains(lost), "{}", said.err);
    }

    to_the_end(directory, &kafka, "latest");
    topics::assert_each_once(&kafka, "out", written);
}

fn its_checkpoint_completes(version: Version) {
    let kafka = with_topics(version);
    topics::write(&kafka, "in", 0..RECORDS);
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let mut first = Running::start(job(directory, &kafka.brokers(), "500 ms", &[]));
    first.await_log("Completed checkpoint");
    // The savepoint lies behind all of them: whoever goes back to it writes none of them again.
    topics::read(&kafka, "out", RECORDS as usize, Kafka::SILENCE_MS, &[]);
    let said = first.suspend();

    let running = with_sealed_ones_taken(directory, &kafka, &["-s", "latest"]);
    release(directory);
    let lost = running.end();
    assert_eq!(lost.code, Some(1), "{}", lost.err);
    assert!(lost.err.contains("MS-7002"), "{}", lost.err);

    to_the_end(directory, &kafka, said.savepoint());
    topics::assert_each_once(&kafka, "out", 2 * RECORDS);
}

#[test]
fn as_it_begins_anew() {
    it_begins_anew(Version::V4_1);
}

#[test]
fn as_its_checkpoint_is_held_up_and_fails() {
    its_checkpoint_fails(Version::V4_1);
}

#[test]
fn as_its_checkpoint_is_held_up_and_completes() {
    its_checkpoint_completes(Version::V4_1);
}

#[test]
fn with_transactions_of_brokers_of_3_9() {
    if rounds::are_many() {
        it_begins_anew(Version::V3_9);
        its_checkpoint_fails(Version::V3_9);
        its_checkpoint_completes(Version::V3_9);
    }
}
