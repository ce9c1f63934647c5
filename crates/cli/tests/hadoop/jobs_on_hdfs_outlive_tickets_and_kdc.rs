//! A job from HDFS to HDFS, where nobody else can read messages and bytes and tickets live for seconds, goes on when these have ended,
//! also where its connection breaks; while the KDC, which is killed at random moments, is away it works on with the connection that
//! it has, waits without one, and goes on when the KDC is back. No row is lost or doubled.

use std::time::Duration;

use crate::common::hdfs::{job, lines};
use crate::common::objects::CSV;
use crate::common::relay::Relay;
use crate::common::rounds::Rounds;
use crate::common::{Running, realm};
use millstream_services::hdfs::Hdfs;
use millstream_services::kdc::Kdc;

/// How long a ticket lives.
const LIFE: Duration = Duration::from_secs(6);
/// Rows of a file.
const ROWS: u64 = 2_000;
/// How often the KDC is killed, and the latest moment of that behind a file.
const KILLS: u64 = 1;
const LATEST_KILL_MS: u64 = 1_000;

/// Adds a file, under its name when it is whole.
fn add(hdfs: &Hdfs, number: u64) {
    let ids = number * ROWS..(number + 1) * ROWS;
    let rows: String = ids.map(|id| format!("{id},text {id}\n")).collect();
    let unfinished = format!("/data/in/_{number}.csv");
    hdfs.put(&unfinished, format!("id,name\n{rows}").as_bytes())
        .expect("is put");
    hdfs.rename(&unfinished, &format!("/data/in/{number}.csv"))
        .expect("is renamed");
}

fn truth(files: u64) -> Vec<String> {
    let rows = (0..files * ROWS).map(|id| format!("{{\"id\":\"{id}\",\"name\":\"text {id}\"}}"));
    let mut rows: Vec<String> = rows.collect();
    rows.sort();
    rows
}

#[track_caller]
fn await_files(job: &mut Running, hdfs: &Hdfs, files: u64) {
    let rows = usize::try_from(files * ROWS).expect("a number");
    job.await_that(&format!("{files} files"), || {
        lines(hdfs, "/data/out").len() >= rows
    });
}

#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn tickets_end() {
    std::thread::sleep(LIFE);
}

#[test]
fn and_every_row_comes_once() {
    let principals = ["hdfs/localhost", "HTTP/localhost", "alice"];
    let mut kdc = Kdc::start("1h", &principals).expect("a KDC");
    let shorter = format!("modprinc -maxlife \"{} sec\" alice\n", LIFE.as_secs());
    kdc.administrate(&shorter).expect("changed");
    let hdfs = Hdfs::start_kerberos(&kdc, "privacy").expect("HDFS");
    hdfs.hand_over("/data", "alice").expect("a directory");
    add(&hdfs, 0);
    let relay = Relay::before(&hdfs.address());
    let url = |path: &str| format!("hdfs://{}{path}", relay.address());
    let directory = tempfile::tempdir().expect("a directory");
    let keytab = kdc.keytab("alice");
    let keytab = format!("--security.kerberos.login.keytab={}", keytab.display());
    let more = [
        &*keytab,
        "--job.retry.maxNumberRestartAttempts=1000",
        "--job.retry.backoffTimeMS=200",
    ];
    let places = (&*url("/data/in"), &*url("/data/out"));
    let parameters = [&CSV[..], &more].concat();
    let mut rounds = Rounds::begin(KILLS);
    let parallelism = rounds.next_parallelism(3).to_string();
    let options = ["-p", parallelism.as_str()];
    let mut command = job(&hdfs, directory.path(), places, &options, &parameters);
    realm::within(&mut command, &kdc);
    let mut job = Running::start(command);
    await_files(&mut job, &hdfs, 1);

    tickets_end();
    relay.cut();
    add(&hdfs, 1);
    await_files(&mut job, &hdfs, 2);

    let mut files = 2;
    for round in 0..rounds.count {
        let waited = rounds.wait_below(LATEST_KILL_MS);
        kdc.kill();
        tickets_end();
        add(&hdfs, files);
        await_files(&mut job, &hdfs, files + 1);
        relay.cut();
        job.await_log("Cannot contact any KDC");
        add(&hdfs, files + 1);
        files += 2;
        kdc.restart().expect("a KDC");
        await_files(&mut job, &hdfs, files);
        println!("round {round}: the KDC was killed {waited}");
    }

    job.suspend();
    let (found, truth) = (lines(&hdfs, "/data/out"), truth(files));
    assert!(found == truth, "{} of {} rows", found.len(), truth.len());
    let log = std::fs::read_to_string(kdc.log_file()).expect("a log");
    let of_alice = |line: &&str| line.contains("AS_REQ") && line.contains("alice@");
    assert!(log.lines().filter(of_alice).count() > 2, "{log}");
}
