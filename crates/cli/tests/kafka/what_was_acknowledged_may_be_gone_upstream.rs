//! An upstream that forgets what was acknowledged: behind a completed checkpoint, once the group is told, everything before the group's
//! offset is deleted, and the job is killed with SIGKILL. It goes on, nothing is lost or doubled, and nothing is said to be missing. So it
//! is where the upstream writes transactions, whose marks lie at the end.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{Running, assert_lines, ingest_named, kafka, lines, running, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const EACH: u64 = 200;
const ROUNDS: u64 = 3;
const PATIENCE: Duration = Duration::from_secs(60);

fn job(directory: &Path, brokers: &str, topic: &str, options: &[&str]) -> Command {
    let mut command = ingest_named(directory, topic, "50 ms", options);
    command
        .arg("--source.type=kafka")
        .args(kafka::source(brokers, topic, topic))
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(["--sink.type=file", "--sink.path=out"]);
    command
}

/// Where the group is to be, once all of `round` rounds were read: each of them may have a mark at its end.
fn end(round: u64, marks: u64) -> u64 {
    round * (EACH + marks)
}

/// Writes the records of each round with `write`, each of which has so many marks at its end.
#[track_caller]
fn forgets(kafka: &Kafka, topic: &str, marks: u64, write: impl Fn(std::ops::Range<u64>)) {
    kafka.create_topic(topic, 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    for round in 0..ROUNDS {
        let options: &[&str] = if round > 0 { &["-s", "latest"] } else { &[] };
        let mut job = Running::start(job(place.path(), &brokers, topic, options));
        job.await_log("Completed checkpoint");
        write(round * EACH..(round + 1) * EACH);
        let told = end(round + 1, marks);
        job.await_that("the group to be told", || {
            kafka.committed(topic, topic).unwrap_or_default() == [(0, told)]
        });
        kafka.delete_records(topic, 0, told).expect("deleted");
        let said = job.kill();
        assert!(!said.err.contains("MS-6013"), "{}", said.err);
    }
    let mut last = job(place.path(), &brokers, topic, &["-s", "latest"]);
    last.arg("--source.kafka.end=latest");
    let said = running::run(last);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let all = (0..ROUNDS * EACH).map(topics::record);
    assert_lines(&lines(&place.path().join("out")), all);
}

#[test]
fn and_the_job_goes_on_behind_it() {
    let kafka = Kafka::start().expect("a broker");
    forgets(&kafka, "plain", 0, |ids| {
        topics::write(&kafka, "plain", ids)
    });
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .set("transactional.id", "upstream")
        .create()
        .expect("a producer");
    producer.init_transactions(PATIENCE).expect("transactions");
    forgets(&kafka, "committed", 1, |ids| {
        producer.begin_transaction().expect("a transaction");
        for id in ids {
            let value = topics::record(id);
            let record: BaseRecord<'_, (), str> = BaseRecord::to("committed").payload(&value);
            let sent = producer.send(record).map_err(|(error, _)| error);
            sent.expect("sent");
        }
        producer.commit_transaction(PATIENCE).expect("committed");
    });
}
