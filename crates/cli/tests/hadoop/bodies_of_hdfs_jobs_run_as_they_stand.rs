//! The bodies by which users of the operators that came before start jobs from HDFS to Kafka, and save and restore them there, through
//! REST as they stand: only hosts and topics are others.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, Weak};

use crate::common::remote::make_columns;
use crate::common::server::Server;
use millstream_services::hdfs::Hdfs;
use millstream_services::kafka::Kafka;
use serde_json::{Value, json};

/// A cluster and a broker.
struct Services {
    hdfs: Hdfs,
    kafka: Kafka,
}

/// Those of the tests that run beside each other.
static SHARED: Mutex<Weak<Services>> = Mutex::new(Weak::new());

fn services() -> Arc<Services> {
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let services = Services {
            hdfs: Hdfs::start().expect("HDFS"),
            kafka: Kafka::start().expect("a broker"),
        };
        // The first line is no header unless it is said to be one.
        let csv = b"1,n1\n2,n2\n";
        let put = services.hdfs.put("/user/liyihui/csv/a.csv", csv);
        put.expect("is put");
        let services = Arc::new(services);
        *shared = Arc::downgrade(&services);
        services
    })
}

/// The bodies read one directory of CSV: whoever puts more there has it alone.
static CSV: RwLock<()> = RwLock::new(());

fn csv_as_it_is() -> RwLockReadGuard<'static, ()> {
    CSV.read().unwrap_or_else(PoisonError::into_inner)
}

/// The services, and a server of one test.
struct Place {
    services: Arc<Services>,
    server: Server,
}

impl Place {
    fn new(directory: &Path) -> Self {
        let services = services();
        // Its settings say which cluster `hdfs:///` is.
        let settings = services.hdfs.configuration();
        let settings = format!("-Dhadoop.home.dir={}", settings.display());
        Self {
            server: Server::started(directory, &[&settings]),
            services,
        }
    }

    /// Runs the job of a body until it has written `count` records, to the topic `name`; these, in order.
    fn run(&self, name: &str, text: &str, count: usize) -> Vec<String> {
        self.make_topic(name);
        let id = self.start(name, text);
        let records = self.records(name, count);
        self.server.cancel(&id);
        records
    }

    fn make_topic(&self, name: &str) {
        let made = self.services.kafka.create_topic(name, 2);
        made.expect("a topic");
    }

    /// A body with the hosts of this place, and the topic `name`.
    fn with_own_hosts(&self, name: &str, text: &str) -> Value {
        let Services { hdfs, kafka } = &*self.services;
        let text = text
            .replace("172.27.128.54:9093", &kafka.brokers())
            .replace("flink-test", name)
            .replace("hdfs://m7-common-cdh02:8020", &hdfs.url(""));
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
        let arguments = ["--topic", name, "--from-beginning"];
        let bounds = ["--timeout-ms", "120000", "--max-messages", &count];
        let arguments = [&arguments[..], &bounds].concat();
        let kafka = &self.services.kafka;
        let said = kafka.tool("consumer.ConsoleConsumer", &arguments, "");
        let said = said.expect("records");
        let records = said.lines().filter(|line| line.starts_with('{'));
        let mut records: Vec<String> = records.map(str::to_owned).collect();
        records.sort();
        records
    }

    /// Puts a file of columns of two rows there.
    fn put_columns(&self, directory: &Path, format: &str) {
        let to = format!("/user/liyihui/{format}");
        make_columns(directory, format, &self.services.hdfs.url(&to));
    }

    /// Cancels a job with a savepoint by the body for that; answers what is told of it in the end.
    fn cancel_with_savepoint(&self, id: &str) -> Value {
        let body = r#"{
          "target-directory": "hdfs://m7-common-cdh02:8020/tmp/csp/flink/savepoints",
          "cancel-job": true
        }"#;
        let body = self.with_own_hosts("", body);
        let trigger = self.server.post(&format!("/jobs/{id}/savepoints"), &body);
        let trigger = trigger.get("request-id").and_then(Value::as_str);
        let path = format!("/jobs/{id}/savepoints/{}", trigger.expect("an id"));
        self.server.await_answer(&path, |_, answer| {
            (answer.pointer("/status/id")? == "COMPLETED").then(|| answer.clone())
        })
    }
}

/// Where the answer says that a savepoint is.
fn location(answer: &Value) -> &str {
    let location = answer.pointer("/operation/location");
    let location = location.and_then(Value::as_str);
    location.unwrap_or_else(|| unreachable!("no location: {answer}"))
}

const COLUMNS: [&str; 2] = [r#"{"id":"1","name":"n1"}"#, r#"{"id":"2","name":"n2"}"#];
const FIELDS: [&str; 2] = [
    r#"{"_col0":"1","_col1":"n1"}"#,
    r#"{"_col0":"2","_col1":"n2"}"#,
];

/// The body that goes on from a savepoint, without it: `null` stands in its place in others.
const CSV_OF_A_NAME_NODE: &str = r#"{
  "entryClass": "com._4paradigm.csp.operator.Main",
  "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
  "savepointPath": null
}"#;

#[test]
fn parquet_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    place.put_columns(directory.path(), "parquet");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type parquet --source.path hdfs:///user/liyihui/parquet --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": null
    }"#;
    assert_eq!(place.run("parquet", body, 2), COLUMNS);
}

#[test]
fn orc_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    place.put_columns(directory.path(), "orc");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type orc --source.path hdfs:///user/liyihui/orc --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    assert_eq!(place.run("orc", body, 2), COLUMNS);
}

#[test]
fn csv_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    let _csv = csv_as_it_is();
    assert_eq!(place.run("csv", body, 2), FIELDS);
}

#[test]
fn csv_to_kafka_with_nested_output() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "programArgs": "--source.type csv --source.path hdfs:///user/liyihui/csv --sink.merge.enable true --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test"
    }"#;
    let nested = FIELDS.map(|fields| format!(r#"{{"feas":{fields}}}"#));
    let _csv = csv_as_it_is();
    assert_eq!(place.run("nested", body, 2), nested);
}

#[test]
fn csv_of_a_name_node_to_kafka() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    let _csv = csv_as_it_is();
    assert_eq!(place.run("named", CSV_OF_A_NAME_NODE, 2), FIELDS);
}

#[test]
fn a_job_is_cancelled_with_a_savepoint_in_hdfs() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    place.make_topic("cancelled");
    let _csv = csv_as_it_is();
    let id = place.start("cancelled", CSV_OF_A_NAME_NODE);
    assert_eq!(place.records("cancelled", 2), FIELDS);
    let answer = place.cancel_with_savepoint(&id);
    let location = location(&answer);
    let expected = json!({"status": {"id": "COMPLETED"}, "operation": {"location": location}});
    assert_eq!(answer, expected);
    place.server.await_status(&id, "CANCELED");

    let hdfs = &place.services.hdfs;
    let target = hdfs.url("/tmp/csp/flink/savepoints/");
    let name = location.strip_prefix(&target).expect(location);
    let begin = format!("savepoint-{}-", id.get(..6).expect("an id"));
    assert!(name.starts_with(&begin), "{location}");
    let there = hdfs.list("/tmp/csp/flink/savepoints").expect("a listing");
    assert!(there.iter().any(|entry| entry.name == name), "{there:?}");
}

#[test]
fn a_job_is_restored_from_a_savepoint_in_hdfs() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = Place::new(directory.path());
    place.make_topic("restored");
    let _alone = CSV.write().unwrap_or_else(PoisonError::into_inner);
    let first = place.start("restored", CSV_OF_A_NAME_NODE);
    assert_eq!(place.records("restored", 2), FIELDS);
    let answer = place.cancel_with_savepoint(&first);

    let hdfs = &place.services.hdfs;
    let (new, away) = ("/user/liyihui/csv/b.csv", "/user/liyihui/b.csv");
    hdfs.put(new, b"3,n3\n").expect("is put");
    let body = r#"{
      "entryClass": "com._4paradigm.csp.operator.Main",
      "parallelism": null,
      "programArgs": "--source.type csv --source.path hdfs://m7-common-cdh02:8020/user/liyihui/csv --sink.kafka.brokers 172.27.128.54:9093 --sink.kafka.topic flink-test",
      "savepointPath": "SAVEPOINT",
      "allowNonRestoredState": null
    }"#;
    let second = place.start("restored", &body.replace("SAVEPOINT", location(&answer)));
    assert_ne!(second, first);
    // The new record alone, though all files are there.
    let third = r#"{"_col0":"3","_col1":"n3"}"#;
    let all = [&FIELDS[..], &[third]].concat();
    assert_eq!(place.records("restored", 3), all);
    place.server.cancel(&second);
    hdfs.rename(new, away).expect("is renamed");
}
