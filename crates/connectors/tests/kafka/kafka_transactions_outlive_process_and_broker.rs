//! A process is killed with its transaction prepared, and the broker with it: what is asked for while the broker comes up
//! again is the same as ever.

#![cfg(feature = "kafka")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::transactions_support::{Job, RECORDS, committed_records, settled};
use millstream_connectors::kafka::{Proof, Transaction};
use millstream_engine::connector::CommitOutcome;
use millstream_services::kafka::Kafka;

/// Where a child of this test is told which broker it writes to.
const BROKERS: &str = "MILLSTREAM_TEST_BROKERS";
/// What stands before what the child tells.
const TOLD: &str = "prepared: ";

const NAME: &str = "killed";

/// Run by the test below in a process of its own: prepares a transaction, tells it, and waits for its death.
#[test]
fn a_process_that_is_killed() {
    let Ok(brokers) = std::env::var(BROKERS) else {
        return;
    };
    let job = Job::join(&brokers, NAME, 60_000);
    job.begin();
    job.mark(0);
    job.commit();
    let transaction = job.prepare(1);
    let told = serde_json::to_string(&transaction).expect("text");
    println!("\n{TOLD}{told}");
    // It ends with the test.
    let mut line = String::new();
    drop(std::io::stdin().read_line(&mut line));
}

#[test]
fn a_transaction_is_committed_after_both_were_killed() {
    let mut kafka = Kafka::start().expect("a broker");
    kafka.create_topic(NAME, 1).expect("a topic");
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program)
        .args([
            "--exact",
            "kafka_transactions_outlive_process_and_broker::a_process_that_is_killed",
            "--nocapture",
        ])
        .env(BROKERS, kafka.brokers())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let told = out
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix(TOLD).map(str::to_owned));
    child.kill().expect("killed");
    child.wait().expect("dead");
    let told = told.expect("it has prepared a transaction");
    let transaction: Transaction = serde_json::from_str(&told).expect("a transaction");

    kafka.kill();
    std::thread::scope(|scope| {
        // Asked before there is anybody to answer.
        let brokers = kafka.brokers();
        let asked = scope.spawn(move || settled(&brokers, Proof::Marker, &transaction));
        kafka.restart().expect("the same broker");
        let outcome = asked.join().expect("an answer");
        assert_eq!(outcome, CommitOutcome::Committed);
    });
    assert_eq!(committed_records(&kafka.brokers(), NAME), RECORDS);
}
