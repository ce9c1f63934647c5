//! A job from Kafka to Kafka whose tickets live for seconds connects anew when they have ended, with new ones, and reads and writes
//! on. Where the KDC, which is killed at random moments, is away when they have ended and brokers start again, the job says so, and
//! goes on when the KDC is back. Every record is committed once.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::kafka::{copy, exactly_once};
use crate::common::rounds::Rounds;
use crate::common::{Running, ingest_named, realm, topics};
use millstream_services::kafka::Kafka;
use millstream_services::kdc::Kdc;

/// How long a ticket lives.
const LIFE: Duration = Duration::from_secs(5);
/// Records that are written at once.
const RECORDS: u64 = 2_000;
/// How often the KDC is killed, and the latest moment at which the job is stopped behind records.
const KILLS: u64 = 1;
const LATEST_MS: u64 = 400;

fn job(directory: &Path, kdc: &Kdc, kafka: &Kafka, parallelism: u64) -> Command {
    let brokers = kafka.kerberos_brokers().expect("a realm");
    let parallelism = parallelism.to_string();
    let mut job = ingest_named(directory, "long", "200 ms", &["-p", &parallelism]);
    realm::within(&mut job, kdc);
    job.args(exactly_once(1_000))
        .args(copy(&brokers, "long", ("from", "to")))
        // Who looks for partitions says in the log what is in the way.
        .arg("--flink.partition-discovery.interval-millis=500")
        .arg(format!(
            "--security.kerberos.login.keytab={}",
            kdc.keytab("alice").display()
        ));
    for end in ["source", "sink"] {
        job.arg(format!("--{end}.kafka.security.protocol=SASL_PLAINTEXT"));
        // Else it connects anew up to 10 s behind the moment at which that can be done.
        job.arg(format!("--{end}.kafka.reconnect.backoff.max.ms=500"));
    }
    job
}

/// Writes the records from `next` on.
fn add(kafka: &Kafka, next: &mut u64) {
    let first = *next;
    *next += RECORDS;
    topics::write(kafka, "from", first..*next);
}

/// Waits until so many records are committed.
#[track_caller]
fn await_committed(kafka: &Kafka, count: u64) {
    let count = count as usize;
    let read = topics::read(kafka, "to", count, 120_000, &[]);
    let read = read.lines().filter(|line| line.starts_with('{'));
    assert_eq!(read.count(), count);
}

/// Tickets that were got before have ended behind this, and `meanwhile` has been done.
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn tickets_end(meanwhile: impl FnOnce()) {
    let began = Instant::now();
    meanwhile();
    std::thread::sleep(LIFE.saturating_sub(began.elapsed()));
}

#[test]
fn and_goes_on() {
    let mut kdc = Kdc::start("1h", &["kafka/localhost", "alice"]).expect("a KDC");
    let life = LIFE.as_secs();
    let shorter = format!("modprinc -maxlife \"{life} sec\" alice\n");
    kdc.administrate(&shorter).expect("changed");
    let mut kafka = Kafka::start_kerberos(&kdc).expect("a broker");
    for topic in ["from", "to"] {
        kafka.create_topic(topic, 2).expect("a topic");
    }
    let place = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(KILLS);
    let job = job(place.path(), &kdc, &kafka, rounds.next_parallelism(3));
    let mut job = Running::start(job);
    let mut next = 0;
    add(&kafka, &mut next);
    await_committed(&kafka, next);

    // What comes meanwhile goes over connections that outlive their tickets.
    tickets_end(|| add(&kafka, &mut next));
    kafka.restart().expect("the same broker");
    add(&kafka, &mut next);
    await_committed(&kafka, next);

    for round in 0..rounds.count {
        job.await_checkpoint();
        add(&kafka, &mut next);
        let how = rounds.wait_below(LATEST_MS);
        // A broker needs the KDC itself when it starts: the job sleeps meanwhile, and finds when it wakes that both connection and
        // tickets are gone.
        job.signal("STOP");
        tickets_end(|| kafka.restart().expect("the same broker"));
        kdc.kill();
        job.signal("CONT");
        job.await_log("Cannot contact any KDC");
        kdc.restart().expect("a KDC");
        add(&kafka, &mut next);
        await_committed(&kafka, next);
        println!("round {round}: the KDC was killed under a job that was stopped at {how}");
    }

    job.suspend();
    topics::assert_each_once(&kafka, "to", next);
    let log = std::fs::read_to_string(kdc.log_file()).expect("a log");
    let got = log.lines().filter(|line| {
        line.contains("AS_REQ") && line.contains("ISSUE") && line.contains("alice@")
    });
    assert!(got.count() > 1, "{log}");
}
