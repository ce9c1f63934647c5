//! From Kafka to Kafka without a schema a record keeps its value, its key and its time.

use crate::common::{command, kafka, running};
use millstream_services::kafka::Kafka;

const SHOWN: [&str; 4] = [
    "--property",
    "print.key=true",
    "--property",
    "print.timestamp=true",
];

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
    let directory = tempfile::tempdir().expect("a directory");
    let mut job = command(directory.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=copy", "--source.kafka.end=latest"])
        .args(kafka::copy(&kafka.brokers(), "copy", ("from", "to")));
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let before = read(&kafka, "from", 50);
    assert_eq!(before.len(), 50);
    assert_eq!(read(&kafka, "to", 50), before);
}
