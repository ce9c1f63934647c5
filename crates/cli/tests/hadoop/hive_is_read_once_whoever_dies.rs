//! Hive into files: the job is killed with SIGKILL at random moments and goes on at another parallelism each time; or HiveServer2
//! is killed and started again under a job that waits for it, with a query that is split and with one that is ordered. Every row
//! is written exactly once, compared row by row. A job that is cancelled has its statement cancelled at the server. The examples
//! of the guide run.

use crate::common;

use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::common::rounds::Rounds;
use crate::common::{Running, assert_lines, ingest_named, lines, running};
use millstream_services::hive::Hive;

const ROWS: u64 = 12_000;
/// The latest moment of a kill: a round reads some parts in that time.
const LATEST_KILL_MS: u64 = 700;

/// The server of the tests, one after the other.
fn hive() -> MutexGuard<'static, Option<Hive>> {
    static SHARED: Mutex<Option<Hive>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.get_or_insert_with(|| {
        let hive = Hive::start().expect("HiveServer2");
        let rows: String = (0..ROWS).map(|id| format!("{id},text {id},{}.25\n", id % 50)).collect();
        std::fs::write(hive.directory().join("orders.csv"), rows).expect("a file");
        let home = hive.directory().display();
        let statements = format!(
            "create database shop; create table shop.orders (id bigint, name string, amount decimal(10,2)) \
             row format delimited fields terminated by ',';\n\
             load data local inpath '{home}/orders.csv' into table shop.orders;\n"
        );
        hive.run(&statements).expect("a table");
        hive
    });
    shared
}

fn ingest(directory: &Path, options: &[&str], hive: &Hive, more: &[&str]) -> Command {
    let mut command = ingest_named(directory, "kill", "30 ms", options);
    command
        .arg("--source.type=jdbc")
        .arg(format!(
            "--source.db.url=jdbc:hive2://{}/shop",
            hive.address()
        ))
        .args(["--source.db.username=test", "--source.db.password=secret"])
        .args(["--sink.type=file", "--sink.path=out"])
        .args(more);
    command
}

fn assert_all(directory: &Path) {
    let text = |id: u64| format!("{{\"id\":{id},\"text\":\"text {id}!\"}}");
    assert_lines(&lines(&directory.join("out")), (0..ROWS).map(text));
}

const SPLIT: [&str; 8] = [
    "--source.db.table=orders",
    "--source.db.fetch.size=100",
    "--source.db.partition.column=id",
    "--source.db.partition.num=6",
    "--source.db.partition.lower-bound=0",
    "--source.db.partition.upper-bound=12000",
    "--stream.sql.enable=true",
    "--stream.sql=select id, concat(name, '!') as text from t1",
];

/// Tasks of Hive pack rows for clients of a newer protocol than is spoken here, and only for them.
#[test]
fn rows_come_as_columns_where_tasks_pack_them_for_others() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!(
        "--source.db.url=jdbc:hive2://{}/shop?hive.server2.thrift.resultset.serialize.in.tasks=true",
        hive.address()
    );
    let more = [&ORDERED[..], &[url.as_str()]].concat();
    let said = running::run(ingest(directory.path(), &[], hive, &more));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_all(directory.path());
}

#[test]
fn the_job_is_killed() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let mut directory = tempfile::tempdir().expect("a directory");
    let mut rounds = Rounds::begin(5);
    let mut resume = false;
    for round in 0..rounds.count {
        let parallelism = rounds.next_parallelism(4).to_string();
        let latest = ["-p", &parallelism, "-s", "latest"];
        let options = if resume { &latest[..] } else { &latest[..2] };
        let more = [&SPLIT[..], &["--job.retry.maxNumberRestartAttempts=0"]].concat();
        let mut job = Running::start(ingest(directory.path(), options, hive, &more));
        job.await_log("Completed checkpoint");
        resume = true;
        let how = rounds.wait_below(LATEST_KILL_MS);
        // It may have read everything before: the next round begins anew.
        let is_finished = job.kill().code == Some(0);
        println!("round {round}: killed at {how}; all was read before: {is_finished}");
        if is_finished {
            assert_all(directory.path());
            directory = tempfile::tempdir().expect("a directory");
            resume = false;
        }
    }
    let latest = ["-p", "2", "-s", "latest"];
    let options = if resume { &latest[..] } else { &latest[..2] };
    let last = running::run(ingest(directory.path(), options, hive, &SPLIT));
    assert_eq!(last.code, Some(0), "{}", last.err);
    assert_all(directory.path());
}

const ORDERED: [&str; 4] = [
    "--source.db.sql=select id, name from orders order by id",
    "--source.db.fetch.size=100",
    "--stream.sql.enable=true",
    "--stream.sql=select id, concat(name, '!') as text from t1",
];

#[test]
fn the_server_is_killed() {
    let mut hive = hive();
    let hive = hive.as_mut().expect("a server");
    let mut rounds = Rounds::begin(2);
    // So slow that the server dies while it is read, however often: a round reads for about a second.
    let records = ROWS / (4 * rounds.count.max(1));
    let slow = format!("-Drate.limit.records={}", records.max(1));
    for query in [&SPLIT[..], &ORDERED] {
        let directory = tempfile::tempdir().expect("a directory");
        let patient = [
            "--job.retry.maxNumberRestartAttempts=1000000",
            "--job.retry.backoffTimeMS=200",
        ];
        let more = [query, &patient].concat();
        let parallelism = rounds.next_parallelism(3).to_string();
        let options = ["-p", &parallelism, &slow];
        let mut job = Running::start(ingest(directory.path(), &options, hive, &more));
        for round in 0..rounds.count {
            job.await_checkpoint();
            let how = rounds.wait_below(LATEST_KILL_MS);
            hive.kill();
            job.await_log("HiveServer2 at");
            hive.restart().expect("HiveServer2");
            println!("round {round}: the server was killed at {how}");
        }
        let said = job.end();
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_all(directory.path());
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the log of a server has no way to tell"
)]
fn moment() {
    std::thread::sleep(std::time::Duration::from_millis(100));
}

/// Bounds are looked for by a job of Hive, which tells how far it is.
#[test]
fn the_log_tells_how_far_statements_are() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let more = [
        "--source.db.table=orders",
        "--source.db.partition.column=id",
        "--source.db.partition.num=2",
        "--stream.sql.enable=true",
        "--stream.sql=select id, concat(name, '!') as text from t1",
    ];
    let said = running::run(ingest(directory.path(), &[], hive, &more));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_all(directory.path());
    let bounds = "Hive looks for the bounds of source.db.partition.column: ";
    let told = said.err.lines().filter(|line| line.contains(bounds));
    let mut own = told.filter(|line| !line.contains("the statement has begun"));
    assert!(own.next().is_some(), "{}", said.err);
    for part in ["part 0", "part 1"] {
        let begun = format!("Hive runs the statement of {part}: it has begun");
        assert!(said.err.contains(&begun), "{begun}: {}", said.err);
    }
}

/// The statement sleeps at the server for as long as nobody ends it.
#[test]
fn a_job_that_is_cancelled_cancels_its_statement() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let more = [
        "--source.db.sql=select count(reflect('java.util.concurrent.locks.LockSupport', 'parkNanos', id * 0 + 600000000000)) as n from orders",
        "--stream.checkpoint.enable=false",
    ];
    let before = hive.log().len();
    let logged = || hive.log().get(before..).unwrap_or_default().to_owned();
    let mut job = Running::start(ingest(directory.path(), &[], hive, &more));
    job.await_that("the statement is executed", || {
        logged().contains("Launching Job 1")
    });
    job.signal("INT");
    let said = job.end();
    assert_ne!(said.code, Some(0), "{}", said.err);
    let mut patience = 2_400;
    while !logged().contains("ancel") && patience > 0 {
        patience -= 1;
        moment();
    }
    assert!(logged().contains("ancel"), "{}", logged());
}

#[test]
fn the_examples_of_the_guide_run() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/hive.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    // Those of tables are run beside a metastore.
    let blocks = guide.split("```sh\n").skip(1);
    let blocks = blocks.filter(|block| block.contains("hive:10000"));
    let mut run = 0;
    for block in blocks {
        let example = block.split("```").next().unwrap_or_default();
        let example = example.replace("hive:10000", &hive.address());
        let directory = tempfile::tempdir().expect("a directory");
        let mut shell = Command::new("sh");
        common::environment::without_settings(&mut shell);
        let program = env!("CARGO_BIN_EXE_millstream");
        let example = example.replacen("millstream", program, 1);
        let data = directory.path().join("data");
        let example = example.replacen(
            " run ",
            &format!(" run -Dmillstream.data-dir={} ", data.display()),
            1,
        );
        shell
            .current_dir(directory.path())
            .env("HIVE_PASSWORD", "secret")
            .args(["-e", "-c", &example]);
        let said = running::run(shell);
        assert_eq!(said.code, Some(0), "{example}\n{}", said.err);
        assert!(
            !lines(&directory.path().join("orders-json")).is_empty(),
            "{example}"
        );
        run += 1;
    }
    assert_eq!(run, 2);
}
