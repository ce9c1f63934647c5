//! A producer may date records in microseconds. From Kafka to Kafka without SQL they keep their times; and the last lines of the job say
//! how much went which way.

use std::time::Duration;

use crate::common::{command, kafka, running, topics};
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

const TIMES: [i64; 3] = [7, 1_732_960_000_000, 1_732_960_000_000_000];

fn send(kafka: &Kafka, topic: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    for time in TIMES {
        let value = format!("{{\"time\":{time}}}");
        let record: BaseRecord<'_, (), str> = BaseRecord::to(topic)
            .payload(value.as_str())
            .timestamp(time);
        let sent = producer.send(record).map_err(|(error, _)| error);
        sent.expect("sent");
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

#[test]
fn as_they_are() {
    let kafka = Kafka::start().expect("a broker");
    for topic in ["from", "to"] {
        kafka.create_topic(topic, 1).expect("a topic");
        let of = ["--alter", "--entity-type", "topics", "--entity-name", topic];
        let any = "message.timestamp.after.max.ms=9223372036854775807";
        let any = [&of[..], &["--add-config", any]].concat();
        kafka.configure(&any).expect("any time is taken");
    }
    send(&kafka, "from");
    let directory = tempfile::tempdir().expect("a directory");
    let mut job = command(directory.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=copy", "--source.kafka.end=latest"])
        .args(kafka::copy(&kafka.brokers(), "copy", ("from", "to")));
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = "Kafka: 0.0 MB read, 0.0 MB written, 0 requests sent again.";
    assert!(said.err.contains(told), "{}", said.err);
    let read = topics::read(&kafka, "to", 3, 20_000, &["print.timestamp=true"]);
    for time in TIMES {
        let line = format!("CreateTime:{time}\t{{\"time\":{time}}}");
        assert!(read.lines().any(|read| read == line), "{line}: {read}");
    }
}
