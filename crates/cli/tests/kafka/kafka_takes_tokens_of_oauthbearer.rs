//! A job reads and writes Kafka, exactly once, as the user whose token a file holds; a token that is not taken is told.

use std::path::Path;

use crate::common::kafka::copy_all;
use crate::common::{Said, running, topics};
use millstream_services::kafka::{Kafka, Version};

/// Tokens of alice that nobody has signed, which Kafka's brokers take without further settings: one that has ended, and one
/// that is good up to the year 2255.
const GONE: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlhdCI6MTAwMCwiZXhwIjoyMDAwfQ.";
const GOOD: &str =
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSIsImlhdCI6MTAwMCwiZXhwIjo5MDAwMDAwMDAwfQ.";

fn job(directory: &Path, action: &[&str], kafka: &Kafka) -> Said {
    let login = kafka.addresses().expect("it is secured").login;
    let mut job = copy_all(directory, action, &login);
    let place = directory.join("token");
    // The source makes tokens of its own.
    let jaas = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"bob\";";
    job.arg(format!("--source.kafka.sasl.jaas.config={jaas}"));
    job.arg(format!(
        "--sink.kafka.sasl.oauthbearer.token.endpoint.url=file://{}",
        place.display()
    ));
    for end in ["source", "sink"] {
        job.arg(format!("--{end}.kafka.security.protocol=SASL_PLAINTEXT"));
        job.arg(format!("--{end}.kafka.sasl.mechanism=OAUTHBEARER"));
    }
    running::run(job)
}

fn is_well(directory: &Path, kafka: &Kafka, expected: &str) {
    let said = job(directory, &["doctor"], kafka);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains(expected), "{}", said.out);
    assert!(!said.out.contains("DescribeConfigs"), "{}", said.out);
}

#[test]
fn from_a_file() {
    let kafka = Kafka::start_as(Version::V4_1, true).expect("a broker");
    kafka.create_topic("from", 1).expect("a topic");
    kafka
        .produce("from", ["{\"a\":1}", "{\"a\":2}"])
        .expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("token");

    std::fs::write(&file, GONE).expect("written");
    let said = job(directory.path(), &["doctor"], &kafka);
    assert_eq!(said.code, Some(1), "{}", said.err);
    let refused = said.out.lines().find(|line| line.starts_with("failed"));
    assert!(
        refused.is_some_and(|line| line.contains("sink brokers")),
        "{}",
        said.out
    );
    let said = job(directory.path(), &["run", "--target", "local"], &kafka);
    assert_eq!(said.code, Some(1), "{}", said.err);
    assert!(!said.err.contains(GONE), "{}", said.err);

    std::fs::write(&file, GOOD).expect("written");
    is_well(
        directory.path(),
        &kafka,
        "to is not there and would be made",
    );
    let said = job(directory.path(), &["run", "--target", "local"], &kafka);
    assert_eq!(said.code, Some(0), "{}", said.err);
    is_well(directory.path(), &kafka, "messages of up to");
    let read = topics::read(&kafka, "to", 2, 30_000, &[]);
    assert_eq!(read, "{\"a\":1}\n{\"a\":2}\n");
}
