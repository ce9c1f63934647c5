//! A job that writes Kafka exactly once leaves no transaction open, whether it finishes, is stopped, is cancelled or fails;
//! and what was open is there or not, as its end says.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::topics::open_transactions;
use crate::common::{Running, Said, command, kafka, running, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const PATIENCE: Duration = Duration::from_secs(60);

fn job(kafka: &Kafka, directory: &Path, name: &str, end: &str) -> Command {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", &format!("--job.name={name}")])
        .args(kafka::copy(&kafka.brokers(), name, (name, "out")))
        .arg(format!("--source.kafka.end={end}"))
        .arg("--stream.sql.schema.json={\"id\":\"Int\"}")
        .arg("--stream.checkpoint.mode=EXACTLY_ONCE")
        // What is written stays in an open transaction until the job ends.
        .arg("--stream.checkpoint.interval=10 min")
        .arg("--job.retry.maxNumberRestartAttempts=0");
    job
}

fn send(kafka: &Kafka, topic: &str, value: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    let record: BaseRecord<'_, (), str> = BaseRecord::to(topic).payload(value);
    let sent = producer.send(record).map_err(|(error, _)| error);
    sent.expect("sent");
    producer.flush(PATIENCE).expect("written");
}

/// Runs a job up to where a record is in an open transaction.
fn with_one_open(kafka: &Kafka, directory: &Path, name: &str) -> Running {
    send(kafka, name, "{\"id\":1}");
    let mut running = Running::start(job(kafka, directory, name, "none"));
    // The marks that a sink begins with are transactions, too, and end at once.
    let mut seen = 0;
    running.await_that("a transaction that stays open", || {
        seen = if open_transactions(kafka) > 0 {
            seen + 1
        } else {
            0
        };
        seen > 4
    });
    running
}

#[track_caller]
fn is_none_open(kafka: &Kafka, how: &str, said: &Said) {
    let ending = (0..200).map(|_| open_transactions(kafka));
    // The brokers may be about to write the end of one; by themselves they would abort it after 15 minutes.
    let mut ending = ending.skip_while(|open| *open > 0);
    assert_eq!(ending.next(), Some(0), "{how}: {}", said.err);
}

#[test]
fn also_for_kafkas_own_tool() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["finished", "stopped", "cancelled", "failed", "out"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();

    send(&kafka, "finished", "{\"id\":1}");
    let said = running::run(job(&kafka, directory, "finished", "latest"));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(
        said.err.contains("1 transaction committed, 0 aborted"),
        "{}",
        said.err
    );
    is_none_open(&kafka, "finished", &said);

    let said = with_one_open(&kafka, directory, "stopped").suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    is_none_open(&kafka, "stopped", &said);

    let cancelled = with_one_open(&kafka, directory, "cancelled");
    cancelled.signal("INT");
    let said = cancelled.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    is_none_open(&kafka, "cancelled", &said);

    let failing = with_one_open(&kafka, directory, "failed");
    send(&kafka, "failed", "no JSON");
    let said = failing.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(said.err.contains("1 aborted"), "{}", said.err);
    is_none_open(&kafka, "failed", &said);

    let listed = kafka
        .tool("TransactionsCommand", &["list"], "")
        .expect("listed");
    assert!(
        listed.contains("CompleteCommit") && listed.contains("CompleteAbort"),
        "{listed}"
    );
    for state in ["Ongoing", "Prepare"] {
        assert!(!listed.contains(state), "{listed}");
    }
    // Of those that finished and were stopped the record is there, and of no other.
    let read = topics::read(&kafka, "out", 3, 5_000, &[]);
    assert_eq!(read, "{\"id\":1}\n{\"id\":1}\n");
}
