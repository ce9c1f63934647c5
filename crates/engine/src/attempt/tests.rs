mod full_channels;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::Receiver;
use millstream_core::{CheckpointId, EventTime, JobId, Lineage, MaxParallelism, Result};
use millstream_protocol::Then;
use millstream_storage::{SnapshotFormat, SnapshotKind};

use super::{Attempt, AttemptSpec};
use crate::chunk::Chunk;
use crate::connector::{Announced, Limit, SnapshotRequest, SourceSnapshot, SourceStatus};
use crate::graph::{Input, JobGraph, Node, NodeKind, Ship};
use crate::messages::{AttemptEvent, Command, EnumeratorParts, EventSender, Trigger};
use crate::metrics::TaskMetrics;
use crate::operator::{
    Operator, OperatorContext, OperatorFactory, OperatorSnapshot, Port, SourceOperator,
    SourceOperatorFactory,
};
use crate::plan::Plan;
use crate::task::core::now;

const PATIENCE: Duration = Duration::from_secs(240);
const SOURCES: usize = 2;
const COUNTERS: usize = 3;

/// What the tasks of a test have done.
#[derive(Clone, Default)]
struct Seen {
    handed_out: Arc<AtomicU64>,
    at_the_boundary: Arc<AtomicU64>,
    counted: Arc<AtomicU64>,
    counted_before_the_boundary: Arc<AtomicU64>,
    event_time: Arc<AtomicI64>,
}

/// An endless source whose watermark is the number of its records.
struct Endless {
    seen: Seen,
    own: u64,
}

struct Makes(Seen);

impl SourceOperatorFactory for Makes {
    fn is_bounded(&self) -> bool {
        false
    }

    fn open(&self, _: &OperatorContext) -> Result<Box<dyn SourceOperator>> {
        let seen = self.0.clone();
        Ok(Box::new(Endless { seen, own: 0 }))
    }
}

impl SourceOperator for Endless {
    fn poll(&mut self, out: &mut Vec<Chunk>, limit: Limit) -> Result<SourceStatus> {
        let records = limit.records.min(100);
        out.push(Chunk::new(vec![1_u64; records]));
        self.own += records as u64;
        self.seen
            .handed_out
            .fetch_add(records as u64, Ordering::SeqCst);
        Ok(SourceStatus::Ready(records))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        self.seen
            .at_the_boundary
            .fetch_add(self.own, Ordering::SeqCst);
        Ok(SourceSnapshot::default())
    }

    fn records_read(&self) -> u64 {
        self.own
    }

    fn announced(&self) -> Announced {
        Announced::Active(EventTime::from_millis(self.own as i64))
    }
}

struct Counter {
    seen: Seen,
    own: u64,
}

impl OperatorFactory for Makes {
    fn open(&self, _: &OperatorContext) -> Result<Box<dyn Operator>> {
        let seen = self.0.clone();
        Ok(Box::new(Counter { seen, own: 0 }))
    }
}

impl Operator for Counter {
    fn process(&mut self, _: Port, chunk: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        self.own += chunk.len() as u64;
        self.seen
            .counted
            .fetch_add(chunk.len() as u64, Ordering::SeqCst);
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, _: usize, _: &mut Vec<Chunk>) -> Result<bool> {
        self.seen
            .event_time
            .fetch_max(time.as_millis(), Ordering::SeqCst);
        Ok(false)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<OperatorSnapshot> {
        let counted = &self.seen.counted_before_the_boundary;
        counted.fetch_add(self.own, Ordering::SeqCst);
        Ok(OperatorSnapshot::default())
    }
}

fn graph_of(source: Arc<dyn SourceOperatorFactory>, counter: Arc<dyn OperatorFactory>) -> JobGraph {
    let node = |name: &str, parallelism, kind, inputs| Node {
        name: name.to_owned(),
        uid: None,
        parallelism,
        kind,
        inputs,
        is_aside: false,
    };
    let input = Input {
        from: 0,
        ship: Ship::Rebalance,
        port: Port::First,
    };
    JobGraph {
        name: "ticks".to_owned(),
        nodes: vec![
            node("endless", SOURCES, NodeKind::Source(source), Vec::new()),
            node(
                "counter",
                COUNTERS,
                NodeKind::Operator(counter),
                vec![input],
            ),
        ],
        max_parallelism: MaxParallelism::DEFAULT,
        chaining: true,
    }
}

fn start(graph: JobGraph, first_tick: u32) -> (Attempt, Receiver<AttemptEvent>) {
    let plan = Plan::of(&graph);
    let metrics = |parallelism| (0..parallelism).map(|_| TaskMetrics::default()).collect();
    let vertices = plan.vertices.iter();
    let spec = AttemptSpec {
        job: JobId::from_bytes([1; 16]),
        rate: Arc::default(),
        metrics: vertices.map(|vertex| metrics(vertex.parallelism)).collect(),
        graph: Arc::new(graph),
        plan: Arc::new(plan),
        workers: 2,
        lineage: Lineage::default(),
        run: 1,
        next_checkpoint: 5,
        first_tick,
        restored: None,
        directory: None,
        behind: millstream_storage::Behind::default(),
    };
    let (sender, events) = crossbeam_channel::bounded(1_000);
    let events_of = EventSender::new(move |event| sender.send(event).unwrap_or_default());
    let attempt = Attempt::start(spec, events_of).expect("threads");
    (attempt, events)
}

/// The number of acknowledgements of the checkpoint until each task has handed in, or the end.
fn await_acknowledgements(events: &Receiver<AttemptEvent>) {
    let mut waiting = SOURCES + COUNTERS;
    while waiting > 0 {
        match events.recv_timeout(PATIENCE).expect("an acknowledgement") {
            AttemptEvent::Acknowledged(_) => waiting -= 1,
            AttemptEvent::Failed { error, .. } => panic!("{error}"),
            _ => {}
        }
    }
}

/// Cancels the attempt, and waits until it has ended.
fn end(attempt: Attempt, events: &Receiver<AttemptEvent>) {
    attempt.cancel();
    while !matches!(events.recv_timeout(PATIENCE), Ok(AttemptEvent::Ended)) {}
    attempt.join();
}

#[allow(clippy::disallowed_methods, reason = "a test waits here")]
fn await_that(what: &str, is_so: impl Fn() -> bool) {
    let deadline = now() + PATIENCE;
    while !is_so() {
        assert!(now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn trigger(checkpoint: CheckpointId) -> Command {
    Command::Trigger(Box::new(Trigger {
        request: SnapshotRequest {
            checkpoint,
            kind: SnapshotKind::Checkpoint,
            format: SnapshotFormat::Native,
            full: true,
        },
        then: Then::Continue,
        targets: None,
        asked: now(),
        enumerated: EnumeratorParts::default(),
    }))
}

#[test]
fn an_epoch_whose_ticks_run_out_goes_on_until_its_boundary() {
    let seen = Seen::default();
    let makes = Arc::new(Makes(seen.clone()));
    let (attempt, events) = start(graph_of(makes.clone(), makes), u32::MAX - 3);
    let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
    // Many times what could be in flight without any tick coming to its end.
    await_that("records", || count(&seen.counted) > 1_000_000);
    let before = seen.event_time.load(Ordering::SeqCst);
    let in_flight = count(&seen.handed_out) - count(&seen.counted);
    assert!(in_flight < 100_000, "{in_flight} records are in flight");
    assert!(before < 100_000, "event time stands still: {before}");
    attempt.command(trigger(5)).expect("room");
    await_acknowledgements(&events);
    assert_eq!(
        count(&seen.at_the_boundary),
        count(&seen.counted_before_the_boundary)
    );
    let event_time = || seen.event_time.load(Ordering::SeqCst);
    await_that("event time behind the boundary", || {
        event_time() > before + 100_000
    });
    end(attempt, &events);
}
