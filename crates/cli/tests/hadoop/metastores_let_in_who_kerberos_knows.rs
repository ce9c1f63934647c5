//! A table of Hive is read by a metastore that is logged in to by Kerberos, of several that of which one is there; whoever is not let
//! in is told why, by `doctor` too. A job that watches it goes on for longer than its tickets live, and with a KDC that is away
//! for a while.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::relay::Relay;
use crate::common::{ONCE, Running, Said, command, lines, realm, running};
use millstream_services::hive::Hive;
use millstream_services::kdc::Kdc;

/// How long a ticket of who watches lives.
const LIFE: Duration = Duration::from_secs(6);

const RUN: [&str; 3] = ["run", "--target", "local"];

fn keytab(kdc: &Kdc, principal: &str) -> String {
    let keytab = kdc.keytab(principal);
    format!("--security.kerberos.login.keytab={}", keytab.display())
}

/// Runs or checks a job that reads the table.
fn described(directory: &Path, action: &[&str], kdc: &Kdc, url: &str, more: &[&str]) -> Command {
    let mut job = command(directory);
    realm::within(&mut job, kdc);
    job.args(action)
        .args(["-Dmillstream.data-dir=data"])
        .args(["-Dexecution.checkpointing.interval=200 ms"])
        .args(["ingest", "--job.name=table", "--source.type=jdbc"])
        .args(["--source.db.type=hive-metastore"])
        .args(["--source.db.table=shop.parts"])
        .args(["--sink.type=file", "--sink.path=out"])
        .arg(format!("--source.db.url={url}"))
        .args(more);
    job
}

fn once(action: &[&str], kdc: &Kdc, url: &str, more: &[&str]) -> (Said, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let more = [&[ONCE, "--job.retry.maxNumberRestartAttempts=0"], more].concat();
    let said = running::run(described(directory.path(), action, kdc, url, &more));
    (said, lines(&directory.path().join("out")))
}

#[track_caller]
fn is_told(kdc: &Kdc, url: &str, more: &[&str], words: &[&str]) {
    let (said, _) = once(&["doctor"], kdc, url, more);
    assert_eq!(said.code, Some(1), "{url}: {}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
}

/// Adds a partition of one row, whose file is there before.
fn add(hive: &Hive, part: u64) {
    let place = hive.directory().join("parts").join(part.to_string());
    fs::create_dir_all(&place).expect("a directory");
    fs::write(place.join("000000_0"), format!("{part}0\n")).expect("a file");
    let place = place.display();
    let statement =
        format!("alter table shop.parts add partition (p={part}) location 'file:{place}'");
    hive.run(&statement).expect("a partition");
}

fn rows(parts: u64) -> Vec<String> {
    (1..=parts)
        .map(|part| format!("{{\"id\":{part}0,\"p\":{part}}}"))
        .collect()
}

#[test]
fn and_nobody_else() {
    let principals = ["hive/localhost", "HTTP/localhost", "alice", "bob", "frank"];
    let mut kdc = Kdc::start("1h", &principals).expect("a KDC");
    let mut hive = Hive::start_with_kerberos_metastore(&kdc).expect("Hive with a metastore");
    hive.run(
        "create database shop;
         create external table shop.parts (id int) partitioned by (p int) row format delimited fields terminated by ','",
    )
    .expect("a table");
    add(&hive, 1);
    let alice = keytab(&kdc, "alice");
    let principal = ";principal=hive/_HOST@TEST.LOCAL";
    let metastore = hive.metastore();
    let url = format!("{metastore}{principal}");

    let several = format!("thrift://localhost:1,{url}");
    let (said, found) = once(&RUN, &kdc, &several, &[&alice]);
    assert_eq!((said.code, found), (Some(0), rows(1)), "{}", said.err);
    let (said, _) = once(&["doctor"], &kdc, &url, &[&alice]);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("alice@TEST.LOCAL (keytab"),
        "{}",
        said.out
    );

    is_told(
        &kdc,
        &url,
        &[],
        &["MS-6040", "whoever has got tickets", "keytab"],
    );
    is_told(
        &kdc,
        &metastore,
        &[&alice],
        &["MS-6060", ";principal=hive/_HOST@REALM"],
    );
    let other = url.replace("hive/_HOST", "hive/elsewhere");
    is_told(
        &kdc,
        &other,
        &[&alice],
        &["MS-6040", "hive/elsewhere", "kvno"],
    );
    let secret = format!("{url};saslQop=auth-conf");
    is_told(
        &kdc,
        &secret,
        &[&alice],
        &["auth-conf is asked for, and it offers auth"],
    );
    kdc.administrate("cpw -randkey bob\n").expect("changed");
    is_told(
        &kdc,
        &url,
        &[&keytab(&kdc, "bob")],
        &["MS-6040", "bob@TEST.LOCAL", "ktadd"],
    );
    kdc.kill();
    is_told(
        &kdc,
        &url,
        &[&alice],
        &["Cannot contact any KDC", "alice@TEST.LOCAL"],
    );
    kdc.restart().expect("a KDC");

    tickets_may_end(&mut kdc, &hive, principal);
    over_tls(&kdc, &mut hive, principal, &alice);
}

/// The metastore is found behind a relay, which cuts connections.
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn tickets_may_end(kdc: &mut Kdc, hive: &Hive, principal: &str) {
    let shorter = format!("modprinc -maxlife \"{} sec\" frank\n", LIFE.as_secs());
    kdc.administrate(&shorter).expect("changed");
    let metastore = hive.metastore();
    let relay = Relay::before(metastore.trim_start_matches("thrift://"));
    let url = format!("thrift://{}{principal}", relay.address());
    let directory = tempfile::tempdir().expect("a directory");
    let frank = keytab(kdc, "frank");
    let watch = [
        "--source.watch.interval=100",
        "--source.file.settle=0",
        &frank,
    ];
    let mut job = Running::start(described(directory.path(), &RUN, kdc, &url, &watch));
    let out = directory.path().join("out");
    job.await_that("one partition", || lines(&out) == rows(1));

    std::thread::sleep(LIFE);
    relay.cut();
    add(hive, 2);
    job.await_that("two partitions", || lines(&out) == rows(2));

    kdc.kill();
    std::thread::sleep(LIFE);
    relay.cut();
    job.await_log("Cannot contact any KDC");
    kdc.restart().expect("a KDC");
    add(hive, 3);
    job.await_that("three partitions", || lines(&out) == rows(3));
    job.suspend();
    assert_eq!(lines(&out), rows(3));
}

/// TLS comes first, and the login within it.
fn over_tls(kdc: &Kdc, hive: &mut Hive, principal: &str, alice: &str) {
    hive.encrypt_metastore().expect("a metastore over TLS");
    let url = format!("{}{principal}", hive.metastore());
    let certificate = hive.certificate();
    let encrypted = format!("{url};ssl=true;sslTrustStore={}", certificate.display());
    let (said, found) = once(&RUN, kdc, &encrypted, &[alice]);
    assert_eq!((said.code, found), (Some(0), rows(3)), "{}", said.err);
    is_told(kdc, &url, &[alice], &["MS-6060", "speaks TLS", ";ssl=true"]);
}
