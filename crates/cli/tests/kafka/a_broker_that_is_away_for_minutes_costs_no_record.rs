//! The broker that jobs write to is away for five minutes, longer than any request waits for its answer: they go on by themselves with the
//! restarts that a job has when nobody says otherwise, and no record is lost or doubled, at least once as well as exactly once.
//!
//! `MILLSTREAM_AWAY` says for how many seconds it is; in each run of the tests it is shorter, and so are the requests.

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{Running, assert_lines, ingest_named, kafka, put, running, topics};
use millstream_services::kafka::Kafka;

const MODES: [&str; 2] = ["AT_LEAST_ONCE", "EXACTLY_ONCE"];
/// How long the broker is away, and a request waits, in seconds; and for how long it is in each run of the tests.
const AWAY: u64 = 300;
const REQUEST: u64 = 180;
const SHORT: u64 = 20;
/// Records that there are before the broker is gone, while it is, and behind that.
const RECORDS: [Range<u64>; 3] = [0..1_000, 1_000..3_000, 3_000..4_000];

fn away() -> u64 {
    let given = std::env::var("MILLSTREAM_AWAY").ok();
    given.and_then(|given| given.parse().ok()).unwrap_or(SHORT)
}

fn job(directory: &Path, brokers: &str, mode: &str, options: &[&str]) -> Command {
    let options = [&["-p", "2"], options].concat();
    let mut job = ingest_named(directory, mode, "500 ms", &options);
    let request = away() * 1_000 * REQUEST / AWAY;
    job.args(["--source.type=csv", "--source.path=in"])
        .args(["--source.firstLine.schema=true"])
        .args(["--source.watch.interval=20", "--source.file.settle=0"])
        .args(kafka::sink(brokers, mode))
        .args(["--sink.kafka.key=id", "--stream.sink.parallelism=2"])
        .arg(format!("--sink.kafka.request.timeout.ms={request}"))
        .arg(format!("--stream.checkpoint.mode={mode}"));
    job
}

fn add(directory: &Path, number: usize) {
    let ids = RECORDS.get(number).cloned().unwrap_or_default();
    let ids: String = ids.map(|id| format!("{id}\n")).collect();
    put(directory, &format!("in/{number}.csv"), format!("id\n{ids}"));
}

/// Waits for as long as the broker is to be away.
#[allow(
    clippy::disallowed_methods,
    reason = "for how long a broker is away is a time"
)]
fn stay_away() {
    std::thread::sleep(Duration::from_secs(away()));
}

#[test]
fn at_least_once_and_exactly_once() {
    let mut kafka = Kafka::start().expect("a broker");
    let places = MODES.map(|_| tempfile::tempdir().expect("a directory"));
    let jobs = || MODES.iter().zip(&places);
    let patience = running::PATIENCE + Duration::from_secs(away());
    let mut all = Vec::new();
    for (mode, place) in jobs() {
        kafka.create_topic(mode, 3).expect("a topic");
        add(place.path(), 0);
        let job = job(place.path(), &kafka.brokers(), mode, &[]);
        all.push(Running::start(job).with_patience(patience));
    }
    for running in &mut all {
        running.await_checkpoint();
    }
    kafka.kill();
    jobs().for_each(|(_, place)| add(place.path(), 1));
    stay_away();
    kafka.restart().expect("the same broker");
    jobs().for_each(|(_, place)| add(place.path(), 2));
    for ((mode, place), mut running) in jobs().zip(all) {
        running.await_checkpoint();
        let said = running.suspend();
        let is_restarted = said.err.contains("to RESTARTING");
        assert!(!is_restarted || *mode == "EXACTLY_ONCE", "{}", said.err);
        let mut last = job(place.path(), &kafka.brokers(), mode, &["-s", "latest"]);
        last.arg("--source.watch.type=PROCESS_ONCE");
        let last = running::run(last);
        assert_eq!(last.code, Some(0), "{}", last.err);
        let ids = RECORDS.iter().cloned().flatten();
        let found = topics::values(&kafka, mode, ids.clone().count());
        assert_lines(&found, ids.map(|id| format!("{{\"id\":\"{id}\"}}")));
    }
    topics::assert_none_open(&kafka);
}
