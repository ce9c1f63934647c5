//! A record of Kafka keeps its time on its way to Kafka. One that is dated further ahead than the topic takes goes where `error.policy`
//! says, or fails the job with a code of its own; the others come through.

use std::path::Path;
use std::time::Duration;

use crate::common::{Said, command, kafka, lines, running};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// The first second of the year 2100.
const AHEAD: i64 = 4_102_444_800_000;

fn job(directory: &Path, kafka: &Kafka, more: &[&str]) -> Said {
    let brokers = kafka.brokers();
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=times", "--source.kafka.end=latest"])
        .args(kafka::copy(&brokers, "times", ("in", "out")))
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args(more);
    running::run(job)
}

fn send(kafka: &Kafka, records: &[(&str, Option<i64>)]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    for (value, time) in records {
        let mut record: BaseRecord<'_, (), str> = BaseRecord::to("in").payload(value);
        record.timestamp = *time;
        let sent = producer.send(record).map_err(|(error, _)| error);
        sent.expect("sent");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

#[test]
fn or_fail_the_job() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["in", "out"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    let settings = ["--alter", "--entity-type", "topics", "--entity-name", "in"];
    let any = [
        "--add-config",
        "message.timestamp.after.max.ms=9223372036854775807",
    ];
    let any = [&settings[..], &any].concat();
    kafka.configure(&any).expect("any time is taken");
    send(
        &kafka,
        &[
            ("{\"id\":1}", None),
            ("{\"id\":2}", Some(AHEAD)),
            ("{\"id\":3}", None),
        ],
    );
    let place = tempfile::tempdir().expect("a directory");
    let failed = job(place.path(), &kafka, &[]);
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    for words in ["topic out does not take the time", "(MS-7014)"] {
        assert!(failed.err.contains(words), "{}", failed.err);
    }
    kafka.delete_topic("out").expect("deleted");
    kafka.create_topic("out", 1).expect("made anew");

    let tolerant = [
        "--error.policy=dead-letter",
        "--error.dead-letter.path=dead",
    ];
    let said = job(place.path(), &kafka, &tolerant);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let dead = lines(&place.path().join("dead"));
    assert_eq!(dead.len(), 1, "{dead:?}");
    for words in [
        "\"code\":\"message\"",
        "more than 1 h ahead",
        "\\\"id\\\":2",
    ] {
        assert!(dead.iter().all(|line| line.contains(words)), "{dead:?}");
    }
    let arguments = ["--topic", "out", "--from-beginning", "--timeout-ms"];
    let until = ["20000", "--max-messages", "2"];
    let read = [&arguments[..], &until].concat();
    let read = kafka.tool("consumer.ConsoleConsumer", &read, "");
    assert_eq!(read.expect("read"), "{\"id\":1}\n{\"id\":3}\n");
}
