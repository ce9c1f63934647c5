//! A job that reads Hive, with messages that nobody else can read, loses its connection when its tickets have ended and the KDC, which
//! is killed at random moments, is away: it waits, goes on when the KDC is back, and every row comes once.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::relay::Relay;
use crate::common::rounds::Rounds;
use crate::common::{Running, assert_lines, command, lines, realm, running};
use millstream_services::hive::Hive;
use millstream_services::kdc::Kdc;

/// How long a ticket lives.
const LIFE: Duration = Duration::from_secs(5);
/// How often the KDC is killed, and the latest moment of that behind rows.
const KILLS: u64 = 1;
const LATEST_KILL_MS: u64 = 1_000;
/// Rows in a second.
const RATE: u64 = 250;
/// For so many seconds there are rows before all rounds, and in each: longer than tickets live, so that the job is broken off before
/// its end.
const BEFORE_S: u64 = 10;
const EACH_S: u64 = 10;

/// A job that reads so many rows, by a relay.
fn job(directory: &Path, kdc: &Kdc, relay: &Relay, rows: u64, parallelism: u64) -> Command {
    let mut command = command(directory);
    realm::within(&mut command, kdc);
    let words = format!("split(space({}), ' ')", rows - 1);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .arg(format!("-Drate.limit.records={RATE}"))
        .args(["-p", &parallelism.to_string()])
        .args(["-Dexecution.checkpointing.interval=100 ms"])
        .args(["-Dexecution.checkpointing.min-pause=0 ms"])
        .args(["ingest", "--job.name=long", "--source.type=jdbc"])
        .arg(format!(
            "--source.db.url=jdbc:hive2://{}/default;principal=hive/_HOST@TEST.LOCAL;saslQop=auth-conf",
            relay.address()
        ))
        .arg(format!(
            "--source.db.sql=select place as id from (select posexplode({words}) as (place, word)) t"
        ))
        .args(["--source.db.fetch.size=50"])
        .args(["--job.retry.maxNumberRestartAttempts=1000"])
        .args(["--job.retry.backoffTimeMS=200"])
        .args(["--sink.type=file", "--sink.path=out"])
        .arg(format!(
            "--security.kerberos.login.keytab={}",
            kdc.keytab("alice").display()
        ));
    command
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn and_every_row_comes_once() {
    let principals = ["hive/localhost", "HTTP/localhost", "alice"];
    let mut kdc = Kdc::start("1h", &principals).expect("a KDC");
    let shorter = format!("modprinc -maxlife \"{} sec\" alice\n", LIFE.as_secs());
    kdc.administrate(&shorter).expect("changed");
    let hive = Hive::start_kerberos(&kdc, "auth-conf").expect("HiveServer2");
    let relay = Relay::before(&hive.address());
    let place = tempfile::tempdir().expect("a directory");
    let out = place.path().join("out");
    let mut rounds = Rounds::begin(KILLS);
    let seconds = BEFORE_S + rounds.count * EACH_S;
    let rows = seconds * RATE;
    let parallelism = rounds.next_parallelism(3);
    let job = job(place.path(), &kdc, &relay, rows, parallelism);
    let patience = running::PATIENCE + Duration::from_secs(seconds);
    let mut job = Running::start(job).with_patience(patience);
    for round in 0..rounds.count {
        // Those that were committed before tell nothing of the connection.
        job.await_checkpoint();
        let before = lines(&out).len();
        job.await_that("more rows", || lines(&out).len() > before);
        let waited = rounds.wait_below(LATEST_KILL_MS);
        kdc.kill();
        std::thread::sleep(LIFE);
        relay.cut();
        job.await_log("Cannot contact any KDC");
        kdc.restart().expect("a KDC");
        println!("round {round}: the KDC was killed {waited}");
    }
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_lines(&lines(&out), (0..rows).map(|id| format!("{{\"id\":{id}}}")));
}
