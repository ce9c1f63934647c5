//! A stop that one task declines leaves the job running, also a source that comes to the boundary only after the stop
//! was given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{Gate, Numbers, RunningJob, await_that, graph, operator, source};
use millstream_core::{Error, Result, codes};
use millstream_engine::Chunk;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{Operator, OperatorSnapshot, Port, SnapshotRequest};
use millstream_protocol::OperationResult;

/// Can't tell its state while `declines` is set.
struct Declines {
    declines: Arc<AtomicBool>,
}

impl Operator for Declines {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        if self.declines.load(Ordering::SeqCst) {
            return Err(Error::new(&codes::INTERNAL, "not now"));
        }
        Ok(OperatorSnapshot::default())
    }
}

#[test]
fn a_source_behind_a_full_sink_goes_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (quick, slow) = (Numbers::endless(), Numbers::endless());
    let (closed, declines) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(true)),
    );
    let (gate, refusal) = (closed.clone(), declines.clone());
    let nodes = vec![
        source("quick", 1, &quick),
        operator("declines", 1, (0, Ship::Forward), move |_| Declines {
            declines: refusal.clone(),
        }),
        source("slow", 1, &slow),
        operator("gate", 1, (2, Ship::Forward), move |_| Gate {
            closed: gate.clone(),
        }),
    ];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &[]);
    let read = |numbers: &Numbers| numbers.handed_out.load(Ordering::SeqCst);
    await_that("both read", || read(&quick) > 0 && read(&slow) > 0);

    closed.store(true, Ordering::SeqCst);
    let stop = job.stop(false);
    let OperationResult::Failed { reason, .. } = job.result(stop) else {
        panic!("it was declined");
    };
    assert_eq!(
        reason,
        "declined by Source: quick -> declines (1/1): MS-9001: not now"
    );
    let before = read(&slow);
    closed.store(false, Ordering::SeqCst);
    await_that("the slow one reads on", || read(&slow) > before + 1_000);

    declines.store(false, Ordering::SeqCst);
    let stop = job.stop(false);
    let result = job.result(stop);
    assert!(
        matches!(result, OperationResult::Stopped { .. }),
        "{result:?}"
    );
    job.join();
}
