//! A checkpoint that runs out of time while a sink waits for something outside the job is given up, and not held against
//! the job: it goes on, although no failed checkpoint is tolerated and no restart allowed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{Gate, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::JobStatus;
use millstream_engine::connector::Notice;
use millstream_engine::graph::Ship;
use millstream_protocol::OperationResult;

#[test]
fn the_job_waits_until_the_sink_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let numbers = Numbers::endless();
    let closed = Arc::new(AtomicBool::new(true));
    let shown: Arc<Mutex<Option<Notice>>> = Arc::default();
    let (gate, notice) = (closed.clone(), shown.clone());
    let nodes = vec![
        source("numbers", 1, &numbers),
        operator("door", 1, (0, Ship::Rebalance), move |context| {
            *notice.lock().expect("no panic") = Some(context.progress.sink_held_up.clone());
            Gate {
                closed: gate.clone(),
            }
        }),
    ];
    let options = [
        ("execution.checkpointing.timeout", "1 s"),
        ("execution.checkpointing.tolerable-failed-checkpoints", "0"),
    ];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    let read = || numbers.handed_out.load(Ordering::SeqCst);
    await_that("the job runs", || {
        read() > 0 && shown.lock().expect("no panic").is_some()
    });
    let notice = shown
        .lock()
        .expect("no panic")
        .clone()
        .expect("it is there");
    notice.set(Some("no key".to_owned()));
    for _ in 0..2 {
        let checkpoint = job.checkpoint();
        let OperationResult::Failed { reason, .. } = job.result(checkpoint) else {
            panic!("the door is closed");
        };
        let expected = "door (1/1); the sink in door (1/1) waits: no key";
        assert!(reason.ends_with(expected), "{reason}");
    }
    notice.set(None);
    let before = read();
    closed.store(false, Ordering::SeqCst);
    await_that("it goes on", || read() > before + 1_000_000);
    let cancel = job.cancel();
    job.result(cancel);
    assert_eq!(job.join().status, JobStatus::Canceled);
}
