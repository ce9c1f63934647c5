//! TLS, PLAIN and SCRAM against a real broker, by the names of Java; who may not log in is told so and does not wait.

#![cfg(feature = "kafka")]

use std::collections::BTreeMap;

use crate::kafka_support::{Writer, numbers, options, source};
use millstream_connectors::conformance::SourceJob;
use millstream_connectors::kafka::{KafkaSourceOptions, Properties};
use millstream_core::Result;
use millstream_services::kafka::{Kafka, PASSWORD, USER, Version};

fn read(described: KafkaSourceOptions) -> Result<Vec<i64>> {
    let job = SourceJob::default();
    let mut attempt = job.attempt(source(described).as_ref(), 1, None)?;
    Ok(numbers(attempt.read_until(|_| false)?))
}

fn described(brokers: &str, given: &[(&str, String)]) -> KafkaSourceOptions {
    let given: BTreeMap<String, String> = given
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    KafkaSourceOptions {
        properties: Properties::of_java(&given).expect("properties"),
        ..options(brokers, "guarded", "guarded")
    }
}

fn login(protocol: &str, mechanism: &str, password: &str) -> Vec<(&'static str, String)> {
    let module = if mechanism == "PLAIN" {
        "plain.Plain"
    } else {
        "scram.Scram"
    };
    let jaas = format!(
        "org.apache.kafka.common.security.{module}LoginModule required username=\"{USER}\" password=\"{password}\";"
    );
    vec![
        ("security.protocol", protocol.to_owned()),
        ("sasl.mechanism", mechanism.to_owned()),
        ("sasl.jaas.config", jaas),
    ]
}

#[test]
fn and_by_nobody_else() {
    let kafka = Kafka::start_as(Version::V4_1, true).expect("a broker");
    let addresses = kafka.addresses().expect("it is secured");
    kafka.create_topic("guarded", 1).expect("a topic");
    Writer::new(&kafka.brokers()).numbers("guarded", 0, 0..100);
    let all = Vec::from_iter(0..100);
    let trust = (
        "ssl.truststore.location",
        addresses.certificate.display().to_string(),
    );
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let plain = login("SASL_PLAINTEXT", mechanism, PASSWORD);
        let found = read(described(&addresses.login, &plain));
        assert_eq!(found.expect(mechanism), all, "{mechanism}");
        let mut over_tls = login("SASL_SSL", mechanism, PASSWORD);
        over_tls.push(trust.clone());
        let found = read(described(&addresses.tls_login, &over_tls));
        assert_eq!(found.expect(mechanism), all, "{mechanism} over TLS");
        let wrong = login("SASL_PLAINTEXT", mechanism, "guessed");
        let said = read(described(&addresses.login, &wrong)).expect_err("a wrong password");
        let said = said.to_string();
        assert!(said.starts_with("MS-6012"), "{said}");
        assert!(said.contains("sasl.jaas.config"), "{said}");
        assert!(!said.contains("guessed"), "{said}");
    }
    let tls = [("security.protocol", "SSL".to_owned()), trust];
    let found = read(described(&addresses.tls, &tls));
    assert_eq!(found.expect("TLS"), all);
    // Nobody has said that the broker's certificate is to be trusted.
    let strangers = [("security.protocol", "SSL".to_owned())];
    let said = read(described(&addresses.tls, &strangers)).expect_err("a stranger");
    assert!(
        said.to_string().contains("ssl.truststore.location"),
        "{said}"
    );
}
