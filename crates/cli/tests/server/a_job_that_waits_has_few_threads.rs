//! A job that waits for files has few threads, each of which takes memory of its own; it reads and writes all the same whatever
//! comes, at any time.

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
