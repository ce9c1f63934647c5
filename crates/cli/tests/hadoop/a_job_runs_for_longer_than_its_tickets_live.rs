//! A job whose tickets live for seconds connects anew when they have ended, with new ones, and reads and writes on.

use std::time::Duration;

use crate::common::{Running, command, realm};
use millstream_services::kafka::Kafka;
use millstream_services::kdc::Kdc;

/// How long a ticket lives.
const LIFE: Duration = Duration::from_secs(5);

fn read(kafka: &Kafka, records: &str) -> String {
    let arguments = ["--topic", "to", "--from-beginning", "--max-messages"];
    let all = [&arguments[..], &[records, "--timeout-ms", "120000"]].concat();
    let read = kafka.tool("consumer.ConsoleConsumer", &all, "");
    read.expect("records")
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn and_goes_on() {
    let kdc = Kdc::start("1h", &["kafka/localhost", "alice"]).expect("a KDC");
    let life = LIFE.as_secs();
    let shorter = format!("modprinc -maxlife \"{life} sec\" alice\n");
    kdc.administrate(&shorter).expect("changed");
    let mut kafka = Kafka::start_kerberos(&kdc).expect("a broker");
    for topic in ["from", "to"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    kafka.produce("from", ["{\"a\":1}"]).expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let brokers = kafka.kerberos_brokers().expect("a realm");
    let keytab = kdc.keytab("alice");
    let mut job = command(directory.path());
    realm::within(&mut job, &kdc);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--job.name=long", "--source.type=kafka"])
        .args(["--source.kafka.topic=from", "--group.id=long"])
        .args(["--auto.offset.reset=earliest", "--sink.kafka.topic=to"])
        .arg(format!(
            "--security.kerberos.login.keytab={}",
            keytab.display()
        ));
    for end in ["source", "sink"] {
        job.arg(format!("--{end}.kafka.brokers={brokers}"));
        job.arg(format!("--{end}.kafka.security.protocol=SASL_PLAINTEXT"));
    }
    let job = Running::start(job);
    assert_eq!(read(&kafka, "1"), "{\"a\":1}\n");
    std::thread::sleep(LIFE);
    kafka.restart().expect("a broker");
    kafka.produce("from", ["{\"a\":2}"]).expect("records");
    assert_eq!(read(&kafka, "2"), "{\"a\":1}\n{\"a\":2}\n");
    let log = std::fs::read_to_string(kdc.log_file()).expect("a log");
    let got = log.lines().filter(|line| {
        line.contains("AS_REQ") && line.contains("ISSUE") && line.contains("alice@")
    });
    assert!(got.count() > 1, "{log}");
    job.kill();
}
