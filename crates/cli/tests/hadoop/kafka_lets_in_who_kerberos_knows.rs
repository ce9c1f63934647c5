//! A job reads and writes Kafka, exactly once, as the principal whose key a keytab holds, by librdkafka and by our own
//! requests, over a plain connection and over TLS; whoever is not let in is told why.

use std::path::Path;
use std::process::Command;

use crate::common::kafka::copy_all;
use crate::common::{Said, realm, running, topics};
use millstream_services::kafka::Kafka;
use millstream_services::kdc::Kdc;

fn job(directory: &Path, action: &[&str], kdc: &Kdc, kafka: &Kafka, keys: &[String]) -> Said {
    running::run(described(directory, action, kdc, kafka, keys))
}

fn described(
    directory: &Path,
    action: &[&str],
    kdc: &Kdc,
    kafka: &Kafka,
    keys: &[String],
) -> Command {
    let brokers = kafka.kerberos_brokers().expect("a realm");
    at(directory, action, kdc, (&brokers, "SASL_PLAINTEXT"), keys)
}

/// The same at brokers, by a protocol.
fn at(
    directory: &Path,
    action: &[&str],
    kdc: &Kdc,
    (brokers, protocol): (&str, &str),
    keys: &[String],
) -> Command {
    let mut job = copy_all(directory, action, brokers);
    realm::within(&mut job, kdc);
    job.args(keys);
    for end in ["source", "sink"] {
        job.arg(format!("--{end}.kafka.security.protocol={protocol}"));
        job.arg(format!("--{end}.kafka.sasl.mechanism=GSSAPI"));
        job.arg(format!("--{end}.kafka.sasl.kerberos.service.name=kafka"));
    }
    job
}

const RUN: [&str; 3] = ["run", "--target", "local"];

/// Both ends by the same keytab, as Java has it said.
fn jaas(kdc: &Kdc, principal: &str) -> Vec<String> {
    let keytab = kdc.keytab(principal);
    let keytab = keytab.display();
    let jaas = format!(
        "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true storeKey=true keyTab=\"{keytab}\" \
         principal=\"{principal}@TEST.LOCAL\";"
    );
    let ends = ["source", "sink"].into_iter();
    ends.map(|end| format!("--{end}.kafka.sasl.jaas.config={jaas}"))
        .collect()
}

#[track_caller]
fn is_told(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
}

/// The same records once more, over TLS.
fn over_tls(kdc: &Kdc, kafka: &Kafka, keys: &[String]) {
    let (brokers, certificate) = kafka.kerberos_tls_brokers().expect("a realm");
    let trust = ["source", "sink"]
        .map(|end| format!("--{end}.kafka.ssl.ca.location={}", certificate.display()));
    // One group has read all.
    let group = ["--group.id=tls".to_owned()];
    let keys = [keys, &trust, &group].concat();
    let directory = tempfile::tempdir().expect("a directory");
    for action in [&["doctor"][..], &RUN] {
        let tls = (brokers.as_str(), "SASL_SSL");
        let said = running::run(at(directory.path(), action, kdc, tls, &keys));
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    }
    let read = topics::read(kafka, "to", 4, 120_000, &[]);
    let records = "{\"a\":1}\n{\"a\":2}\n";
    assert_eq!(read, records.repeat(2));
}

#[test]
fn and_nobody_else() {
    let mut kdc = Kdc::start("1h", &["kafka/localhost", "alice", "bob"]).expect("a KDC");
    let kafka = Kafka::start_kerberos(&kdc).expect("a broker");
    kafka.create_topic("from", 1).expect("a topic");
    kafka
        .produce("from", ["{\"a\":1}", "{\"a\":2}"])
        .expect("records");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let alice = jaas(&kdc, "alice");

    let said = job(path, &["doctor"], &kdc, &kafka, &alice);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let said = job(path, &RUN, &kdc, &kafka, &alice);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let read = topics::read(&kafka, "to", 2, 120_000, &[]);
    assert_eq!(read, "{\"a\":1}\n{\"a\":2}\n");

    let of_job = [format!(
        "--security.kerberos.login.keytab={}",
        kdc.keytab("alice").display()
    )];
    let said = job(path, &["doctor"], &kdc, &kafka, &of_job);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);

    over_tls(&kdc, &kafka, &alice);

    let told = job(path, &["doctor"], &kdc, &kafka, &[]);
    is_told(
        &told,
        &[
            "source brokers",
            "sink brokers",
            "whoever has got tickets",
            "keytab",
        ],
    );
    // What is no library is found in the place of the library.
    std::fs::write(path.join("libgssapi_krb5.so.2"), "none").expect("written");
    let mut without = described(path, &["doctor"], &kdc, &kafka, &alice);
    without.env("LD_LIBRARY_PATH", path);
    let told = running::run(without);
    is_told(&told, &["apt-get install libgssapi-krb5-2"]);
    kdc.administrate("cpw -randkey bob\n").expect("changed");
    let bob = jaas(&kdc, "bob");
    let told = job(path, &["doctor"], &kdc, &kafka, &bob);
    is_told(&told, &["bob@TEST.LOCAL", "kafka/localhost", "ktadd"]);
    let told = job(path, &RUN, &kdc, &kafka, &bob);
    is_told(&told, &["bob@TEST.LOCAL", "kafka/localhost", "ktadd"]);
    kdc.kill();
    let told = job(path, &["doctor"], &kdc, &kafka, &alice);
    is_told(&told, &["Cannot contact any KDC", "alice@TEST.LOCAL"]);
}
