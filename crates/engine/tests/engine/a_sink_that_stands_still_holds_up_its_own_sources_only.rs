//! A sink that takes nothing stops the sources that reach it, and no others of the job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::common::{Gate, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_engine::graph::Ship;

#[test]
fn the_other_pipeline_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (held_up, free) = (Numbers::endless(), Numbers::endless());
    let closed = Arc::new(AtomicBool::new(true));
    let gate = |closed: &Arc<AtomicBool>| {
        let closed = closed.clone();
        move |_: &millstream_engine::operator::OperatorContext| Gate {
            closed: closed.clone(),
        }
    };
    let nodes = vec![
        source("held up", 2, &held_up),
        source("free", 2, &free),
        operator("stands still", 2, (0, Ship::Rebalance), gate(&closed)),
        operator("flows", 2, (1, Ship::Rebalance), gate(&Arc::default())),
    ];
    let options = [("millstream.worker-threads", "2")];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    let count = |numbers: &Numbers| numbers.handed_out.load(Ordering::SeqCst);
    // Far more than may ever be in flight.
    await_that("records of the other", || count(&free) > 2_000_000);
    let stuck = AtomicU64::new(u64::MAX);
    await_that("a source that waits", || {
        let now = count(&held_up);
        stuck.swap(now, Ordering::SeqCst) == now
    });
    assert!(count(&held_up) < 100_000, "{}", count(&held_up));
    closed.store(false, Ordering::SeqCst);
    await_that("records of both", || count(&held_up) > 2_000_000);
    let cancel = job.cancel();
    job.result(cancel);
    job.join();
}
