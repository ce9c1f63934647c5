//! Kafka into files without a schema, under a server: records are written with the fields that they have, and REST and
//! Prometheus say how far each partition was read.

use crate::common;

use crate::common::lines;
use crate::common::server::Server;
use millstream_services::kafka::Kafka;
use serde_json::{Value, json};

#[test]
fn over_rest_and_for_prometheus() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("orders", 1).expect("a topic");
    let written = [
        r#"{"id":1,"name":"n1","nested":{"a":[1,2.50]}}"#,
        r#"{"name":"n2","id":98765432109876543210}"#,
        "no object",
        "{}",
    ];
    kafka.produce("orders", written).expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let arguments = [
        "--job.name=orders",
        "--source.type=kafka",
        &format!("--source.kafka.brokers={}", kafka.brokers()),
        "--source.kafka.topic=orders",
        "--group.id=f1",
        "--auto.offset.reset=earliest",
        "--error.policy=skip",
        "--sink.type=file",
        &format!("--sink.path={}", directory.path().join("out").display()),
    ];
    let body = json!({
        "entryClass": "com._4paradigm.csp.operator.Main",
        "programArgsList": arguments,
        "flinkConfiguration": {"execution.checkpointing.interval": "50 ms"},
    });
    let job = server.run_job("ingest", &body);
    let details = server.get(&format!("/jobs/{job}"));
    let source = details.pointer("/vertices/0/id").and_then(Value::as_str);
    let source = source.expect("a vertex");
    let of_partition = "KafkaSourceReader.topic.orders.partition.0";
    for (name, wanted) in [
        (format!("{of_partition}.currentOffset"), "4"),
        (format!("{of_partition}.committedOffset"), "4"),
        (format!("{of_partition}.records-lag"), "0"),
        ("pendingRecords".to_owned(), "0"),
        (
            "KafkaSourceReader.KafkaConsumer.records-lag-max".to_owned(),
            "0",
        ),
        (
            "KafkaSourceReader.KafkaConsumer.records-consumed-total".to_owned(),
            "4",
        ),
    ] {
        let path = format!("/jobs/{job}/vertices/{source}/metrics?get=0.{name}");
        server.await_answer(&path, |_, answer| {
            let value = answer.pointer("/0/value").and_then(Value::as_str);
            (value == Some(wanted)).then_some(())
        });
    }
    let (status, page) = common::rest::send(server.port(), "GET", "/metrics", &[], b"");
    assert_eq!(status, 200, "{page}");
    let begin =
        "flink_taskmanager_job_task_operator_KafkaSourceReader_topic_partition_currentOffset{";
    let sample = page.lines().find(|line| line.starts_with(begin));
    let sample = sample.unwrap_or_else(|| unreachable!("{begin}:\n{page}"));
    assert!(
        sample.contains("topic=\"orders\",partition=\"0\"} 4"),
        "{sample}"
    );
    server.cancel(&job);
    let expected = [written[0], written[1], written[3]];
    let mut expected = expected.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(lines(&directory.path().join("out")), expected);
}
