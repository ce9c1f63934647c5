//! Transactions are asked about over every listener that a producer can use, as the user that it logs in as.

#![cfg(feature = "kafka")]

use std::sync::Arc;

use millstream_connectors::kafka::{Cluster, Session};
use millstream_core::Result;
use millstream_engine::connector::Cancelled;
use millstream_services::kafka::{Kafka, PASSWORD, USER, Version};

fn asked(brokers: &str, settings: &[(&str, &str)]) -> Result<usize> {
    let cluster = Cluster::new(brokers, settings.iter().copied())?;
    let mut session = Session::new(Arc::new(cluster), Cancelled::default());
    session
        .describe("nobody")
        .map(|found| usize::from(found.is_some()))
}

#[test]
fn by_plain_by_scram_and_over_tls() {
    let kafka = Kafka::start_as(Version::V4_1, true).expect("a broker");
    let addresses = kafka.addresses().expect("it is secured");
    let certificate = addresses.certificate.display().to_string();
    let trusting = ("ssl.ca.location", certificate.as_str());
    let tls = [("security.protocol", "ssl"), trusting];
    assert_eq!(asked(&addresses.tls, &tls).expect("over TLS"), 0);
    let stranger = [("security.protocol", "ssl")];
    let refused = asked(&addresses.tls, &stranger).expect_err("not trusted");
    assert!(
        refused.to_string().contains("not trusted") || refused.to_string().contains("to trust"),
        "{refused}"
    );
    let anybody = [
        ("security.protocol", "ssl"),
        ("enable.ssl.certificate.verification", "false"),
    ];
    assert_eq!(asked(&addresses.tls, &anybody).expect("over TLS"), 0);
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        for (protocol, address) in [
            ("sasl_plaintext", &addresses.login),
            ("sasl_ssl", &addresses.tls_login),
        ] {
            let login = |password| {
                let settings = [
                    ("security.protocol", protocol),
                    trusting,
                    ("sasl.mechanism", mechanism),
                    ("sasl.username", USER),
                    ("sasl.password", password),
                ];
                asked(address, &settings)
            };
            let found = login(PASSWORD);
            assert_eq!(found.expect(mechanism), 0, "{protocol}");
            let refused = login("wrong").expect_err("wrong").to_string();
            assert!(refused.contains("check security.protocol"), "{refused}");
            assert!(!refused.contains("wrong"), "{refused}");
        }
    }
}
