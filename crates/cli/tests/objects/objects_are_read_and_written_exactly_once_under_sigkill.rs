//! From objects to objects, with checkpoints among them, under SIGKILL of the job, and of the store, at random moments; gone on from the newest checkpoint at another
//! parallelism each time: every record is there exactly once, and no upload is left behind.

use std::fs;
use std::path::Path;

use crate::common::objects::{CSV, job};
use crate::common::remote::{assert_of_people, of_people, people};
use crate::common::rounds::Rounds;
use crate::common::{ONCE, Running, read_and_accounted_for};
use millstream_services::seaweed::Seaweed;

const KILLS: u64 = 4;
/// In every so many rounds the store is killed before the job is.
const OF_THE_STORE: u64 = 2;
/// The latest moment of a kill behind the first checkpoint: a few more follow in that time.
const LATEST_KILL_MS: u64 = 1_500;

/// Adds an object of rows.
fn add(store: &Seaweed, input: &Path, round: u64, seed: u64, first_id: u64) -> u64 {
    let (name, bytes, next) = people(input, round, seed, first_id);
    store.put(&format!("in/{name}"), &bytes).expect("is put");
    next
}

fn start(store: &Seaweed, directory: &Path, options: &[&str], watch: &str) -> Running {
    let more = [
        "--job.retry.maxNumberRestartAttempts=100",
        "--stream.checkpoint.dir=s3://bucket/checkpoints",
        watch,
    ];
    let mut job = job(store, directory, ("in", "out"), options, &CSV);
    job.args(of_people()).args(more);
    Running::start(job)
}

#[test]
fn no_record_is_lost_or_doubled() {
    let mut store = Seaweed::start().expect("an object store");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let (input, output) = (directory.join("in"), directory.join("out"));
    fs::create_dir(&input).expect("is made");
    let mut rounds = Rounds::begin(KILLS);
    let (mut next_id, mut at_work) = (0, 0);
    for round in 0..rounds.count {
        next_id = add(&store, &input, round, rounds.seed, next_id);
        let parallelism = rounds.next_parallelism(4).to_string();
        let mut options = vec!["-p", parallelism.as_str()];
        if round > 0 {
            options.extend(["-s", "latest"]);
        }
        let mut running = start(
            &store,
            directory,
            &options,
            "--source.watch.type=PROCESS_CONTINUOUSLY",
        );
        running.await_log("Completed checkpoint");
        let waited = rounds.wait_below(LATEST_KILL_MS);
        if round % OF_THE_STORE == 1 {
            store.restart().expect("the store starts again");
            running.await_log("Completed checkpoint");
            println!("round {round}: the store was killed, {waited}");
        }
        running.kill();
        at_work += usize::from(!store.uploads().expect("a listing").is_empty());
        println!("round {round}: killed, {waited}");
    }
    println!("{at_work} of {} kills met uploads", rounds.count);
    let options = ["-p", "2", "-s", "latest"];
    let said = start(&store, directory, &options, ONCE).end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(read_and_accounted_for(&said.err), next_id);
    let keys = store.keys("out").expect("a listing").into_iter();
    let written = keys.map(|key| store.get(&key).expect("an answer").expect("is there"));
    assert_of_people(&input, &output, written);
    let left = store.uploads().expect("a listing");
    assert_eq!(left, Vec::<String>::new(), "uploads that nobody needs");
}
