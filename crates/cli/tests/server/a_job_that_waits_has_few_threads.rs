//! A job that waits for files has few threads, each of which takes memory of its own; it reads and writes all the same whatever
//! comes, at any time. What threads had that have ended is given back.

use crate::common;

use std::fs;
use std::path::Path;

use crate::common::processes::processes_of;
use crate::common::server::Server;

/// So many threads has a job of one source and one sink that waits.
const THREADS: usize = 7;

fn threads(process: u32) -> Vec<String> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let names = threads.flatten().map(|thread| {
        // It may end meanwhile.
        let name = fs::read_to_string(thread.path().join("comm")).unwrap_or_default();
        name.trim_end().to_owned()
    });
    names.collect()
}

fn output(directory: &Path) -> usize {
    common::lines(&directory.join("out")).len()
}

#[test]
fn and_works_on_what_comes_then() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    common::put(path, "in/0.csv", "id,name\n0,Bob\n");
    server.submit("waits", &[]);
    for round in 1..4 {
        server.await_that("the line", || output(path) == round);
        let process = *processes_of(&server.data).first().expect("it runs");
        server.await_that("few threads", || threads(process).len() <= THREADS);
        common::put(
            path,
            &format!("in/{round}.csv"),
            format!("id,name\n{round},Bob\n"),
        );
    }
    server.await_that("the last line", || output(path) == 4);
}

/// Stacks of threads but the first, whether those run or not: no other mapping has their size.
fn stacks(process: u32) -> usize {
    let maps = fs::read_to_string(format!("/proc/{process}/smaps")).expect("it runs");
    let sizes = maps.lines().filter(|line| line.starts_with("Size:"));
    sizes.filter(|line| line.ends_with(" 2048 kB")).count()
}

#[test]
fn and_holds_no_stack_of_one_that_has_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let server = Server::started(path, &[]);
    common::put(path, "in/0.csv", "id,name\n0,Bob\n");
    server.submit("waits", &["-Dexecution.checkpointing.interval=1 h"]);
    server.await_that("the process", || !processes_of(&server.data).is_empty());
    let process = *processes_of(&server.data).first().expect("it runs");
    let held = || (stacks(process), threads(process).len() - 1);
    // They end after a second, and are given back when nothing has changed for some.
    server.await_that("its threads", || held().0 > 0);
    server.await_that("no stack without a thread", || {
        let (stacks, threads) = held();
        stacks == threads && threads < THREADS - 1
    });
}
