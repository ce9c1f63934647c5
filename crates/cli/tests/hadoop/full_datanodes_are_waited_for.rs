//! Where no DataNode has room, and in safe mode, a job that writes to HDFS waits, says so, and goes on when files are taken again: it
//! has not failed once, and every record is there once.

use crate::common::hdfs::{hidden, job, lines};
use crate::common::objects::CSV;
use crate::common::{Running, put};
use millstream_services::hdfs::Hdfs;

/// What is said while nothing can be written.
const WAITS: &str = "nothing can be written to hdfs://";

/// Waits until that is said for this reason: while a node starts, others are told as well.
#[track_caller]
fn await_reason(running: &mut Running, reason: &str) -> String {
    loop {
        let told = running.await_log(WAITS);
        if told.contains(reason) {
            return told;
        }
    }
}

fn row(id: usize) -> String {
    format!("{{\"id\":\"{id}\"}}")
}

#[test]
fn and_so_are_clusters_that_take_nothing() {
    let mut hdfs = Hdfs::start().expect("HDFS");
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let add = |id: usize| put(directory, &format!("in/{id}.csv"), format!("id\n{id}\n"));
    add(0);
    let from = directory.join("in").display().to_string();
    let parameters = [&CSV[..], &["--job.retry.maxNumberRestartAttempts=0"]].concat();
    let places = (&*from, &*hdfs.url("/out"));
    let mut running = Running::start(job(&hdfs, directory, places, &[], &parameters));
    running.await_that("record 1", || lines(&hdfs, "/out").len() == 1);

    hdfs.fill_data_node().expect("a full DataNode");
    add(1);
    let told = await_reason(&mut running, "could only be written to 0 of the 1");
    assert!(told.contains("have room"), "{told}");
    hdfs.restart_data_node().expect("an empty DataNode");
    running.await_that("record 2", || lines(&hdfs, "/out").len() == 2);

    hdfs.safe_mode(true).expect("is entered");
    add(2);
    await_reason(&mut running, "safe mode");
    hdfs.safe_mode(false).expect("is left");
    running.await_that("record 3", || lines(&hdfs, "/out").len() == 3);

    running.suspend();
    assert_eq!(lines(&hdfs, "/out"), [row(0), row(1), row(2)]);
    assert_eq!(hidden(&hdfs, "/out"), Vec::<String>::new(), "left behind");
}
