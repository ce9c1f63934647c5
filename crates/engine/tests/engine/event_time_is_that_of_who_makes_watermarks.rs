//! Event time is the least of the watermarks of all splits and subtasks that are not idle, and behind an operator that
//! makes watermarks it is that operator's.

#![allow(clippy::indexing_slicing, reason = "a test: a panic is a failure")]

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Make, RunningJob, await_that, graph, node, operator};
use millstream_core::{CheckpointId, EventTime, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::{
    Announced, Limit, Source, SourceContext, SourceOutput, SourceReader, SourceSnapshot,
    SourceStatus,
};
use millstream_engine::graph::{Input, NodeKind, Ship};
use millstream_engine::operator::{
    Operator, OperatorContext, OperatorFactory, Port, SourceFactory,
};

/// A source whose readers say of their splits what they are told.
#[derive(Clone)]
struct Told {
    /// By subtask: what is said of the splits 7 and 8; `None`: that it is idle.
    splits: Arc<Mutex<[[Option<i64>; 2]; 2]>>,
}

impl Told {
    fn say(&self, subtask: usize, split: usize, watermark: Option<i64>) {
        self.splits.lock().expect("no panic")[subtask][split] = watermark;
    }
}

impl Source<u64> for Told {
    fn is_bounded(&self) -> bool {
        false
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        Ok(Box::new(Teller {
            told: self.clone(),
            subtask: context.subtask,
        }))
    }
}

struct Teller {
    told: Told,
    subtask: usize,
}

impl SourceReader<u64> for Teller {
    fn poll(&mut self, out: &mut SourceOutput<u64>, _: Limit) -> Result<SourceStatus> {
        let said = self.told.splits.lock().expect("no panic")[self.subtask];
        for (split, watermark) in (7..).zip(said) {
            let mut split = out.split(split);
            match watermark {
                Some(millis) => split.watermark(EventTime::from_millis(millis)),
                None => split.idle(),
            }
        }
        Ok(SourceStatus::Pending(Some(Duration::from_millis(1))))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }
}

/// Notes the event time that it is brought to.
struct Clock(Arc<AtomicI64>);

impl Operator for Clock {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, _: usize, _: &mut Vec<Chunk>) -> Result<bool> {
        self.0.store(time.as_millis(), Ordering::SeqCst);
        Ok(false)
    }
}

/// Makes watermarks that lie behind those from upstream, or says that it is idle.
struct Later {
    behind: i64,
    idle: Arc<AtomicBool>,
    time: EventTime,
}

impl Operator for Later {
    fn process(&mut self, _: Port, _: Chunk, _: &mut Vec<Chunk>) -> Result<()> {
        Ok(())
    }

    fn advance_to(&mut self, time: EventTime, _: usize, _: &mut Vec<Chunk>) -> Result<bool> {
        self.time = time;
        Ok(false)
    }

    fn announced(&self) -> Announced {
        if self.idle.load(Ordering::SeqCst) {
            return Announced::Idle;
        }
        Announced::Active(EventTime::from_millis(self.time.as_millis() + self.behind))
    }
}

struct MakeLater(Arc<AtomicBool>);

impl OperatorFactory for MakeLater {
    fn open(&self, context: &OperatorContext) -> Result<Box<dyn Operator>> {
        // The first subtask says less, or that it is idle.
        let is_first = context.subtask == 0;
        Ok(Box::new(Later {
            behind: if is_first { 500 } else { 1_000 },
            idle: if is_first {
                self.0.clone()
            } else {
                Arc::default()
            },
            time: EventTime::from_millis(0),
        }))
    }

    fn generates_watermarks(&self) -> bool {
        true
    }
}

#[test]
fn over_splits_subtasks_and_operators() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = Told {
        splits: Arc::new(Mutex::new([[Some(0); 2]; 2])),
    };
    let idle = Arc::new(AtomicBool::new(false));
    let clocks: [Arc<AtomicI64>; 4] = std::array::from_fn(|_| Arc::new(AtomicI64::new(-1)));
    let source = NodeKind::Source(Arc::new(SourceFactory::new(told.clone())));
    let makes = NodeKind::Operator(Arc::new(MakeLater(idle.clone())));
    let input = |from, ship| Input {
        from,
        ship,
        port: Port::First,
    };
    let clock = |number: usize| {
        let clock = clocks[number].clone();
        move |_: &OperatorContext| Clock(clock.clone())
    };
    let nodes = vec![
        node("told", 2, source, Vec::new()),
        // In the source's own vertex there is nothing else: it has two consumers.
        operator("behind the source", 1, (0, Ship::Rebalance), clock(0)),
        node("later", 2, makes, vec![input(0, Ship::Rebalance)]),
        node(
            "same task",
            2,
            NodeKind::Operator(Arc::new(Make(clock(1)))),
            vec![input(2, Ship::Forward)],
        ),
        operator("behind it", 1, (3, Ship::Rebalance), clock(2)),
        operator("far behind", 2, (4, Ship::Rebalance), clock(3)),
    ];
    let options = [("millstream.worker-threads", "2")];
    let mut job = RunningJob::start(graph(nodes), directory.path(), &options);
    let later = AtomicI64::new(500);
    let at = |what: &str, millis: i64| {
        await_that(what, || clocks[0].load(Ordering::SeqCst) == millis);
        await_that(what, || {
            let behind = clocks[1].load(Ordering::SeqCst) - millis;
            behind == 500 || behind == 1_000
        });
        for clock in &clocks[2..] {
            await_that(what, || {
                clock.load(Ordering::SeqCst) == millis + later.load(Ordering::SeqCst)
            });
        }
    };
    for (subtask, split, watermark) in [(0, 0, 50), (0, 1, 40), (1, 0, 30), (1, 1, 20)] {
        told.say(subtask, split, Some(watermark));
    }
    at("the least of all splits", 20);
    told.say(1, 1, None);
    at("of those that are not idle", 30);
    told.say(1, 0, None);
    at("of the subtasks that are not idle", 40);
    told.say(0, 1, Some(70));
    at("going on", 50);
    told.say(1, 0, Some(60));
    told.say(0, 0, Some(80));
    at("with the one that is active again", 60);
    // What is told next has the first maker of watermarks say that it is idle: the other one counts.
    idle.store(true, Ordering::SeqCst);
    later.store(1_000, Ordering::SeqCst);
    told.say(1, 0, Some(65));
    await_that("the other maker", || {
        clocks[2].load(Ordering::SeqCst) == 1_065
    });
    await_that("and farther down", || {
        clocks[3].load(Ordering::SeqCst) == 1_065
    });
    let cancel = job.cancel();
    job.result(cancel);
    job.join();
}
