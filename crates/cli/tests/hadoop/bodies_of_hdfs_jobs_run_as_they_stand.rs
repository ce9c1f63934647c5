//! The bodies by which users of the operators that came before start jobs from HDFS to Kafka, through `POST /jars/:id/run` as they
//! stand: only hosts and topics are others.

use std::path::Path;

use crate::common::remote::make_columns;
use crate::common::server::Server;
use millstream_services::hdfs::Hdfs;
use millstream_services::kafka::Kafka;
use serde_json::Value;

/// A cluster, a broker and a server.
struct Place {
    hdfs: Hdfs,
    kafka: Kafka,
    server: Server,
}

impl Place {
    fn new(directory: &Path) -> Self {
        let hdfs = Hdfs::start().expect("HDFS");
        // Its settings say which cluster `hdfs:///` is.
        let settings = format!("-Dhadoop.home.dir={}", hdfs.configuration().display());
        Self {
            hdfs,
            kafka: Kafka::start().expect("a broker"),
            server: Server::started(directory, &[&settings]),
        }
    }

    /// Runs the job of a body until it has written `count` records, to the topic `name`; these, in order.
    fn run(&self, name: &str, text: &str, count: usize) -> Vec<String> {
        self.kafka.create_topic(name, 2).expect("a topic");
        let id = self.start(name, text);
        let records = self.records(name, count);
        self.server.cancel(&id);
        records
    }

    /// A body with the hosts of this place, and the topic `name`.
    fn with_own_hosts(&self, name: &str, text: &str) -> Value {
        let text = text
            .replace("172.27.128.54:9093", &self.kafka.brokers())
            .replace("flink-test", name)
            .replace("hdfs://m7-common-cdh02:8020", &self.hdfs.url(""));
        serde_json::from_str(&text).expect("JSON")
    }

    /// Starts the job of a body.
    fn start(&self, name: &str, text: &str) -> String {
        let body = self.with_own_hosts(name, text);
        self.server.run_job("ingest", &body)
    }

    /// The first `count` records of a topic, in order.
    fn records(&self, name: &str, count: usize) -> Vec<String> {
        let count = count.to_string();
        let arguments = ["--topic", name, "--from-beginning", "--timeout-ms", "60000"];
        let arguments = [&arguments[..], &["--max-messages", &count]].concat();
        let said = self.kafka.tool("consumer.ConsoleConsumer", &arguments, "");
        let said = said.expect("records");
        let records = said.lines().filter(|line| line.starts_with('{'));
        let mut records: Vec<String> = records.map(str::to_owned).collect();
        records.sort();
        records
    }

    /// Puts a file of columns of two rows there.
    fn put_columns(&self, directory: &Path, format: &str) {
        let to = self.hdfs.url(&format!("/user/liyihui/{format}"));
        make_columns(directory, format, &to);
    }
}

/// One pair of nodes and one broker for all.
#[test]
fn from_hdfs_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let place = Place::new(directory);
    parquet_to_kafka(&place, directory);
    orc_to_kafka(&place, directory);
    // The first line is no header unless it is said to be one.
    let csv = b"1,n1\n2,n2\n";
    place
        .hdfs
        .put("/user/liyihui/csv/a.csv", csv)
        .expect("is put");
    csv_to_kafka(&place);
    csv_to_kafka_with_nested_output(&place);
    csv_of_a_name_node_to_kafka(&place);
    a_job_is_cancelled_with_a_savepoint_in_hdfs_and_restored_from_it(&place);
}

const COLUMNS: [&str; 2] = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
const FIELDS: [&str; 2] = [
    r#"{"_col0":"1","_col1":"n1"}"#,
    r#"{"_col0":"2","_col1":"n2"}"#,
];

fn parquet_to_kafka(place: &Place, directory: &Path) {
    place.put_columns(directory, "parquet");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type parquet --source.path hdfs:///user/liyihui/parquet --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": null
    }"#;
    assert_eq!(place.run("parquet", body, 2), COLUMNS);
}

fn orc_to_kafka(place: &Place, directory: &Path) {
    place.put_columns(directory, "orc");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type orc --source.path hdfs:///user/liyihui/orc --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    assert_eq!(place.run("orc", body, 2), COLUMNS);
}

fn csv_to_kafka(place: &Place) {
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    assert_eq!(place.run("csv", body, 2), FIELDS);
}

fn csv_to_kafka_with_nested_output(place: &Place) {
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.merge.enable true --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    let nested = FIELDS.map(|fields| format!(r#"{{"feas":{fields}}}"#));
    assert_eq!(place.run("nested", body, 2), nested);
}

/// The body that goes on from a savepoint, without it: `null` stands in its place in others.
fn csv_of_a_name_node_to_kafka(place: &Place) {
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": null
    }"#;
    assert_eq!(place.run("named", body, 2), FIELDS);
}

fn a_job_is_cancelled_with_a_savepoint_in_hdfs_and_restored_from_it(place: &Place) {
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": null
    }"#;
    place.kafka.create_topic("restored", 2).expect("a topic");
    let first = place.start("restored", body);
    assert_eq!(place.records("restored", 2), FIELDS);
    let cancel = r#"{
      "target-directory": "hdfs://m7-common-cdh02:8020/tmp/csp/flink/savepoints",
      "cancel-job": true
    }"#;
    let cancel = place.with_own_hosts("restored", cancel);
    let trigger = place
        .server
        .post(&format!("/jobs/{first}/savepoints"), &cancel);
    let request = trigger.get("request-id").and_then(Value::as_str);
    let path = format!("/jobs/{first}/savepoints/{}", request.expect("an id"));
    let location = place.server.await_answer(&path, |_, answer| {
        let location = answer.pointer("/operation/location")?;
        location.as_str().map(str::to_owned)
    });
    let begin = format!("{}/savepoint-", place.hdfs.url("/tmp/csp/flink/savepoints"));
    assert!(location.starts_with(&begin), "{location}");
    let there = place.hdfs.list("/tmp/csp/flink/savepoints");
    assert_eq!(there.expect("a listing").len(), 1);
    place
        .hdfs
        .put("/user/liyihui/csv/b.csv", b"3,n3\n")
        .expect("is put");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "parallelism": null,
      "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": "SAVEPOINT",
      "allowNonRestoredState": null
    }"#;
    let second = place.start("restored", &body.replace("SAVEPOINT", &location));
    assert_ne!(second, first);
    // The new record alone, though all files are there.
    let all = place.records("restored", 3);
    assert_eq!(all.get(..2), Some(&FIELDS.map(str::to_owned)[..]));
    assert_eq!(
        all.last().map(String::as_str),
        Some(r#"{"_col0":"3","_col1":"n3"}"#)
    );
    place.server.cancel(&second);
}
