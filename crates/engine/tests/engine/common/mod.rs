//! What the tests of the engine share: graphs of closures, and a job that runs beside the test.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use millstream_core::{
    CheckpointId, Configuration, JobId, Lineage, MaxParallelism, Result, TriggerId,
};
use millstream_engine::connector::{Limit, SourceSnapshot, SourceStatus};
use millstream_engine::graph::{Input, Node, NodeId, NodeKind, Partitioner, Ship};
use millstream_engine::job::{Job, JobControl, JobOutcome, JobSpec, NewJob, Observer, Restore};
use millstream_engine::operator::{
    Operator, OperatorContext, OperatorFactory, Port, SourceOperator, SourceOperatorFactory,
};
use millstream_engine::{Chunk, JobGraph};
use millstream_protocol::{ClaimMode, OperationResult, Request, SavepointFormat};
use millstream_storage::{Location, Owner, Ownership};

/// Longer than anything takes on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(240);

/// A source of numbers: subtask s of p hands out s, s + p, s + 2 p, … below `count`.
#[derive(Clone)]
pub struct Numbers {
    pub count: u64,
    /// How many were handed out, over all subtasks and attempts.
    pub handed_out: Arc<AtomicU64>,
}

impl Numbers {
    pub fn up_to(count: u64) -> Self {
        Self {
            count,
            handed_out: Arc::default(),
        }
    }

    pub fn endless() -> Self {
        Self::up_to(u64::MAX)
    }
}

struct NumbersReader {
    numbers: Numbers,
    next: u64,
    step: u64,
    read: u64,
}

impl SourceOperatorFactory for Numbers {
    fn is_bounded(&self) -> bool {
        self.count < u64::MAX
    }

    fn open(&self, context: &OperatorContext) -> Result<Box<dyn SourceOperator>> {
        Ok(Box::new(NumbersReader {
            numbers: self.clone(),
            next: context.subtask as u64,
            step: context.parallelism as u64,
            read: 0,
        }))
    }
}

impl SourceOperator for NumbersReader {
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: Limit) -> Result<SourceStatus> {
        if self.next >= self.numbers.count {
            return Ok(SourceStatus::Ended);
        }
        let mut records = Vec::new();
        while self.next < self.numbers.count && records.len() < limit.records.min(100) {
            records.push(self.next);
            self.next += self.step;
        }
        let read = records.len();
        self.read += read as u64;
        self.numbers
            .handed_out
            .fetch_add(read as u64, Ordering::SeqCst);
        out.push(Chunk::new(records));
        Ok(SourceStatus::Ready(read))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }

    fn records_read(&self) -> u64 {
        self.read
    }
}

/// Makes an operator for each subtask.
pub struct Make<F>(pub F);

impl<O: Operator + 'static, F: Fn(&OperatorContext) -> O + Send + Sync> OperatorFactory
    for Make<F>
{
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        Ok(Box::new((self.0)(context)))
    }
}

/// Lets everything through while `closed` is not set.
pub struct Gate {
    pub closed: Arc<AtomicBool>,
}

impl Operator for Gate {
    fn process(&mut self, _: Port, chunk: Chunk, out: &mut Vec<Chunk>) -> Result<()> {
        out.push(chunk);
        Ok(())
    }

    fn is_blocked(&mut self) -> Result<bool> {
        Ok(self.closed.load(Ordering::SeqCst))
    }
}

/// Sends number n to the subtask n modulo the parallelism.
pub struct Modulo;

impl Partitioner for Modulo {
    fn split(
        &self,
        chunk: Chunk,
        parallelism: usize,
        _: MaxParallelism,
        out: &mut Vec<Chunk>,
    ) -> Result<()> {
        let numbers = chunk.into_records::<u64>()?;
        for destination in 0..parallelism {
            let is_its = |number: &u64| *number as usize % parallelism == destination;
            let part: Vec<u64> = numbers.iter().copied().filter(is_its).collect();
            if !part.is_empty() {
                out.push(Chunk::to(part, destination));
            }
        }
        Ok(())
    }
}

pub fn source(name: &str, parallelism: usize, source: &Numbers) -> Node {
    node(
        name,
        parallelism,
        NodeKind::Source(Arc::new(source.clone())),
        Vec::new(),
    )
}

pub fn operator<O: Operator + 'static>(
    name: &str,
    parallelism: usize,
    (from, ship): (NodeId, Ship),
    make: impl Fn(&OperatorContext) -> O + Send + Sync + 'static,
) -> Node {
    let input = Input {
        from,
        ship,
        port: Port::First,
    };
    let kind = NodeKind::Operator(Arc::new(Make(make)));
    node(name, parallelism, kind, vec![input])
}

pub fn node(name: &str, parallelism: usize, kind: NodeKind, inputs: Vec<Input>) -> Node {
    Node {
        name: name.to_owned(),
        uid: Some(name.to_owned()),
        parallelism,
        kind,
        inputs,
        is_aside: false,
    }
}

pub fn graph(nodes: Vec<Node>) -> JobGraph {
    JobGraph {
        name: "test".to_owned(),
        nodes,
        max_parallelism: MaxParallelism::DEFAULT,
        chaining: true,
    }
}

struct Told(Sender<(TriggerId, OperationResult)>);

impl Observer for Told {
    fn operation_ended(&mut self, id: TriggerId, result: &OperationResult) {
        self.0.send((id, result.clone())).expect("somebody listens");
    }
}

/// Keeps a job of these tests, which has not run before.
fn keeper(checkpoints: &Location, job: JobId) -> NewJob {
    let lineage = Lineage::fresh(1);
    let owner = Owner {
        job_name: "test".to_owned(),
        lineage: lineage.clone(),
        what: "a test".to_owned(),
        since: 0,
        is_alone: false,
    };
    let ownership = Ownership::acquire(checkpoints, job, owner);
    NewJob::new(ownership.expect("nobody has them"), lineage)
}

/// A job on a thread of its own.
pub struct RunningJob {
    control: JobControl,
    told: Receiver<(TriggerId, OperationResult)>,
    thread: JoinHandle<JobOutcome>,
    asked: u128,
}

impl RunningJob {
    /// Starts `graph` with options, everything below `directory`.
    pub fn start(graph: JobGraph, directory: &Path, options: &[(&str, &str)]) -> Self {
        Self::start_as(JobId::from_bytes([7; 16]), graph, directory, options, None)
    }

    /// Starts another job from the snapshot at `path`.
    pub fn start_from(
        path: &str,
        graph: JobGraph,
        directory: &Path,
        options: &[(&str, &str)],
    ) -> Self {
        let restore = Restore {
            location: path.parse().expect("a place"),
            allow_non_restored: false,
            claim: ClaimMode::NoClaim,
            has_run: false,
        };
        let id = JobId::from_bytes([8; 16]);
        Self::start_as(id, graph, directory, options, Some(restore))
    }

    fn start_as(
        id: JobId,
        graph: JobGraph,
        directory: &Path,
        options: &[(&str, &str)],
        restore: Option<Restore>,
    ) -> Self {
        let mut configuration = Configuration::new();
        configuration.set("restart-strategy.type", "none");
        for (key, value) in options {
            configuration.set(*key, *value);
        }
        let location = |name: &str| Location::from_path(directory.join(name)).expect("a place");
        let mut random = 0;
        let spec = JobSpec {
            id,
            graph,
            configuration,
            checkpoints: location("checkpoints"),
            savepoints: Some(location("savepoints")),
            restore,
            keeper: Box::new(keeper(&location("checkpoints"), id)),
            random: Box::new(move || {
                random += 1;
                random
            }),
            time_of_day: || 0,
        };
        let (sender, told) = crossbeam_channel::bounded(100);
        let job = Job::prepare(spec, Box::new(Told(sender))).expect("a job that fits");
        Self {
            control: job.control(),
            told,
            thread: std::thread::Builder::new()
                .spawn(move || job.run())
                .expect("a thread"),
            asked: 0,
        }
    }

    fn id(&mut self) -> TriggerId {
        self.asked += 1;
        TriggerId::from_bytes(self.asked.to_be_bytes())
    }

    /// Asks for a stop with a savepoint.
    pub fn stop(&mut self, drain: bool) -> TriggerId {
        let id = self.id();
        let (directory, format) = (None, SavepointFormat::Canonical);
        self.ask(Request::Stop {
            id,
            drain,
            directory,
            format,
        });
        id
    }

    /// Asks for a savepoint on the way.
    pub fn savepoint(&mut self) -> TriggerId {
        let id = self.id();
        let (directory, format) = (None, SavepointFormat::Canonical);
        self.ask(Request::Savepoint {
            id,
            directory,
            format,
        });
        id
    }

    pub fn checkpoint(&mut self) -> TriggerId {
        let id = self.id();
        self.ask(Request::Checkpoint { id });
        id
    }

    pub fn cancel(&mut self) -> TriggerId {
        let id = self.id();
        self.ask(Request::Cancel { id });
        id
    }

    fn ask(&self, request: Request) {
        self.control.request(request).expect("the job runs");
    }

    /// What came of an operation.
    #[track_caller]
    pub fn result(&self, id: TriggerId) -> OperationResult {
        loop {
            let told = self.told.recv_timeout(PATIENCE);
            let (ended, result) = told.expect("the operation ends");
            if ended == id {
                return result;
            }
        }
    }

    /// Waits for the end of the job.
    pub fn join(self) -> JobOutcome {
        self.thread.join().expect("no panic of the driver")
    }
}

/// Waits until something is so.
#[track_caller]
#[allow(clippy::disallowed_methods, reason = "a test waits here")]
pub fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
