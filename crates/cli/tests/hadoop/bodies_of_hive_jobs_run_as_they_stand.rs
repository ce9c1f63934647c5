//! The body by which users of the operators that came before read Hive into Kafka, through `POST /jars/:id/run` as it
//! stands: only hosts, names and the topic are others. Databases besides Hive are refused.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::common::server::Server;
use millstream_services::hive::Hive;
use millstream_services::kafka::Kafka;
use serde_json::Value;

const BODY: &str = r#"{
  "entryClass": "com._4paradigm.csp.operator.Main",
  "programArgs": "--source.type jdbc --source.db.type hive --source.db.url jdbc:hive2://172.27.128.124:10000/lyh --source.db.username root --source.db.password 123456 --source.db.table lyh --source.db.sql 'select * from lyh limit 3' --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
}"#;

/// A HiveServer2 with the table of the body, and a broker with its topic.
struct Services {
    hive: Hive,
    kafka: Kafka,
}

/// Those of the tests that run beside each other.
static SHARED: Mutex<Weak<Services>> = Mutex::new(Weak::new());

fn services() -> Arc<Services> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let services = Services {
            hive: Hive::start().expect("HiveServer2"),
            kafka: Kafka::start().expect("a broker"),
        };
        let Services { hive, kafka } = &services;
        kafka.create_topic("flink-test", 1).expect("a topic");
        let rows = "1,n1\n2,n2\n3,n3\n4,n4\n";
        std::fs::write(hive.directory().join("lyh.csv"), rows).expect("a file");
        let home = hive.directory().display();
        let statements = format!(
            "create database lyh; create table lyh.lyh (id int, name string) row format delimited fields terminated by ',';\n\
             load data local inpath '{home}/lyh.csv' into table lyh.lyh;\n"
        );
        hive.run(&statements).expect("a table");
        let services = Arc::new(services);
        *shared = Arc::downgrade(&services);
        services
    })
}

impl Services {
    /// A body with the hosts of these.
    fn with_own_hosts(&self, text: &str) -> Value {
        let text = text
            .replace("172.27.128.124:10000", &self.hive.address())
            .replace("172.27.128.54:9093", &self.kafka.brokers());
        serde_json::from_str(&text).expect("JSON")
    }
}

/// What the server answers to a body that it refuses.
#[track_caller]
fn refusal(server: &Server, body: &Value) -> String {
    let (status, answer) = server.call("POST", "/jars/ingest/run", Some(body));
    assert!(status >= 400, "{status} {answer}");
    answer.to_string()
}

#[test]
fn hive_to_kafka() {
    let services = services();
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let id = server.run_job("ingest", &services.with_own_hosts(BODY));
    server.await_status(&id, "FINISHED");
    let arguments = [
        "--topic",
        "flink-test",
        "--from-beginning",
        "--max-messages",
        "3",
        "--timeout-ms",
        "120000",
    ];
    let said = services
        .kafka
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
}

#[test]
fn a_query_that_hive_refuses_is_told() {
    let services = services();
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let wrong = BODY.replace("from lyh", "from nowhere");
    let answer = refusal(&server, &services.with_own_hosts(&wrong));
    assert!(answer.contains("MS-6023"), "{answer}");
}

#[test]
fn another_database_is_refused_by_name_with_what_to_use() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    for (hive, mysql) in [
        ("jdbc:hive2:", "jdbc:mysql:"),
        ("--source.db.type hive", "--source.db.type mysql"),
    ] {
        let body = serde_json::from_str(&BODY.replace(hive, mysql)).expect("JSON");
        let answer = refusal(&server, &body);
        for words in ["MS-8002", "names MySQL", "--source.type kafka"] {
            assert!(answer.contains(words), "{words}: {answer}");
        }
        assert!(!answer.contains("123456"), "{answer}");
    }
}
