//! A name service of two NameNodes: the active one is killed by SIGKILL while a job reads from it, writes to it and has its checkpoints
//! there, and the other one becomes active; and back again. Names of services may have capital letters. The job goes on, and every record is there exactly once.

use std::fs;
use std::path::Path;

use crate::common::hdfs::{add_people, contents, hidden, start_people};
use crate::common::remote::assert_of_people;
use crate::common::rounds::Rounds;
use crate::common::{ONCE, Running};
use millstream_services::hdfs::Hdfs;

/// The latest moment at which the active one is killed behind a new file.
const LATEST_KILL_MS: u64 = 1_000;
const FAILOVERS: u64 = 2;

fn start(hdfs: &Hdfs, directory: &Path, options: &[&str], watch: &str) -> Running {
    let places = ("hdfs://TwoNames/in", "hdfs:///out");
    let there = ["-p", "2", "-Dstate.checkpoints.dir=hdfs://TwoNames/cp"];
    let options = [&there[..], options].concat();
    start_people(hdfs, directory, places, &options, watch)
}

#[test]
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
        hdfs.fail_over().expect("the other one becomes active");
        running.await_checkpoint();
        hdfs.restart_other().expect("the killed one follows");
        println!("round {round}: killed {waited}");
    }
    add_people(&hdfs, &input, rounds.count + 1, rounds.seed, next_id);
    running.await_log("Completed checkpoint");
    running.kill();
    let said = start(&hdfs, directory, &["-s", "latest"], ONCE).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_of_people(&input, &output, contents(&hdfs, "/out"));
    assert_eq!(hidden(&hdfs, "/out"), Vec::<String>::new(), "left behind");
}
