//! A row whose message is about as large as the topic takes, or as was given, is written or a bad record, to the byte: none passes the
//! one and is refused by the other. Nothing is compressed, so the broker judges the same bytes.

use std::path::Path;

use crate::common::{ONCE, Said, ingest, lines, put, running};
use millstream_services::kafka::Kafka;

/// What fits into a message of a topic that takes what topics of Kafka take: 1 MiB, as Java's producer does, less what is around it.
const LIMIT: usize = 1_048_448;

/// Runs a job with a row of each size, which sets aside what is too large.
fn job(directory: &Path, kafka: &Kafka, sizes: &[usize], more: &[&str]) -> Said {
    let texts = sizes.iter().map(|size| "x".repeat(*size) + "\n");
    let file = "text\n".to_owned() + &texts.collect::<String>();
    put(directory, "in/a.csv", file);
    let brokers = kafka.brokers();
    let parameters = [
        &[ONCE, "--source.type=csv", "--source.firstLine.schema=true"][..],
        &["--sink.kafka.brokers", &brokers, "--sink.kafka.topic=out"],
        &["--sink.kafka.compression.type=none"],
        &[
            "--error.policy=dead-letter",
            "--error.dead-letter.path=dead",
        ],
        more,
    ];
    running::run(ingest(directory, &[], &parameters.concat()))
}

/// So many are written and so many are set aside, each of them for its size.
#[track_caller]
fn are_parted(directory: &Path, said: &Said, written: usize, bad: usize) {
    assert_eq!(said.code, Some(0), "{}", said.err);
    let read = written + bad;
    let equation = format!("{read} read = {written} written + {bad} bad");
    assert!(said.err.contains(&equation), "{}", said.err);
    let dead = lines(&directory.join("dead"));
    assert_eq!(dead.len(), bad);
    let is_told = |line: &String| line.contains("\"code\":\"too-large\"");
    assert!(dead.iter().all(is_told), "{}", said.err);
}

#[test]
fn of_a_topic() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let fit = [1_048_400, 1_048_411, 1_048_412, 1_048_413, 1_048_447, LIMIT];
    let sizes = [&fit[..], &[LIMIT + 1, 1_048_460]].concat();
    let said = job(place.path(), &kafka, &sizes, &["--sink.kafka.format=text"]);
    are_parted(place.path(), &said, fit.len(), 2);
    let arguments = [
        "--topic",
        "out",
        "--from-beginning",
        "--timeout-ms",
        "20000",
    ];
    let until = ["--max-messages", "6"];
    let arguments = [&arguments[..], &until].concat();
    let read = kafka.tool("consumer.ConsoleConsumer", &arguments, "");
    let read = read.expect("read");
    let mut found: Vec<usize> = read
        .lines()
        .filter(|line| line.starts_with('x'))
        .map(str::len)
        .collect();
    found.sort_unstable();
    assert_eq!(found, fit);
}

#[test]
fn with_a_nested_column() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    // `{"m":{"text":"…"}}` has 17 bytes more than the text, and one is kept for a comma.
    let less = [40, 19, 18, 17, 16, 12, 11, 0];
    let sizes = less.map(|less| LIMIT - less);
    let nested = ["--sink.merge.enable=true", "--sink.merge.nested.field=m"];
    let said = job(place.path(), &kafka, &sizes, &nested);
    are_parted(place.path(), &said, 3, 5);
}

#[test]
fn that_was_given() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let sizes = [9_900, 9_963, 9_964, 9_965, 10_000];
    let given = [
        "--sink.kafka.format=text",
        "--sink.kafka.max.request.size=10000",
    ];
    let said = job(place.path(), &kafka, &sizes, &given);
    are_parted(place.path(), &said, 3, 2);
}

#[test]
fn of_a_topic_below_what_was_given() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let topic = ["--alter", "--entity-type", "topics", "--entity-name", "out"];
    let limit = ["--add-config", "max.message.bytes=20000"];
    kafka
        .configure(&[&topic[..], &limit].concat())
        .expect("altered");
    let place = tempfile::tempdir().expect("a directory");
    let sizes = [10_000, 19_872, 19_873, 30_000];
    let given = [
        "--sink.kafka.format=text",
        "--sink.kafka.max.request.size=5000000",
    ];
    let said = job(place.path(), &kafka, &sizes, &given);
    are_parted(place.path(), &said, 2, 2);
}

#[test]
fn of_the_memory_of_the_producer() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    let sizes = [60_000, 65_536, 65_537, 100_000];
    let given = [
        "--sink.kafka.format=text",
        "--sink.kafka.buffer.memory=65536",
    ];
    let said = job(place.path(), &kafka, &sizes, &given);
    are_parted(place.path(), &said, 2, 2);
}
