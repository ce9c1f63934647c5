//! The bodies by which users of the operators that came before start jobs between files, Kafka and Kafka, through
//! `POST /jars/:id/run` as they stand: only hosts, paths and topics are others.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::common::put;
use crate::common::remote::make_columns;
use crate::common::server::Server;
use millstream_services::kafka::Kafka;
use serde_json::Value;

/// The broker of the tests that run beside each other.
static SHARED: Mutex<Weak<Kafka>> = Mutex::new(Weak::new());

fn kafka() -> Arc<Kafka> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let kafka = Arc::new(Kafka::start().expect("a broker"));
        *shared = Arc::downgrade(&kafka);
        kafka
    })
}

/// A server, and what stands in bodies for the places of this test.
struct Place {
    kafka: Arc<Kafka>,
    server: Server,
    replaced: Vec<(&'static str, String)>,
    target: String,
}

impl Place {
    /// `name`: that of the test. `directory` holds the files that are read and the savepoints.
    fn new(name: &str, directory: &Path) -> Self {
        let kafka = kafka();
        let target = format!("{name}-out");
        kafka.create_topic(&target, 2).expect("a topic");
        let below = |part: &str| directory.join(part).display().to_string();
        Self {
            server: Server::started(directory, &[]),
            replaced: vec![
                ("172.27.128.54:9093", kafka.brokers()),
                ("flink-test", target.clone()),
                ("hdfs:///user/liyihui/csv", below("csv")),
                ("hdfs:///user/liyihui/parquet", below("parquet")),
                ("hdfs:///user/liyihui/orc", below("orc")),
                ("hdfs://m7-common-cdh02:8020/user/liyihui/csv", below("csv")),
                (
                    "hdfs://m7-common-cdh02:8020/tmp/csp/flink/savepoints",
                    below("savepoints"),
                ),
            ],
            kafka,
            target,
        }
    }

    fn body(&self, text: &str) -> Value {
        let mut text = text.to_owned();
        for (stood, stands) in &self.replaced {
            text = text.replace(stood, stands);
        }
        serde_json::from_str(&text).expect("JSON")
    }

    /// Submits the job of a body, and answers its id.
    fn run(&self, text: &str) -> String {
        self.server.run_job("ingest", &self.body(text))
    }

    /// The first `count` records of the topic that is written, in alphabetical order.
    fn written(&self, count: usize) -> Vec<String> {
        let count = count.to_string();
        let arguments = [
            "--topic",
            &self.target,
            "--from-beginning",
            "--timeout-ms",
            "60000",
        ];
        let arguments = [&arguments[..], &["--max-messages", &count]].concat();
        let said = self.kafka.tool("consumer.ConsoleConsumer", &arguments, "");
        let said = said.expect("records");
        let mut records: Vec<String> = said
            .lines()
            .filter(|line| line.starts_with('{'))
            .map(str::to_owned)
            .collect();
        records.sort();
        records
    }
}

#[test]
fn parquet_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    make_columns(directory.path(), "parquet", "parquet");
    let place = Place::new("parquet", directory.path());
    let id = place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgs": "--source.type parquet --source.path hdfs:///user/liyihui/parquet --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
          "savepointPath": null
        }"#,
    );
    let expected = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
    assert_eq!(place.written(2), expected);
    place.server.cancel(&id);
}

#[test]
fn orc_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    make_columns(directory.path(), "orc", "orc");
    let place = Place::new("orc", directory.path());
    let id = place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgs": "--source.type orc --source.path hdfs:///user/liyihui/orc --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
        }"#,
    );
    let expected = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
    assert_eq!(place.written(2), expected);
    place.server.cancel(&id);
}

#[test]
fn csv_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    // The first line is no header unless it is said to be one.
    put(directory.path(), "csv/a.csv", "1,n1\n2,n2\n");
    let place = Place::new("csv", directory.path());
    let id = place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
        }"#,
    );
    let expected = [
        r#"{"_col0":"1","_col1":"n1"}"#,
        r#"{"_col0":"2","_col1":"n2"}"#,
    ];
    assert_eq!(place.written(2), expected);
    place.server.cancel(&id);
}

#[test]
fn csv_to_kafka_with_nested_output() {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "csv/a.csv", "id,name,k1\n1,n1,v1\n");
    let place = Place::new("nested", directory.path());
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.merge.enable true --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    let id = place.run(body);
    let as_it_stands = [
        r#"{"feas":{"_col0":"1","_col1":"n1","_col2":"v1"}}"#,
        r#"{"feas":{"_col0":"id","_col1":"name","_col2":"k1"}}"#,
    ];
    assert_eq!(place.written(2), as_it_stands);
    place.server.cancel(&id);
    // The output that is shown beside the body takes the names of the first line.
    let named = "--sink.merge.enable true --source.firstLine.schema true";
    let id = place.run(&body.replace("--sink.merge.enable true", named));
    let expected = r#"{"id":"1","feas":{"name":"n1","k1":"v1"}}"#;
    assert!(place.written(3).contains(&expected.to_owned()));
    place.server.cancel(&id);
}

#[test]
fn kafka_to_kafka_by_sql() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut place = Place::new("sql", directory.path());
    place.kafka.create_topic("sql-in", 2).expect("a topic");
    place.replaced.push(("json3", "sql-in".to_owned()));
    let records = [
        r#"{"id":1,"name":"n1","more":true}"#,
        r#"{"id":2,"name":"n2"}"#,
    ];
    let records = records.map(str::to_owned).into_iter();
    let keyed = records
        .enumerate()
        .map(|(key, value)| (key.to_string(), value));
    place.kafka.produce_keyed("sql-in", keyed).expect("records");
    let id = place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgs": "--source.type kafka --source.kafka.brokers 172.27.128.54:9093 --source.kafka.topic json3 --auto.offset.reset earliest --group.id f1 --stream.sql.table t1 --stream.sql 'select * from t1' --stream.sql.schema struct<id:Int,name:String> --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
        }"#,
    );
    let expected = [r#"{"id":1,"name":"n1"}"#, r#"{"id":2,"name":"n2"}"#];
    assert_eq!(place.written(2), expected);
    place.server.cancel(&id);
}

#[test]
fn kafka_to_kafka_without_duplicates() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut place = Place::new("keys", directory.path());
    place.kafka.create_topic("keys-in", 1).expect("a topic");
    place.replaced.push(("lyh-key2", "keys-in".to_owned()));
    let records = (0..6).map(|number| {
        let (id, name) = (number % 2, number % 3);
        let value = format!(r#"{{"id":{id},"name":"n{name}","number":{number}}}"#);
        (String::new(), value)
    });
    // Each pair once, and each once more.
    let records: Vec<(String, String)> = records.collect();
    let twice = [records.clone(), records].concat();
    place
        .kafka
        .produce_keyed("keys-in", twice)
        .expect("records");
    let id = place.run(
        r#"{
          "entryClass": "com._4paradigm.csp.operator.Main",
          "programArgs": "--source.type kafka_deduplication --source.kafka.brokers 172.27.128.54:9093 --source.kafka.topic lyh-key2 --auto.offset.reset earliest --group.id f1 --unique.keys id,name --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
        }"#,
    );
    let last = [(
        String::new(),
        r#"{"id":9,"name":"n9","number":9}"#.to_owned(),
    )];
    place
        .kafka
        .produce_keyed("keys-in", last)
        .expect("a record");
    let mut expected: Vec<String> = (0..6)
        .map(|number| {
            format!(
                r#"{{"id":{},"name":"n{}","number":{number}}}"#,
                number % 2,
                number % 3
            )
        })
        .collect();
    expected.push(r#"{"id":9,"name":"n9","number":9}"#.to_owned());
    expected.sort();
    assert_eq!(place.written(7), expected);
    place.server.cancel(&id);
}

#[test]
fn csv_to_kafka_cancelled_with_a_savepoint_and_restored() {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "csv/a.csv", "1,n1\n");
    let place = Place::new("restored", directory.path());
    let fresh = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "parallelism": null,
      "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": null,
      "allowNonRestoredState": null
    }"#;
    let id = place.run(fresh);
    assert_eq!(place.written(1), [r#"{"_col0":"1","_col1":"n1"}"#]);
    let asked = place.body(
        r#"{
          "target-directory": "hdfs://m7-common-cdh02:8020/tmp/csp/flink/savepoints",
          "cancel-job": true
        }"#,
    );
    let trigger = place.server.post(&format!("/jobs/{id}/savepoints"), &asked);
    let trigger = trigger
        .get("request-id")
        .and_then(Value::as_str)
        .expect("an id");
    let state = format!("/jobs/{id}/savepoints/{trigger}");
    let savepoint = place.server.await_answer(&state, |_, answer| {
        let id = answer.pointer("/status/id")?.as_str()?;
        assert!(
            answer.pointer("/operation/failure-cause").is_none(),
            "{answer}"
        );
        let location = answer.pointer("/operation/location");
        (id == "COMPLETED").then(|| {
            location
                .and_then(Value::as_str)
                .expect("a place")
                .to_owned()
        })
    });
    let name = format!("savepoint-{}-", id.get(..6).expect("an id"));
    assert!(savepoint.contains(&name), "{savepoint}");
    place.server.await_status(&id, "CANCELED");

    put(directory.path(), "csv/b.csv", "2,n2\n");
    let restored = fresh.replace(
        r#""savepointPath": null"#,
        &format!(r#""savepointPath": "{savepoint}""#),
    );
    let other = place.run(&restored);
    assert_ne!(other, id, "a job of its own");
    let expected = [
        r#"{"_col0":"1","_col1":"n1"}"#,
        r#"{"_col0":"2","_col1":"n2"}"#,
    ];
    assert_eq!(place.written(2), expected);
    place.server.cancel(&other);
}
