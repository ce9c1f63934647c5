//! Snapshots do not say to which cluster a job writes. What one waits for and the brokers that are asked do not know is listed with a
//! warning that others may know it.

use std::path::Path;

use crate::common::{Running, ingest_named, kafka, millstream, put};
use millstream_services::kafka::Kafka;

const WARNING: &str = "brokers of another cluster know nothing of a transaction either";

/// What the command lists for these brokers of what a snapshot waits for, and what it warns of.
fn listed(kafka: &Kafka, snapshot: &str) -> (String, String) {
    let brokers = kafka.brokers();
    let said = millstream(&[
        "transactions",
        "--brokers",
        &brokers,
        "--snapshot",
        snapshot,
        "list",
        "millstream-",
    ]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    (said.out, said.err)
}

#[test]
fn that_these_brokers_may_not_be_those_of_the_job() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/a.csv", "id\n1\n");
    // So long that the savepoint is the first snapshot, and waits for the transaction with the record.
    let mut job = ingest_named(directory.path(), "job", "5 min", &[]);
    job.args(["--source.path=in", "--source.type=csv"])
        .args(["--source.firstLine.schema=true"])
        .args(["--source.watch.interval=20", "--source.file.settle=0"])
        .args(kafka::sink(&kafka.brokers(), "out"))
        .args(["--stream.checkpoint.mode=EXACTLY_ONCE"]);
    let running = Running::start(job);
    let all = ["--topic", "out", "--from-beginning"];
    let all = [&all[..], &["--max-messages", "1", "--timeout-ms", "60000"]].concat();
    let read = kafka.tool("consumer.ConsoleConsumer", &all, "");
    assert_eq!(read.expect("it is written"), "{\"id\":\"1\"}\n");
    let said = running.suspend();
    let savepoint = said.savepoint();
    // As where the job has died before it could note the commit.
    let place = Path::new(savepoint.trim_start_matches("file:"));
    drop(std::fs::remove_file(place.join("_committed")));

    let other = Kafka::start().expect("another broker");
    let (out, err) = listed(&other, savepoint);
    assert!(out.contains("forgotten"), "{out}");
    assert!(err.contains(WARNING), "{err}");
    let (_, err) = listed(&kafka, savepoint);
    assert!(!err.contains(WARNING), "{err}");
}
