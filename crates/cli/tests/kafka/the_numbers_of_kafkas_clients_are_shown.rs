//! What a job sends to Kafka and reads from it, its transactions, and how long each broker takes to answer, is shown over REST
//! and for Prometheus, by the names that Kafka has for it.

use crate::common;

use crate::common::server::Server;
use millstream_services::kafka::Kafka;
use serde_json::{Value, json};

const PRODUCER: &str = "KafkaProducer";
const CONSUMER: &str = "KafkaSourceReader.KafkaConsumer";

#[test]
fn over_rest_and_for_prometheus() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("from", 1).expect("a topic");
    kafka.create_topic("to", 1).expect("a topic");
    kafka
        .produce("from", (0..100).map(|_| "{\"a\":12345}"))
        .expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let arguments = [
        "--job.name=copy",
        "--source.type=kafka",
        &format!("--source.kafka.brokers={}", kafka.brokers()),
        "--source.kafka.topic=from",
        "--group.id=copy",
        "--auto.offset.reset=earliest",
        "--sink.kafka.topic=to",
        &format!("--sink.kafka.brokers={}", kafka.brokers()),
        "--stream.checkpoint.mode=EXACTLY_ONCE",
    ];
    let body = json!({
        "entryClass": "com._4paradigm.csp.operator.Main",
        "programArgsList": arguments,
        "flinkConfiguration": {"execution.checkpointing.interval": "200 ms"},
    });
    let job = server.run_job("ingest", &body);
    let details = server.get(&format!("/jobs/{job}"));
    let vertices = details["vertices"].as_array().expect("vertices").clone();
    let id = |vertex: Option<&Value>| {
        let id = vertex.and_then(|vertex| vertex["id"].as_str());
        id.expect("a vertex").to_owned()
    };
    let (source, sink) = (id(vertices.first()), id(vertices.last()));
    let at_least = |vertex: &str, name: &str, least: f64| {
        let path = format!("/jobs/{job}/vertices/{vertex}/metrics?get=0.{name}");
        server.await_answer(&path, |_, answer| {
            let value = answer.pointer("/0/value").and_then(Value::as_str)?;
            let value: f64 = value.parse().ok()?;
            (value >= least).then_some(())
        });
    };
    for (name, least) in [
        ("record-send-total", 100.0),
        ("record-bytes-total", 1_100.0),
        ("record-error-total", 0.0),
        ("record-retry-total", 0.0),
        ("request-total", 1.0),
        ("outgoing-byte-total", 100.0),
        ("transactions-committed-total", 1.0),
        ("transactions-aborted-total", 0.0),
        ("node-1.request-latency-avg", 0.001),
        ("node-1.request-latency-max", 0.001),
    ] {
        at_least(&sink, &format!("{PRODUCER}.{name}"), least);
    }
    for (name, least) in [
        ("numRecordsSend", 100.0),
        ("numBytesSend", 1_100.0),
        ("numBytesOut", 1_100.0),
        ("numRecordsSendErrors", 0.0),
        ("numRecordsSendPerSecond", 0.0),
        ("numBytesSendPerSecond", 0.0),
        ("numBytesOutPerSecond", 0.0),
    ] {
        at_least(&sink, name, least);
    }
    for (name, least) in [
        ("records-consumed-total", 100.0),
        ("incoming-byte-total", 100.0),
        ("request-total", 1.0),
        ("request-retry-total", 0.0),
        ("node-1.request-latency-avg", 0.001),
    ] {
        at_least(&source, &format!("{CONSUMER}.{name}"), least);
    }
    let (status, page) = common::rest::send(server.port(), "GET", "/metrics", &[], b"");
    assert_eq!(status, 200, "{page}");
    for name in [
        "KafkaProducer_record_send_total",
        "KafkaProducer_transactions_committed_total",
        "KafkaProducer_node_1_request_latency_avg",
        "KafkaSourceReader_KafkaConsumer_incoming_byte_total",
        "numBytesSendPerSecond",
    ] {
        let begin = format!("flink_taskmanager_job_task_operator_{name}{{");
        assert!(page.contains(&begin), "{begin}:\n{page}");
    }
    server.cancel(&job);
}
