//! A job whose checkpoints lie in an object store is stopped for longer than its lease lasts, as a machine is that is suspended; another
//! one goes on from where it was. The first wakes in the middle of what it was doing, and commits nothing any more: it ends, says that
//! its checkpoints are another's, and every record is there exactly once. Also where the other one has ended by then.

use std::path::Path;

use crate::common::Running;
use crate::common::objects::{CSV, job, lines};
use crate::common::rounds::Rounds;
use millstream_services::seaweed::Seaweed;

/// Jobs that are overtaken, one after the other. Each takes the half minute for which its lease is watched.
const ROUNDS: u64 = 2;
/// Objects that are put while the job runs that is to be stopped, so that it is in the middle of something.
const OBJECTS: u64 = 12;
/// The latest moment at which it is stopped, behind the last of them.
const LATEST_STOP_MS: u64 = 300;

fn put(store: &Seaweed, id: u64) {
    let rows = format!("id,name\n{id},name {id}\n");
    let put = store.put(&format!("in/{id:04}.csv"), rows.as_bytes());
    put.expect("is put");
}

fn start(store: &Seaweed, directory: &Path, resume: bool) -> Running {
    let more = [
        "--stream.checkpoint.dir=s3://bucket/checkpoints",
        // Who has lost its checkpoints must not wait for long before it looks again.
        "--job.retry.backoffTimeMS=200",
    ];
    let parameters = [&CSV[..], &more].concat();
    let options: &[&str] = if resume { &["-s", "latest"] } else { &[] };
    Running::start(job(store, directory, ("in", "out"), options, &parameters))
}

/// It ends, and says why.
fn is_told(job: Running) {
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.err.contains("MS-3018"), "{}", said.err);
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
}

#[test]
fn and_the_one_that_went_on_has_written_all_once() {
    let store = Seaweed::start().expect("an object store");
    let place = tempfile::tempdir().expect("a directory");
    // Each machine has a disk of its own.
    let machine = |number: u64| {
        let directory = place.path().join(number.to_string());
        std::fs::create_dir(&directory).expect("is made");
        directory
    };
    let mut rounds = Rounds::begin(ROUNDS);
    let count = || lines(&store, "out").len() as u64;
    put(&store, 0);
    let mut next = 1;
    let mut first = start(&store, &machine(0), false);
    for round in 1..=rounds.count {
        put(&store, next);
        next += 1;
        first.await_that("its output", || count() == next);
        first.await_checkpoint();
        for _ in 0..OBJECTS {
            put(&store, next);
            next += 1;
        }
        let waited = rounds.wait_below(LATEST_STOP_MS);
        first.signal("STOP");
        println!("round {round}: stopped {waited}");
        let mut second = start(&store, &machine(round), true);
        second.await_that("the output of both", || count() == next);
        second.await_checkpoint();
        if round % 2 == 0 {
            second.suspend();
            first.signal("CONT");
            is_told(first);
            first = start(&store, &machine(rounds.count + round), true);
            first.await_checkpoint();
            continue;
        }
        first.signal("CONT");
        // Whatever it finds to do is done by the other one.
        put(&store, next);
        next += 1;
        is_told(first);
        second.await_that("what came last", || count() == next);
        first = second;
    }
    first.suspend();
    // Who wakes up in the middle of beginning an upload leaves that, and is told; whoever comes next aborts it.
    let mut last = start(&store, &machine(3 * rounds.count), true);
    last.await_checkpoint();
    last.suspend();
    let found = lines(&store, "out");
    let truth = (0..next).map(|id| format!("{{\"id\":\"{id}\",\"name\":\"name {id}\"}}"));
    let mut truth: Vec<String> = truth.collect();
    truth.sort();
    assert_eq!(found, truth);
    let left = store.uploads().expect("a listing");
    assert_eq!(left, Vec::<String>::new(), "uploads that nobody needs");
}
