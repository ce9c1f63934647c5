//! A job dies between its checkpoint and the commit, and stays away for longer than its transaction may be open: the brokers abort
//! it. Going on says how many records are lost. From a savepoint that is older than that time-out they are written again, so that
//! every record is committed once; going on behind the loss is a choice that is named.

use crate::common::topics;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{Running, Said, command, millstream, running, shim};
use millstream_services::kafka::{Kafka, Version};
use serde_json::Value;

const RECORDS: u64 = 500;

fn job(directory: &Path, kafka: &Kafka, options: &[&str]) -> Command {
    let mut command = command(directory);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        // Time enough for all records to be in one transaction when the job dies.
        .args(["-D", "execution.checkpointing.interval=2 s"])
        .args(options)
        .args(["ingest", "--job.name=late"])
        .args(["--stream.checkpoint.mode=EXACTLY_ONCE"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(["--job.retry.backoffTimeMS=200"])
        .args(["--source.type=kafka", "--source.kafka.topic=in"])
        .arg(format!("--source.kafka.brokers={}", kafka.brokers()))
        .args(["--group.id=late", "--auto.offset.reset=earliest"])
        .args(["--sink.type=kafka", "--sink.kafka.topic=out"])
        .arg("--sink.kafka.transaction.timeout.ms=8000")
        .arg(format!("--sink.kafka.brokers={}", kafka.brokers()));
    command
}

fn to_the_end(directory: &Path, kafka: &Kafka, options: &[&str]) -> Said {
    let mut job = job(directory, kafka, options);
    job.arg("--source.kafka.end=latest");
    running::run(job)
}

/// Whether a transaction is open.
fn is_open(kafka: &Kafka) -> bool {
    let brokers = kafka.brokers();
    let list = ["transactions", "--brokers", &brokers, "--json", "list"];
    let said = millstream(&list);
    let listed: Vec<Value> = serde_json::from_str(&said.out).expect(&said.err);
    !listed.is_empty()
}

/// Waits until the brokers have aborted what was open: they look each 10 seconds.
#[allow(clippy::disallowed_methods, reason = "brokers have no way to tell")]
fn await_time_out(kafka: &Kafka) {
    for _ in 0..600 {
        if !is_open(kafka) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    unreachable!("the transaction stays open");
}

fn what_is_lost_is_told_and_can_be_written_again(version: Version) {
    let kafka = Kafka::start_as(version, false).expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 2).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let library = shim::build(shim::DEATH, directory);
    topics::write(&kafka, "in", 0..RECORDS);
    let mut first = Running::start(job(directory, &kafka, &[]));
    first.await_log("Completed checkpoint");
    let said = first.suspend();
    let savepoint = said.savepoint().to_owned();

    let mut second = job(directory, &kafka, &["-s", "latest"]);
    let armed = directory.join("armed");
    second
        .env("LD_PRELOAD", &library)
        .env("DEATH_AT", "commit")
        .env("DEATH_WHILE", &armed);
    let mut second = Running::start(second);
    second.await_log("Completed checkpoint");
    fs::write(&armed, "").expect("written");
    topics::write(&kafka, "in", RECORDS..2 * RECORDS);
    let said = second.end();
    assert_eq!(said.code, None, "{}", said.err);
    assert!(is_open(&kafka), "{}", said.err);
    await_time_out(&kafka);

    let said = to_the_end(directory, &kafka, &["-s", "latest"]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    let records = format!("with {RECORDS} records");
    assert!(error.contains("(MS-7002)"), "{error}");
    assert!(error.contains(&records), "{error}");

    // One choice goes on behind what is lost: nothing of it is written again.
    let accepted = ["-s", "latest", "--on-lost-output", "accept"];
    let said = to_the_end(directory, &kafka, &accepted);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.err.contains(&records), "{}", said.err);
    topics::assert_each_once(&kafka, "out", RECORDS);

    // The other one goes back behind what was committed last.
    let said = to_the_end(directory, &kafka, &["-s", &savepoint]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    topics::assert_each_once(&kafka, "out", 2 * RECORDS);
}

#[test]
fn with_transactions_of_brokers_of_4_1() {
    what_is_lost_is_told_and_can_be_written_again(Version::V4_1);
}

#[test]
fn with_transactions_of_brokers_of_3_9() {
    what_is_lost_is_told_and_can_be_written_again(Version::V3_9);
}
