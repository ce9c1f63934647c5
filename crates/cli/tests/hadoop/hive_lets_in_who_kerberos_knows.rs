//! Hive is read by Kerberos, with a keytab, over its own protocol and over HTTP, with messages that are protected as the
//! server asks; whoever is not let in is told why, by `doctor` too.

use std::path::Path;

use crate::common::{Said, command, lines, realm, running};
use millstream_services::hive::Hive;
use millstream_services::kdc::Kdc;

/// Runs or checks a job that reads one row.
fn job(directory: &Path, action: &[&str], kdc: &Kdc, url: &str, more: &[String]) -> Said {
    let mut job = command(directory);
    realm::within(&mut job, kdc);
    job.args(action)
        .args(["-Dmillstream.data-dir=data", "ingest", "--job.name=one"])
        .args(["--source.type=jdbc", "--sink.type=file", "--sink.path=out"])
        .args(["--source.db.sql=select cast(7 as bigint) as seven"])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .arg(format!("--source.db.url={url}"))
        .args(more);
    running::run(job)
}

const RUN: [&str; 3] = ["run", "--target", "local"];

fn keytab(kdc: &Kdc, principal: &str) -> Vec<String> {
    let keytab = kdc.keytab(principal);
    let keytab = keytab.display();
    vec![format!("--security.kerberos.login.keytab={keytab}")]
}

#[track_caller]
fn is_read(kdc: &Kdc, url: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(directory.path(), &RUN, kdc, url, &keytab(kdc, "alice"));
    assert_eq!(said.code, Some(0), "{url}: {}", said.err);
    let found = lines(&directory.path().join("out"));
    assert_eq!(found, ["{\"seven\":7}"], "{url}");
}

#[track_caller]
fn is_told(kdc: &Kdc, url: &str, more: &[String], words: &[&str]) {
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(directory.path(), &["doctor"], kdc, url, more);
    assert_eq!(said.code, Some(1), "{url}: {}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
}

#[test]
fn and_nobody_else() {
    let principals = ["hive/localhost", "HTTP/localhost", "alice", "bob", "carol"];
    let mut kdc = Kdc::start("1h", &principals).expect("a KDC");
    let mut hive = Hive::start_kerberos(&kdc, "auth").expect("HiveServer2");
    let principal = "principal=hive/_HOST@TEST.LOCAL";
    let url = format!("jdbc:hive2://{}/default;{principal}", hive.address());
    let http = format!(
        "jdbc:hive2://{}/default;{principal};transportMode=http",
        hive.http_address()
    );
    is_read(&kdc, &url);
    is_read(&kdc, &http);
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(
        directory.path(),
        &["doctor"],
        &kdc,
        &url,
        &keytab(&kdc, "alice"),
    );
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(
        said.out.contains("alice@TEST.LOCAL (keytab"),
        "{}",
        said.out
    );

    let alice = keytab(&kdc, "alice");
    let none: [String; 0] = [];
    let directory = tempfile::tempdir().expect("a directory");
    let said = job(directory.path(), &RUN, &kdc, &url, &none);
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.err.contains("MS-6040"), "{}", said.err);
    is_told(
        &kdc,
        &url,
        &none,
        &["MS-6040", "whoever has got tickets", "keytab"],
    );
    let other = url.replace("hive/_HOST", "hive/elsewhere");
    is_told(
        &kdc,
        &other,
        &alice,
        &["MS-6040", "alice@TEST.LOCAL", "hive/elsewhere", "kvno"],
    );
    let secret = format!("{url};saslQop=auth-conf");
    is_told(
        &kdc,
        &secret,
        &alice,
        &["auth-conf is asked for, and it offers auth"],
    );
    let plain = format!("jdbc:hive2://{}/default", hive.address());
    is_told(
        &kdc,
        &plain,
        &alice,
        &["MS-6022", "principal=hive/_HOST@REALM"],
    );
    let unknown = [
        alice.clone(),
        vec!["--security.kerberos.login.principal=dave".to_owned()],
    ];
    is_told(
        &kdc,
        &url,
        &unknown.concat(),
        &["holds no key of dave, but of alice@TEST.LOCAL"],
    );

    kdc.administrate("cpw -randkey bob\ndelprinc -force carol\n")
        .expect("changed");
    is_told(
        &kdc,
        &url,
        &keytab(&kdc, "bob"),
        &["MS-6040", "bob@TEST.LOCAL", "ktadd"],
    );
    is_told(
        &kdc,
        &url,
        &keytab(&kdc, "carol"),
        &["MS-6040", "not found in Kerberos database", "addprinc"],
    );
    kdc.kill();
    is_told(
        &kdc,
        &url,
        &alice,
        &["Cannot contact any KDC", "alice@TEST.LOCAL"],
    );
    kdc.restart().expect("a KDC");

    hive.protect("auth-int").expect("HiveServer2");
    is_read(&kdc, &url);
}
