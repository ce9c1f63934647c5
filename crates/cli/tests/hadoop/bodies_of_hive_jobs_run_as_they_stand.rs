//! The body by which users of the operators that came before read Hive into Kafka, through `POST /jars/:id/run` as it
//! stands: only hosts, names and the topic are others. Databases besides Hive are refused.

use crate::common::server::Server;
use millstream_services::hive::Hive;
use millstream_services::kafka::Kafka;
use serde_json::Value;

#[test]
fn hive_to_kafka() {
    let hive = Hive::start().expect("HiveServer2");
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("flink-test", 1).expect("a topic");
    let rows = "1,n1\n2,n2\n3,n3\n4,n4\n";
    std::fs::write(hive.directory().join("lyh.csv"), rows).expect("a file");
    let home = hive.directory().display();
    let statements = format!(
        "create database lyh; create table lyh.lyh (id int, name string) row format delimited fields terminated by ',';\n\
         load data local inpath '{home}/lyh.csv' into table lyh.lyh;\n"
    );
    hive.run(&statements).expect("a table");
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type jdbc --source.db.type hive --source.db.url jdbc:hive2://172.27.128.124:10000/lyh --source.db.username root --source.db.password 123456 --source.db.table lyh --source.db.sql 'select * from lyh limit 3' --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    let body = body
        .replace("172.27.128.124:10000", &hive.address())
        .replace("172.27.128.54:9093", &kafka.brokers());
    let parsed: Value = serde_json::from_str(&body).expect("JSON");
    let id = server.run_job("ingest", &parsed);
    server.await_status(&id, "FINISHED");
    let arguments = [
        "--topic",
        "flink-test",
        "--from-beginning",
        "--max-messages",
        "3",
        "--timeout-ms",
        "60000",
    ];
    let said = kafka
        .tool("consumer.ConsoleConsumer", &arguments, "")
        .expect("records");
    let mut records: Vec<&str> = said.lines().filter(|line| line.starts_with('{')).collect();
    records.sort_unstable();
    let expected = [
        r#"{"id":1,"name":"n1"}"#,
        r#"{"id":2,"name":"n2"}"#,
        r#"{"id":3,"name":"n3"}"#,
    ];
    assert_eq!(records, expected);

    let other = body.replace("jdbc:hive2:", "jdbc:mysql:");
    let other: Value = serde_json::from_str(&other).expect("JSON");
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&other));
    assert!(status >= 400, "{status} {answer}");
    let answer = answer.to_string();
    assert!(
        answer.contains("MS-8002") && answer.contains("MySQL"),
        "{answer}"
    );
    assert!(!answer.contains("123456"), "{answer}");
    let wrong = body.replace("from lyh", "from nowhere");
    let wrong: Value = serde_json::from_str(&wrong).expect("JSON");
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(&wrong));
    assert!(status >= 400, "{status} {answer}");
    assert!(answer.to_string().contains("MS-6023"), "{answer}");
}
