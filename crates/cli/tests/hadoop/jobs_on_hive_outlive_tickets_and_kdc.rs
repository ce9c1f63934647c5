//! A job that reads Hive, with messages that nobody else can read, loses its connection when its tickets have ended and the KDC is
//! away: it waits, goes on when the KDC is back, and every row comes once.

use std::time::Duration;

use crate::common::relay::Relay;
use crate::common::{Running, command, lines, realm};
use millstream_services::hive::Hive;
use millstream_services::kdc::Kdc;

/// How long a ticket lives.
const LIFE: Duration = Duration::from_secs(5);
const ROWS: u64 = 4_000;
/// Rows in a second: it takes longer than tickets live, and is broken off before its end.
const RATE: &str = "-Drate.limit.records=250";

#[test]
#[allow(clippy::disallowed_methods, reason = "tickets end by the clock")]
fn and_every_row_comes_once() {
    let principals = ["hive/localhost", "HTTP/localhost", "alice"];
    let mut kdc = Kdc::start("1h", &principals).expect("a KDC");
    let shorter = format!("modprinc -maxlife \"{} sec\" alice\n", LIFE.as_secs());
    kdc.administrate(&shorter).expect("changed");
    let hive = Hive::start_kerberos(&kdc, "auth-conf").expect("HiveServer2");
    let relay = Relay::before(&hive.address());
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = command(directory.path());
    realm::within(&mut command, &kdc);
    let words = format!("split(space({}), ' ')", ROWS - 1);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data", RATE])
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
    let mut job = Running::start(command);
    job.await_checkpoint();
    kdc.kill();
    std::thread::sleep(LIFE);
    relay.cut();
    job.await_log("Cannot contact any KDC");
    kdc.restart().expect("a KDC");
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let found = lines(&directory.path().join("out"));
    let mut truth: Vec<String> = (0..ROWS).map(|id| format!("{{\"id\":{id}}}")).collect();
    truth.sort();
    assert!(found == truth, "{} of {ROWS} rows", found.len());
}
