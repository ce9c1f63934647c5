//! What an enumerator has found reaches every reader, in order, and before the boundary at which the enumerator's own
//! state tells of it. When it fails, the attempt does; when it is held up, people see why.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{RunningJob, await_that, graph, node};
use millstream_core::{CheckpointId, Error, JobStatus, Result, codes};
use millstream_engine::connector::{
    Enumerated, Enumerator, EnumeratorContext, Limit, Notice, Owner, SnapshotRequest, Source,
    SourceContext, SourceOutput, SourceReader, SourceSnapshot, SourceStatus, StateEntry, Waker,
};
use millstream_engine::graph::NodeKind;
use millstream_engine::operator::SourceFactory;
use millstream_protocol::OperationResult;

const READERS: usize = 5;
const SPLITS: u64 = 2_000;

/// What an enumerator does once it has announced half of the splits, until it may go on.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Panics,
    Fails,
    IsHeldUp,
}

/// What was known at each checkpoint.
#[derive(Default)]
struct Known {
    enumerator: BTreeMap<CheckpointId, u64>,
    readers: BTreeMap<(CheckpointId, usize), Vec<u64>>,
    ended: Vec<(CheckpointId, bool)>,
    /// What an enumerator was restored from: its own entries, and how many of how many readers.
    restored: Option<(Vec<StateEntry>, usize, usize)>,
}

/// A source whose splits are numbers, each of one record.
#[derive(Clone)]
struct Splits {
    manner: Manner,
    known: Arc<Mutex<Known>>,
    goes_on: Arc<AtomicBool>,
    held_up: Arc<Mutex<Option<(Notice, Waker)>>>,
    found: Arc<AtomicU64>,
}

impl Splits {
    fn new(manner: Manner) -> Self {
        Self {
            manner,
            known: Arc::default(),
            goes_on: Arc::default(),
            held_up: Arc::default(),
            found: Arc::default(),
        }
    }

    fn start(&self, options: &[(&str, &str)]) -> (RunningJob, tempfile::TempDir) {
        let directory = tempfile::tempdir().expect("a directory");
        let factory = NodeKind::Source(Arc::new(SourceFactory::new(self.clone())));
        let nodes = vec![node("splits", READERS, factory, Vec::new())];
        let job = RunningJob::start(graph(nodes), directory.path(), options);
        (job, directory)
    }

    fn go_on(&self, path: &str, directory: &Path) -> RunningJob {
        let factory = NodeKind::Source(Arc::new(SourceFactory::new(self.clone())));
        let nodes = vec![node("splits", READERS - 2, factory, Vec::new())];
        RunningJob::start_from(path, graph(nodes), directory, &[])
    }
}

impl Source<u64> for Splits {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        let restored = context.restored.unwrap_or_default();
        // What the first reader wrote goes to every reader, the rest to the last one.
        let is_last = context.subtask + 1 == context.parallelism;
        let expected = if is_last { READERS } else { 1 };
        assert!(
            restored.is_empty() || restored.len() == expected,
            "{restored:?}"
        );
        let before = restored.first().and_then(|entry| entry.value.as_u64());
        let found: Vec<u64> = (0..before.unwrap_or_default()).collect();
        Ok(Box::new(Reader {
            subtask: context.subtask,
            read: found.len(),
            found,
            source: self.clone(),
        }))
    }

    fn owner(&self, key: &str, parallelism: usize) -> Owner {
        if key == "reader 0" {
            Owner::Everyone
        } else {
            Owner::Subtask(parallelism - 1)
        }
    }

    fn enumerator(&self, context: EnumeratorContext) -> Result<Option<Box<dyn Enumerator>>> {
        let progress = context.progress.held_up.clone();
        *self.held_up.lock().expect("no panic") = Some((progress, context.waker));
        let mut next = 0;
        if let Some(restored) = context.restored {
            let own = restored.entries.iter();
            next = own.filter_map(|entry| entry.value.as_u64()).sum();
            let mut known = self.known.lock().expect("no panic");
            let readers = (restored.readers.len(), restored.readers_parallelism);
            known.restored = Some((restored.entries, readers.0, readers.1));
        }
        Ok(Some(Box::new(Announcer {
            next,
            source: self.clone(),
        })))
    }
}

fn entry(key: &str, value: u64) -> StateEntry {
    StateEntry {
        key: key.to_owned(),
        value: value.into(),
    }
}

struct Announcer {
    next: u64,
    source: Splits,
}

#[allow(clippy::panic, reason = "one of the manners")]
impl Enumerator for Announcer {
    fn poll(&mut self) -> Result<Enumerated> {
        if self.next == SPLITS / 2 && !self.source.goes_on.load(Ordering::SeqCst) {
            match self.source.manner {
                Manner::Panics => panic!("the splits are gone"),
                Manner::Fails => return Err(Error::new(&codes::PROGRAM_FAILED, "no splits")),
                Manner::IsHeldUp => return Ok(Enumerated::HeldUp("no door".to_owned())),
            }
        }
        if self.next == SPLITS {
            return Ok(Enumerated::Ended);
        }
        self.next += 1;
        Ok(Enumerated::Found((self.next - 1).to_be_bytes().into()))
    }

    fn snapshot(&mut self, request: &SnapshotRequest) -> Result<SourceSnapshot> {
        let mut known = self.source.known.lock().expect("no panic");
        known.enumerator.insert(request.checkpoint, self.next);
        Ok(vec![entry("next", self.next)].into())
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let mut known = self.source.known.lock().expect("no panic");
        known.ended.push((checkpoint, completed));
        Ok(())
    }
}

struct Reader {
    subtask: usize,
    found: Vec<u64>,
    read: usize,
    source: Splits,
}

impl SourceReader<u64> for Reader {
    fn poll(&mut self, out: &mut SourceOutput<u64>, limit: Limit) -> Result<SourceStatus> {
        let before = self.read;
        while self.read < self.found.len() && self.read - before < limit.records {
            out.extend(self.found.get(self.read).copied());
            self.read += 1;
        }
        Ok(match self.read - before {
            0 if self.found.len() as u64 == SPLITS => SourceStatus::Ended,
            0 => SourceStatus::Pending(None),
            read => SourceStatus::Ready(read),
        })
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        let mut known = self.source.known.lock().expect("no panic");
        let place = (checkpoint, self.subtask);
        known.readers.insert(place, self.found.clone());
        let key = format!("reader {}", self.subtask);
        Ok(vec![entry(&key, self.found.len() as u64)].into())
    }

    fn found(&mut self, announcement: &[u8]) -> Result<()> {
        let number = announcement.try_into().expect("eight bytes");
        self.found.push(u64::from_be_bytes(number));
        self.source.found.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn they_know_the_same() {
    let splits = Splits::new(Manner::IsHeldUp);
    let options = [
        ("execution.checkpointing.interval", "2 ms"),
        ("millstream.worker-threads", "3"),
    ];
    let (job, _directory) = splits.start(&options);
    let half = SPLITS / 2 * READERS as u64;
    await_that("half of it", || splits.found.load(Ordering::SeqCst) == half);
    let held_up = splits.held_up.lock().expect("no panic").clone();
    let (notice, waker) = held_up.expect("an enumerator");
    await_that("a notice", || notice.get().as_deref() == Some("no door"));
    let checkpoints = || splits.known.lock().expect("no panic").ended.len();
    await_that("checkpoints meanwhile", || checkpoints() > 3);
    splits.goes_on.store(true, Ordering::SeqCst);
    waker.wake();
    assert_eq!(job.join().status, JobStatus::Finished);
    assert_eq!(notice.get(), None, "nothing holds it up any more");
    let known = splits.known.lock().expect("no panic");
    assert!(known.enumerator.len() > 3);
    for ((checkpoint, subtask), found) in &known.readers {
        let told = known.enumerator.get(checkpoint).copied();
        let expected: Vec<u64> = (0..told.expect("the enumerator was asked, too")).collect();
        assert_eq!(
            *found, expected,
            "checkpoint {checkpoint}, reader {subtask}"
        );
    }
    let asked: Vec<_> = known.enumerator.keys().map(|n| (*n, true)).collect();
    let mut ended = known.ended.clone();
    ended.retain(|(_, completed)| *completed);
    assert!(asked.starts_with(&ended), "{ended:?} of {asked:?}");
}

#[test]
fn a_stop_passes_one_that_is_held_up_and_it_goes_on_from_there() {
    let splits = Splits::new(Manner::IsHeldUp);
    let (mut job, directory) = splits.start(&[]);
    let half = SPLITS / 2 * READERS as u64;
    await_that("half of it", || splits.found.load(Ordering::SeqCst) == half);
    let checkpoint = job.checkpoint();
    let result = job.result(checkpoint);
    assert!(
        matches!(result, OperationResult::Completed { .. }),
        "{result:?}"
    );
    let stop = job.stop(false);
    let result = job.result(stop);
    let OperationResult::Stopped { path, checkpoint } = result else {
        unreachable!("the job stops: {result:?}");
    };
    job.join();
    let known = || splits.known.lock().expect("no panic");
    assert_eq!(known().enumerator.get(&checkpoint), Some(&(SPLITS / 2)));
    splits.goes_on.store(true, Ordering::SeqCst);
    let job = splits.go_on(&path, directory.path());
    assert_eq!(job.join().status, JobStatus::Finished);
    let restored = known().restored.clone();
    let expected = (vec![entry("next", SPLITS / 2)], READERS, READERS);
    assert_eq!(restored, Some(expected), "it is handed what it wrote");
}

#[test]
fn the_attempt_fails_with_its_enumerator() {
    for (manner, cause) in [
        (Manner::Panics, "the splits are gone"),
        (Manner::Fails, "no splits"),
    ] {
        let (job, _directory) = Splits::new(manner).start(&[]);
        let outcome = job.join();
        assert_eq!(outcome.status, JobStatus::Failed);
        let failure = outcome.cause.expect("a cause");
        assert!(failure.message.contains(cause), "{failure:?}");
    }
}
