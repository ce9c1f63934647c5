//! A name service of two NameNodes: while a job reads from the active one, writes to it and has its checkpoints there, that is killed
//! by SIGKILL, or stands still (SIGSTOP) and says nothing, and the other one becomes active; and back again. Names of services may have
//! capital letters. The job goes on soon, whichever of the two it is, and every record is there exactly once.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::common::hdfs::{add_people, contents, hidden, start_people};
use crate::common::remote::assert_of_people;
use crate::common::rounds::Rounds;
use crate::common::{ONCE, Running};
use millstream_services::hdfs::Hdfs;

/// The latest moment at which the active one is killed behind a new file.
const LATEST_KILL_MS: u64 = 1_000;
/// The first active one is killed, then the second one of the list stands still, then the first one does, and so on: so clients meet
/// the silent one in either place of their lists.
const FAILOVERS: u64 = 3;
/// How long a checkpoint takes at most behind a NameNode that falls silent: what was asked right before that was noticed waits for
/// 25 seconds itself, and is asked once more.
const LONGEST_SILENCE: Duration = Duration::from_secs(75);

fn start(hdfs: &Hdfs, directory: &Path, options: &[&str], watch: &str) -> Running {
    let places = ("hdfs://TwoNames/in", "hdfs:///out");
    let there = ["-p", "2", "-Dstate.checkpoints.dir=hdfs://TwoNames/cp"];
    let options = [&there[..], options].concat();
    start_people(hdfs, directory, places, &options, watch)
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "how soon a job goes on is a time"
)]
fn and_every_record_comes_once() {
    let mut hdfs = Hdfs::start_pair().expect("HDFS");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let (input, output) = (directory.join("in"), directory.join("out"));
    fs::create_dir(&input).expect("is made");
    let mut rounds = Rounds::begin(FAILOVERS);
    let mut next_id = add_people(&hdfs, &input, 0, rounds.seed, 0);
    let watch = "--source.watch.type=PROCESS_CONTINUOUSLY";
    let mut running = start(&hdfs, directory, &[], watch);
    running.await_log("Completed checkpoint");
    for round in 1..=rounds.count {
        next_id = add_people(&hdfs, &input, round, rounds.seed, next_id);
        let waited = rounds.wait_below(LATEST_KILL_MS);
        let is_silent = round % FAILOVERS != 1;
        let since = Instant::now();
        let failed_over = match is_silent {
            true => hdfs.fail_over_silently(),
            false => hdfs.fail_over(),
        };
        failed_over.expect("the other one becomes active");
        running.await_checkpoint();
        let took = since.elapsed();
        println!("round {round}: silent {is_silent}, {waited}, a checkpoint after {took:?}");
        assert!(took < LONGEST_SILENCE, "{took:?}");
        hdfs.restart_other()
            .expect("the one that was active follows");
    }
    add_people(&hdfs, &input, rounds.count + 1, rounds.seed, next_id);
    running.await_log("Completed checkpoint");
    running.kill();
    let said = start(&hdfs, directory, &["-s", "latest"], ONCE).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_of_people(&input, &output, contents(&hdfs, "/out"));
    assert_eq!(hidden(&hdfs, "/out"), Vec::<String>::new(), "left behind");
}
