//! What people have to mend is told when a job begins, and uses up no restart: a directory in which its user may not write, a name
//! service that is none, a path of a mount table, a cluster that believes who asks where the settings want proof. A host that may come yet
//! is waited for. A dry run, which takes no checkpoints, says nothing of their place.

use std::fs;
use std::path::Path;

use crate::common::hdfs::job;
use crate::common::objects::CSV;
use crate::common::{ONCE, Said, command, put, realm, running};
use millstream_services::hdfs::Hdfs;
use millstream_services::kdc::Kdc;

#[track_caller]
fn is_told(said: &Said, words: &[&str]) {
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    let all = format!("{}{}", said.out, said.err);
    for word in words {
        assert!(all.contains(word), "{word}: {all}");
    }
}

/// A job of somebody without rights that writes to `to`, and is started again so often at most.
fn run_job(hdfs: &Hdfs, to: &str, attempts: u32) -> Said {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\n");
    let from = directory.join("in").display().to_string();
    let attempts = format!("--job.retry.maxNumberRestartAttempts={attempts}");
    let parameters = [&CSV[..], &[ONCE, &*attempts]].concat();
    let mut job = job(hdfs, directory, (&from, to), &[], &parameters);
    job.env("HADOOP_USER_NAME", hdfs.nobody());
    running::run(job)
}

/// One that would be started again for ever, and is not.
#[track_caller]
fn is_refused(hdfs: &Hdfs, to: &str, words: &[&str]) {
    is_told(&run_job(hdfs, to, 1_000_000), words);
}

fn write_settings(directory: &Path, settings: &[(&str, &str)]) {
    let settings: String = settings
        .iter()
        .map(|(name, value)| {
            format!("<property><name>{name}</name><value>{value}</value></property>")
        })
        .collect();
    let text = format!("<configuration>{settings}</configuration>");
    fs::write(directory.join("core-site.xml"), text).expect("is written");
}

#[test]
fn and_not_when_restarts_are_used_up() {
    let hdfs = Hdfs::start().expect("HDFS");
    rights_are_looked_at(&hdfs);
    names_of_nothing_are_told_with_those_that_there_are(&hdfs);
    hosts_that_may_come_yet_are_waited_for(&hdfs);
    proof_that_nobody_wants_is_not_left_out(&hdfs);
    a_dry_run_says_nothing_of_checkpoints(&hdfs);
}

fn rights_are_looked_at(hdfs: &Hdfs) {
    let who = ["MS-7017", "user=nobody", "HADOOP_USER_NAME"];
    let out = hdfs.url("/out");
    is_refused(hdfs, &out, &[&who[..], &[&*out]].concat());
    hdfs.put("/theirs/a", b"a").expect("is put");
    is_refused(hdfs, &hdfs.url("/theirs"), &who);
    let left = hdfs.files("/theirs").expect("a listing");
    assert_eq!(left, ["/theirs/a"], "nothing is left there");
    hdfs.put("/user/other/a", b"a").expect("is put");
    let home = ["MS-7017", "user=nobody", "hdfs dfs -mkdir /user/NAME"];
    is_refused(hdfs, "hdfs:///user/nobody/out", &home);
}

fn names_of_nothing_are_told_with_those_that_there_are(hdfs: &Hdfs) {
    let words = [
        "MS-7017",
        "`clustr` is no host that can be looked up, and no name service",
        "is cluster meant?",
        "dfs.ha.namenodes.clustr",
    ];
    is_refused(hdfs, "hdfs://clustr/out", &words);
}

fn hosts_that_may_come_yet_are_waited_for(hdfs: &Hdfs) {
    // The code is that of what restarts are for.
    let said = run_job(hdfs, "hdfs://namenode.invalid/out", 0);
    is_told(&said, &["MS-7001", "namenode.invalid"]);
    assert!(!said.err.contains("MS-7017"), "{}", said.err);
}

fn proof_that_nobody_wants_is_not_left_out(hdfs: &Hdfs) {
    let kdc = Kdc::start("1h", &["alice"]).expect("a KDC");
    let place = tempfile::tempdir().expect("a directory");
    let keytab = kdc.keytab("alice");
    let doctor = |settings: &[(&str, &str)]| {
        write_settings(place.path(), settings);
        let mut doctor = command(place.path());
        realm::within(&mut doctor, &kdc);
        doctor
            .env("HADOOP_CONF_DIR", place.path())
            .env("HADOOP_USER_NAME", hdfs.user())
            .args(["doctor", "-Dmillstream.data-dir=data", "ingest"])
            .args(CSV)
            .args([ONCE, "--sink.type=file", "--stream.checkpoint.dir=data/cp"])
            .arg(format!("--source.path={}", hdfs.url("/theirs")))
            .arg(format!("--sink.path={}", hdfs.url("/out")))
            .arg(format!(
                "--security.kerberos.login.keytab={}",
                keytab.display()
            ));
        running::run(doctor)
    };
    let secure = ("hadoop.security.authentication", "kerberos");
    let without = "knows no Kerberos and believes who asks";
    let key = "ipc.client.fallback-to-simple-auth-allowed";
    is_told(&doctor(&[secure]), &[without, key]);
    let said = doctor(&[secure, (key, "true")]);
    assert!(!said.out.contains(without), "{}{}", said.out, said.err);
}

fn a_dry_run_says_nothing_of_checkpoints(hdfs: &Hdfs) {
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", "id\n1\n");
    let mut run = command(place.path());
    run.env("HADOOP_CONF_DIR", hdfs.configuration())
        .args(["run", "-Dmillstream.data-dir=data", "ingest"])
        .args(CSV)
        .args(["--job.name=dry", "--source.path=in", "--sink.type=print"])
        .args([ONCE, "--dry-run"]);
    let said = running::run(run);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let all = format!("{}{}", said.out, said.err);
    assert!(!all.contains("checkpoints go to"), "{all}");
}

#[test]
fn and_what_to_write_in_the_place_of_a_mount_table() {
    let place = tempfile::tempdir().expect("a directory");
    let run = |path: &str| {
        let mut run = command(place.path());
        run.env("HADOOP_CONF_DIR", place.path())
            .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
            .args(["ingest", "--job.name=job", "--sink.type=print"])
            .args(CSV)
            .arg(format!("--source.path={path}"));
        running::run(run)
    };
    let link = ("fs.viewfs.mounttable.all.link./data", "hdfs://one/orders");
    write_settings(place.path(), &[("fs.defaultFS", "viewfs://all"), link]);
    let unsupported = "viewfs: is not supported";
    is_told(
        &run("viewfs:///data/x"),
        &["MS-8002", unsupported, "in its place: hdfs://one/orders/x"],
    );
    is_told(
        &run("viewfs://other/x"),
        &["MS-8002", unsupported, "fs.viewfs.mounttable"],
    );
}
