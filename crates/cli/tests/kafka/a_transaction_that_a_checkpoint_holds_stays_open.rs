//! A job fails while a checkpoint is on its way that holds a transaction of Kafka: the checkpoint is complete then, and nobody has
//! committed the transaction. It stays open, with a warning that says so, and whoever goes on from the checkpoint commits it.

use std::path::Path;
use std::process::Command;

use crate::common::{Running, ingest, put, shim, topics};
use millstream_services::kafka::Kafka;

const OPTIONS: [&str; 2] = ["-D", "execution.checkpointing.interval=400 ms"];

fn job(kafka: &Kafka, path: &Path, options: &[&str], parameters: &[&str]) -> Command {
    let brokers = format!("--sink.kafka.brokers={}", kafka.brokers());
    let of_sink = [
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.type=kafka",
        "--sink.kafka.topic=out",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
        &brokers,
    ];
    let options = [&OPTIONS[..], options].concat();
    let mut job = ingest(path, &options, &[&of_sink[..], parameters].concat());
    shim::over_metadata(&mut job, &path.join("shim.so"), path);
    job
}

fn row(path: &Path, number: usize, row: &str) {
    put(
        path,
        &format!("in/{number}.csv"),
        format!("id,name\n{row}\n"),
    );
}

/// Whether a snapshot holds a transaction with a record in it.
fn holds_a_record(metadata: &Path) -> bool {
    let text = std::fs::read_to_string(metadata).unwrap_or_default();
    let text: String = text.split_whitespace().collect();
    text.contains("\"records\":1,") || text.contains("\"records\":1}")
}

/// The records that are committed, as Kafka's own consumer reads them, with those of ids.
fn committed(kafka: &Kafka, most: usize) -> Vec<String> {
    let said = topics::read(kafka, "out", most, 10_000, &[]);
    let mut lines: Vec<String> = said
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

const ANN: &str = "{\"id\":\"1\",\"name\":\"Ann\"}";
const BOB: &str = "{\"id\":\"2\",\"name\":\"Bob\"}";
const DAN: &str = "{\"id\":\"4\",\"name\":\"Dan\"}";

#[test]
fn when_its_job_fails_before_it_is_committed() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    shim::build(shim::METADATA, path);
    row(path, 1, "1,Ann");
    let mut running = Running::start(job(&kafka, path, &[], &[]));
    running.await_checkpoint();
    assert_eq!(committed(&kafka, 1), [ANN]);

    put(path, "waits", "");
    row(path, 2, "2,Bob");
    running.await_that("a checkpoint with the transaction", || {
        shim::is_held_up(path, holds_a_record)
    });
    row(path, 3, "3,Cid,and more");
    running.await_log("to FAILING");
    std::fs::remove_file(path.join("waits")).expect("removed");
    let said = running.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let mut warnings = said.err.lines().filter(|line| line.contains("WARN"));
    let warning = warnings.find(|line| line.contains("stays open"));
    let warning = warning.expect(&said.err);
    assert!(warning.contains("with 1 records"), "{warning}");
    let open = || {
        let listed = kafka.tool("TransactionsCommand", &["list"], "");
        let listed = listed.expect("listed");
        listed.matches("Ongoing").count()
    };
    assert_eq!(open(), 1, "{}", said.err);
    assert_eq!(committed(&kafka, 2), [ANN]);

    row(path, 4, "4,Dan");
    let next = job(&kafka, path, &["-s", "latest"], &["--error.policy=skip"]);
    let mut again = Running::start(next);
    again.await_checkpoint();
    let found = committed(&kafka, 4);
    assert_eq!(found, [ANN, BOB, DAN]);
    let said = again.suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(open(), 0, "{}", said.err);
}
