//! Transactions that a process has left open are listed with their age, and committed or aborted by hand; what would lose
//! output or write it twice needs to be asked for.

use std::time::Duration;

use crate::common::{Said, millstream, refused, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(60);

/// Writes a record in a transaction that nobody ends.
fn leave_open(brokers: &str, id: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("transactional.id", id)
        .create()
        .expect("a producer");
    producer.init_transactions(PATIENCE).expect("transactions");
    producer.begin_transaction().expect("begun");
    let record: BaseRecord<'_, (), str> = BaseRecord::to("orders").payload("one");
    let sent = producer.send(record).map_err(|(error, _)| error);
    sent.expect("sent");
    producer.flush(PATIENCE).expect("written");
    // Dropped it would abort.
    std::mem::forget(producer);
}

fn transactions(brokers: &str, arguments: &[&str]) -> Said {
    let mut all = vec!["transactions", "--brokers", brokers];
    all.extend(arguments);
    millstream(&all)
}

fn states(said: &Said) -> Vec<(String, String)> {
    let listed: Vec<Value> = serde_json::from_str(&said.out).expect(&said.out);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rows = listed.iter();
    rows.map(|row| (text(&row["id"]), text(&row["state"])))
        .collect()
}

#[test]
fn by_hand() {
    let kafka = Kafka::start().expect("a broker");
    let brokers = kafka.brokers();
    kafka.create_topic("orders", 1).expect("a topic");
    let said = transactions(&brokers, &["list"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "No open transactions.\n")
    );
    for id in ["orders-0", "orders-1", "other"] {
        leave_open(&brokers, id);
    }
    let said = transactions(&brokers, &["list", "orders"]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert!(lines[0].starts_with("transactional id"), "{}", said.out);
    assert!(
        lines[1].starts_with("orders-0") && lines[1].contains("open"),
        "{}",
        said.out
    );

    let said = transactions(&brokers, &["commit", "orders-0"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("no snapshot that is found waits"),
        "{}",
        said.err
    );
    let said = transactions(&brokers, &["commit", "orders-0", "--force"]);
    assert_eq!(
        (said.code, said.out.as_str()),
        (Some(0), "orders-0: committed\n")
    );
    let said = transactions(
        &brokers,
        &["abort", "orders-1", "other", "orders-0", "--json"],
    );
    assert_eq!(said.code, Some(1), "one was committed before: {}", said.out);
    let told: Vec<Value> = serde_json::from_str(&said.out).expect(&said.out);
    let what: Vec<&str> = told.iter().filter_map(|row| row["what"].as_str()).collect();
    assert_eq!(what, ["aborted", "aborted", "was committed before"]);

    let said = transactions(&brokers, &["list", "--all", "--json"]);
    let expected = [
        ("orders-0", "committed"),
        ("orders-1", "aborted"),
        ("other", "aborted"),
    ];
    let expected = expected.map(|(id, state)| (id.to_owned(), state.to_owned()));
    assert_eq!(states(&said), expected);
    let read = topics::read(&kafka, "orders", 1, 30_000, &[]);
    assert_eq!(read, "one\n");
}

#[test]
fn command_lines_that_lack_something_are_told() {
    refused(&["transactions", "list"], "MS-1004: no brokers");
    refused(
        &["transactions", "end"],
        "MS-1004: `transactions` can't end",
    );
    refused(
        &["transactions", "commit"],
        "MS-1004: `transactions commit` needs",
    );
    let property = ["transactions", "--brokers=k:1", "list", "--property=secret"];
    let said = millstream(&property);
    assert_eq!(said.code, Some(1));
    assert!(!said.err.contains("=secret"), "{}", said.err);
}
