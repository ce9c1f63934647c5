//! Results of work that runs elsewhere come out when they are ready, and all of those owed before a boundary lie before
//! it: a checkpoint has nothing in flight.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Modulo, Numbers, RunningJob, await_that, graph, operator, source};
use crossbeam_channel::{Receiver, Sender};
use millstream_core::{CheckpointId, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::Waker;
use millstream_engine::graph::Ship;
use millstream_engine::operator::{
    Operator, OperatorContext, OperatorSnapshot, Polled, Port, SnapshotRequest,
};
use millstream_protocol::OperationResult;

/// What each operator had taken or handed on at each checkpoint, by its name and subtask.
type Counts = Arc<Mutex<BTreeMap<CheckpointId, BTreeMap<String, u64>>>>;

/// Has another thread answer each chunk a little later.
struct Asks {
    questions: Sender<Vec<u64>>,
    answers: Receiver<Vec<u64>>,
    owed: usize,
}

impl Asks {
    #[allow(
        clippy::disallowed_methods,
        reason = "a test that has something take its time"
    )]
    fn new(waker: Waker) -> Self {
        let (questions, asked) = crossbeam_channel::bounded::<Vec<u64>>(100_000);
        let (answer, answers) = crossbeam_channel::bounded(100_000);
        std::thread::spawn(move || {
            for (number, question) in asked.iter().enumerate() {
                std::thread::sleep(Duration::from_micros(number as u64 % 7 * 300));
                if answer.send(question).is_err() {
                    return;
                }
                waker.wake();
            }
        });
        Self {
            questions,
            answers,
            owed: 0,
        }
    }
}

impl Operator for Asks {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        self.owed += 1;
        let question = chunk.into_records::<u64>()?;
        self.questions.send(question).expect("somebody answers");
        Ok(())
    }

    fn poll(&mut self, out: &mut Vec<Chunk>) -> Result<Polled> {
        for answer in self.answers.try_iter() {
            self.owed -= 1;
            out.push(Chunk::new(answer));
        }
        Ok(if self.owed > 0 {
            Polled::Pending
        } else {
            Polled::Idle
        })
    }
}

/// Counts what passes, and notes the count at each checkpoint.
struct Count {
    name: String,
    count: u64,
    counts: Counts,
    last: Arc<AtomicU64>,
}

impl Operator for Count {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        self.count += chunk.len() as u64;
        self.last.fetch_add(chunk.len() as u64, Ordering::SeqCst);
        out.push(chunk);
        Ok(())
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let mut counts = self.counts.lock().expect("no panic");
        let at = counts.entry(request.checkpoint).or_default();
        *at.entry(self.name.clone()).or_default() += self.count;
        Ok(OperatorSnapshot::default())
    }
}

fn run(first: Ship) {
    let directory = tempfile::tempdir().expect("a directory");
    let counts = Counts::default();
    let arrived = Arc::new(AtomicU64::new(0));
    let count = |name: &str, last: Arc<AtomicU64>| {
        let (name, counts) = (name.to_owned(), counts.clone());
        move |_: &OperatorContext| Count {
            name: name.clone(),
            count: 0,
            counts: counts.clone(),
            last: last.clone(),
        }
    };
    let nodes = vec![
        source("numbers", 2, &Numbers::endless()),
        operator("before", 2, (0, first), count("before", Arc::default())),
        operator("asks", 2, (1, Ship::Forward), |context| {
            Asks::new(context.waker.clone())
        }),
        operator(
            "with it",
            2,
            (2, Ship::Forward),
            count("with it", Arc::default()),
        ),
        operator(
            "behind",
            3,
            (3, Ship::Hash(Arc::new(Modulo))),
            count("behind", arrived.clone()),
        ),
    ];
    let options = [
        ("execution.checkpointing.interval", "3 ms"),
        ("millstream.worker-threads", "2"),
    ];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    let checkpoints = || counts.lock().expect("no panic").len();
    await_that("checkpoints", || {
        checkpoints() > 10 && arrived.load(Ordering::SeqCst) > 10_000
    });
    let stop = job.stop(false);
    let result = job.result(stop);
    assert!(
        matches!(result, OperationResult::Stopped { .. }),
        "{result:?}"
    );
    job.join();
    let counts = counts.lock().expect("no panic");
    let last = counts
        .values()
        .last()
        .and_then(|at| at.values().max().copied());
    assert_eq!(
        last,
        Some(arrived.load(Ordering::SeqCst)),
        "all came before the end"
    );
    for (checkpoint, at) in &*counts {
        let distinct: std::collections::BTreeSet<u64> = at.values().copied().collect();
        assert_eq!(distinct.len(), 1, "checkpoint {checkpoint}: {at:?}");
    }
}

#[test]
fn of_a_task_with_inputs() {
    run(Ship::Hash(Arc::new(Modulo)));
}

#[test]
fn of_a_task_with_a_source() {
    run(Ship::Forward);
}
