//! What finds no room in a channel is an error that is told at once: nobody waits for room, and nothing is lost in silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};

use super::{Makes, PATIENCE, SOURCES, Seen, await_that, end, graph_of, start};
use crate::attempt::{Attempt, COMMANDS, COMMANDS_OF_THE_DRIVER};
use crate::chunk::Chunk;
use crate::connector::{
    Enumerated, Enumerator, EnumeratorContext, Limit, SnapshotRequest, SourceSnapshot,
    SourceStatus, Waker,
};
use crate::messages::{AttemptEvent, Command, EventSender, SnapshotJob, SnapshotSender, TaskKey};
use crate::metrics::TaskMetrics;
use crate::operator::{OperatorContext, SourceOperator, SourceOperatorFactory};
use crate::task::core::now;

/// Where a source stands still.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Enumerator,
    Reader,
}

/// A source without records that stands still until it is let go.
#[derive(Clone)]
struct Standing {
    place: Place,
    /// Closed once it may go on.
    gate: Receiver<()>,
    /// How many of it stand there.
    count: Arc<AtomicUsize>,
}

impl Standing {
    fn stand(&self, place: Place) {
        if self.place == place {
            self.count.fetch_add(1, Ordering::SeqCst);
            // An error says that the gate was opened.
            let _opened = self.gate.recv();
        }
    }
}

impl SourceOperatorFactory for Standing {
    fn is_bounded(&self) -> bool {
        false
    }

    fn open(&self, _: &OperatorContext) -> Result<Box<dyn SourceOperator>> {
        Ok(Box::new(self.clone()))
    }

    fn enumerator(&self, _: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        Ok(Some(Box::new(self.clone())))
    }
}

impl SourceOperator for Standing {
    fn poll(&mut self, _: &mut Vec<Chunk>, _: Limit) -> Result<SourceStatus> {
        self.stand(Place::Reader);
        Ok(SourceStatus::Pending(None))
    }

    fn snapshot(&mut self, _: CheckpointId) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }

    fn records_read(&self) -> u64 {
        0
    }
}

impl Enumerator for Standing {
    fn poll(&mut self) -> Result<Enumerated> {
        self.stand(Place::Enumerator);
        Ok(Enumerated::Ended)
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<SourceSnapshot> {
        Ok(SourceSnapshot::default())
    }
}

/// An attempt whose source stands still at a place, as so many of it do, and what lets it go when it is dropped.
fn standing(place: Place, many: usize) -> (Attempt, Receiver<AttemptEvent>, Sender<()>) {
    let (open, gate) = bounded(0);
    let count = Arc::new(AtomicUsize::new(0));
    let source = Standing {
        place,
        gate,
        count: count.clone(),
    };
    let counter = Arc::new(Makes(Seen::default()));
    let (attempt, events) = start(graph_of(Arc::new(source), counter), 0);
    await_that("the source to stand still", || {
        count.load(Ordering::SeqCst) == many
    });
    (attempt, events, open)
}

#[test]
fn of_an_enumerator_that_stands_still() {
    let (attempt, events, open) = standing(Place::Enumerator, 1);
    let commands = (0..=COMMANDS_OF_THE_DRIVER).map(|_| attempt.command(Command::Resume(0)));
    let answers: Vec<Result<()>> = commands.collect();
    drop(open);
    end(attempt, &events);
    let (last, before) = answers.split_last().expect("answers");
    assert!(before.iter().all(Result::is_ok), "{before:?}");
    let error = last.as_ref().expect_err("there is no room");
    assert_eq!(error.code(), codes::TASK_STUCK.id, "{error}");
    let why = "the thread of enumerators takes no commands: an enumerator stands still";
    assert_eq!(error.message(), why);
}

/// The failure that is told, if one is.
fn failure(events: &Receiver<AttemptEvent>) -> Option<(Option<TaskKey>, Error)> {
    while let Ok(event) = events.recv_timeout(PATIENCE) {
        if let AttemptEvent::Failed { task, error } = event {
            return Some((task, error));
        }
    }
    None
}

#[test]
fn of_a_worker_whose_task_stands_still() {
    let (attempt, events, open) = standing(Place::Reader, SOURCES);
    for _ in 0..=COMMANDS {
        // The thread of enumerators hands them on to the workers.
        await_that("room", || attempt.command(Command::Resume(0)).is_ok());
    }
    let failed = failure(&events);
    drop(open);
    end(attempt, &events);
    let (task, error) = failed.expect("a failure");
    // Whose task it is nobody can tell.
    assert_eq!(task, None);
    assert_eq!(error.code(), codes::TASK_STUCK.id, "{error}");
    let why = "worker 0 takes no commands: a task on it stands still";
    assert_eq!(error.message(), why);
}

const TASK: TaskKey = TaskKey {
    vertex: 1,
    subtask: 2,
};

fn snapshot(checkpoint: CheckpointId) -> SnapshotJob {
    SnapshotJob {
        checkpoint,
        task: TASK,
        targets: None,
        operators: Vec::new(),
        declined: None,
        metrics: TaskMetrics::default(),
        start_delay: Duration::ZERO,
        freeze: Duration::ZERO,
        frozen: now(),
    }
}

/// Which checkpoint was declined, and why, if one was.
fn declined(told: &Receiver<AttemptEvent>) -> Option<(CheckpointId, String)> {
    match told.try_recv() {
        Ok(AttemptEvent::Declined {
            checkpoint,
            task,
            error,
        }) => {
            assert_eq!(task, TASK);
            assert_eq!(error.code(), codes::CHECKPOINT_FAILED.id, "{error}");
            Some((checkpoint, error.message().to_owned()))
        }
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

#[test]
fn of_snapshots_that_wait_to_be_written() {
    let (jobs, waiting) = bounded(1);
    let (ending, _ended) = bounded(1);
    let (tell, told) = bounded(1);
    let events = EventSender::new(move |event| tell.send(event).unwrap_or_default());
    let woken = Arc::new(AtomicUsize::new(0));
    let wakes = woken.clone();
    let wake = Waker::new(move || {
        wakes.fetch_add(1, Ordering::SeqCst);
    });
    let sender = SnapshotSender::new(jobs, ending, events, wake);
    sender.submit(snapshot(1));
    assert_eq!(declined(&told), None);
    sender.submit(snapshot(2));
    let why = "so many snapshots wait to be written that there is no room";
    assert_eq!(declined(&told), Some((2, why.to_owned())));
    // Who writes them has gone: nothing that is handed in is waited for.
    drop(waiting);
    sender.submit(snapshot(3));
    let why = "the snapshot thread has ended";
    assert_eq!(declined(&told), Some((3, why.to_owned())));
    assert_eq!(woken.load(Ordering::SeqCst), 1);
}
