//! From Kafka to Kafka without a schema a record keeps its value, its key, its time and its headers.

use std::time::Duration;

use crate::common::{command, kafka, running};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const SHOWN: [&str; 6] = [
    "--property",
    "print.key=true",
    "--property",
    "print.timestamp=true",
    "--property",
    "print.headers=true",
];

/// Writes records with headers: a name twice, nothing at all and an empty text for a value, and one that is no text.
fn with_headers(kafka: &Kafka, topic: &str, count: u32) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    for number in 0..count {
        let values: [(&str, Option<&[u8]>); 5] = [
            ("a", Some(b"1")),
            ("a", Some(b"2")),
            ("ü", None),
            ("empty", Some(b"")),
            ("bytes", Some(b"\xff\x00\xfe")),
        ];
        let headers = values.into_iter().take(1 + number as usize % 5);
        let headers = headers.fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value })
        });
        let (key, value) = (format!("with headers {number}"), "{\"n\":1}");
        let record = BaseRecord::to(topic)
            .key(&key)
            .payload(value)
            .headers(headers);
        let sent = producer.send(record).map_err(|(error, _)| error);
        sent.expect("sent");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

fn read(kafka: &Kafka, topic: &str, count: usize) -> Vec<String> {
    let count = count.to_string();
    let mut arguments = vec![
        "--topic",
        topic,
        "--from-beginning",
        "--timeout-ms",
        "20000",
    ];
    arguments.extend(["--max-messages", &count]);
    arguments.extend(SHOWN);
    let said = kafka
        .tool("consumer.ConsoleConsumer", &arguments, "")
        .expect("read");
    let mut lines: Vec<String> = said
        .lines()
        .filter(|line| line.contains('\t'))
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

#[test]
fn nothing_is_lost_around_the_value() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("from", 3).expect("a topic");
    kafka.create_topic("to", 3).expect("a topic");
    let records = (0..50).map(|number| {
        let value = match number % 3 {
            0 => format!("{{\"only\":\"here {number}\"}}"),
            1 => format!("{{\"n\":{number},\"nested\":{{\"a\":[1,2]}}}}"),
            _ => format!("{{\"n\":{number}.50,\"ü\":null}}"),
        };
        (format!("key {number}"), value)
    });
    kafka.produce_keyed("from", records).expect("records");
    with_headers(&kafka, "from", 10);
    let directory = tempfile::tempdir().expect("a directory");
    let mut job = command(directory.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=copy", "--source.kafka.end=latest"])
        .args(kafka::copy(&kafka.brokers(), "copy", ("from", "to")));
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let before = read(&kafka, "from", 60);
    assert_eq!(before.len(), 60);
    let is_with_all = |line: &&String| line.contains("a:1,a:2,ü:") && line.contains(",bytes:");
    assert_eq!(before.iter().filter(is_with_all).count(), 2, "{before:?}");
    assert_eq!(read(&kafka, "to", 60), before);
}
