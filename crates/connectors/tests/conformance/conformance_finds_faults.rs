//! The conformance suites find connectors that break a promise.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use millstream_connectors::conformance::{SinkSuite, SinkTarget, SourceSuite};
use millstream_connectors::function_sink::FunctionSink;
use millstream_connectors::generator::GeneratorSource;
use millstream_core::{CheckpointId, EventTime, Result};
use millstream_engine::connector::{
    Committable, Limit, Owner, Sink, Source, SourceContext, SourceOutput, SourceReader,
    SourceSnapshot, SourceStatus, StateEntry,
};

const RECORDS: u64 = 500;

/// What is wrong with a source.
#[derive(Clone, Copy)]
enum Fault {
    ForgetsItsPosition,
    IgnoresTheLimit,
    MovesOnSnapshot,
    ReadsEverythingEverywhere,
}

/// A generator with a fault.
struct Faulty {
    generator: GeneratorSource<u64>,
    fault: Fault,
}

impl Source<u64> for Faulty {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, mut context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        match self.fault {
            Fault::ForgetsItsPosition => context.restored = None,
            Fault::ReadsEverythingEverywhere => (context.subtask, context.parallelism) = (0, 1),
            Fault::IgnoresTheLimit | Fault::MovesOnSnapshot => {}
        }
        let reader = self.generator.open(context)?;
        Ok(Box::new(FaultyReader {
            reader,
            fault: self.fault,
        }))
    }
}

struct FaultyReader {
    reader: Box<dyn SourceReader<u64>>,
    fault: Fault,
}

impl SourceReader<u64> for FaultyReader {
    fn poll(&mut self, out: &mut SourceOutput<u64>, mut limit: Limit) -> Result<SourceStatus> {
        limit.records += usize::from(matches!(self.fault, Fault::IgnoresTheLimit));
        self.reader.poll(out, limit)
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        if matches!(self.fault, Fault::MovesOnSnapshot) {
            let mut out = SourceOutput::new();
            self.reader.poll(&mut out, Limit::records(1))?;
        }
        self.reader.snapshot(checkpoint)
    }
}

fn run(fault: Fault) {
    let source = || {
        let generator = GeneratorSource::new(1, |_, index| index).count(RECORDS);
        Box::new(Faulty { generator, fault }) as _
    };
    SourceSuite::new(&source, &|record| vec![record], (0..RECORDS).collect()).run();
}

#[test]
#[should_panic(expected = "nothing comes after the end")]
fn a_source_that_forgets_its_position_is_found() {
    run(Fault::ForgetsItsPosition);
}

#[test]
#[should_panic(expected = "were handed out at a limit of")]
fn a_source_that_ignores_the_limit_is_found() {
    run(Fault::IgnoresTheLimit);
}

#[test]
#[should_panic(expected = "a snapshot does not move the reader")]
fn a_source_that_moves_on_a_snapshot_is_found() {
    run(Fault::MovesOnSnapshot);
}

#[test]
#[should_panic(expected = "reads everything once at parallelism 2")]
fn a_source_that_reads_twice_is_found() {
    run(Fault::ReadsEverythingEverywhere);
}

/// Whether a source keeps what it promises of event time and of the outside, or how it does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Queue {
    Keeps,
    AcknowledgesWithASnapshot,
    AcknowledgesWhatWasGivenUp,
    AcknowledgesBehindTheSnapshot,
    TellsAWatermarkTooEarly,
    StaysIdle,
    EndsASplitTooEarly,
    NamesNoSplit,
    TurnsTimeBack,
}

/// Numbers that are gone from the queue once they are acknowledged. A number is its event time.
struct QueueSource {
    behavior: Queue,
    acknowledged: Arc<AtomicU64>,
}

impl Source<u64> for QueueSource {
    fn is_bounded(&self) -> bool {
        true
    }

    fn open(&self, context: SourceContext) -> Result<Box<dyn SourceReader<u64>>> {
        let mut restored = context.restored.iter().flatten();
        let next = restored.find_map(|entry| entry.value.as_u64()).unwrap_or(0);
        let end = if context.subtask == 0 { RECORDS } else { 0 };
        Ok(Box::new(QueueReader {
            behavior: self.behavior,
            next: next.max(self.acknowledged.load(Ordering::Relaxed)).min(end),
            end,
            polls: 0,
            taken: Vec::new(),
            acknowledged: Arc::clone(&self.acknowledged),
        }))
    }

    fn owner(&self, _key: &str, _parallelism: usize) -> Owner {
        Owner::Subtask(0)
    }
}

struct QueueReader {
    behavior: Queue,
    next: u64,
    end: u64,
    polls: u64,
    /// The positions of snapshots that have not ended.
    taken: Vec<(CheckpointId, u64)>,
    acknowledged: Arc<AtomicU64>,
}

impl QueueReader {
    fn acknowledge(&self, up_to: u64) {
        self.acknowledged.fetch_max(up_to, Ordering::Relaxed);
    }

    fn tell_time(&self, out: &mut SourceOutput<u64>, read: u64) {
        let time = EventTime::from_millis;
        if self.behavior == Queue::NamesNoSplit {
            return;
        }
        let is_done = self.next == self.end;
        match self.behavior {
            Queue::EndsASplitTooEarly if self.next > self.end / 2 => out.end_split(1),
            Queue::TurnsTimeBack if read > 0 => {
                out.end_split(1);
                out.split(1).watermark(time(-(self.next as i64)));
            }
            _ if is_done => out.end_split(1),
            Queue::TellsAWatermarkTooEarly => out.split(1).watermark(time(self.next as i64)),
            Queue::StaysIdle => out.split(1).idle(),
            _ if read == 0 => out.split(1).idle(),
            _ => out.split(1).watermark(time(self.next as i64 - 1)),
        }
    }
}

impl SourceReader<u64> for QueueReader {
    fn poll(&mut self, out: &mut SourceOutput<u64>, limit: Limit) -> Result<SourceStatus> {
        let from = self.next;
        self.polls += 1;
        // Now and then nothing is there.
        if !self.polls.is_multiple_of(3) {
            self.next = self.end.min(from + limit.records as u64);
        }
        out.extend(from..self.next);
        let read = self.next - from;
        self.tell_time(out, read);
        Ok(match read {
            0 if self.next == self.end => SourceStatus::Ended,
            read => SourceStatus::Ready(read as usize),
        })
    }

    fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<SourceSnapshot> {
        if self.behavior == Queue::AcknowledgesWithASnapshot {
            self.acknowledge(self.next);
        }
        self.taken.push((checkpoint, self.next));
        let (key, value) = ("next".to_owned(), self.next.into());
        let entry = (self.end > 0).then_some(StateEntry { key, value });
        Ok(Vec::from_iter(entry).into())
    }

    fn checkpoint_ended(&mut self, checkpoint: CheckpointId, completed: bool) -> Result<()> {
        let taken = self.taken.iter().find(|(number, _)| *number == checkpoint);
        let position = taken.map_or(0, |(_, position)| *position);
        match self.behavior {
            Queue::AcknowledgesBehindTheSnapshot => self.acknowledge(self.next),
            behavior if completed || behavior == Queue::AcknowledgesWhatWasGivenUp => {
                self.acknowledge(position);
            }
            _ => {}
        }
        Ok(())
    }
}

fn run_queue(behavior: Queue) {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let source = || {
        let acknowledged = Arc::clone(&acknowledged);
        Box::new(QueueSource {
            behavior,
            acknowledged,
        }) as _
    };
    let bring_back = || acknowledged.store(0, Ordering::Relaxed);
    SourceSuite::new(&source, &|record| vec![record], (0..RECORDS).collect())
        .before_each_life(&bring_back)
        .event_time(&|number| (1, EventTime::from_millis(*number as i64)))
        .rounds(60)
        .run();
}

#[test]
fn a_source_that_acknowledges_behind_the_checkpoint_and_tells_the_time_keeps_all_promises() {
    run_queue(Queue::Keeps);
}

#[test]
#[should_panic(expected = "restores hand out exactly the rest")]
fn a_source_that_acts_when_a_snapshot_is_taken_is_found() {
    run_queue(Queue::AcknowledgesWithASnapshot);
}

#[test]
#[should_panic(expected = "restores hand out exactly the rest")]
fn a_source_that_acts_when_a_checkpoint_was_given_up_is_found() {
    run_queue(Queue::AcknowledgesWhatWasGivenUp);
}

#[test]
#[should_panic(expected = "restores hand out exactly the rest")]
fn a_source_that_acts_on_what_lies_behind_the_snapshot_is_found() {
    run_queue(Queue::AcknowledgesBehindTheSnapshot);
}

#[test]
#[should_panic(expected = "comes from split 1 behind its watermark")]
fn a_source_that_tells_a_watermark_too_early_is_found() {
    run_queue(Queue::TellsAWatermarkTooEarly);
}

#[test]
#[should_panic(expected = "split 1 is idle and hands out records")]
fn a_source_whose_split_stays_idle_is_found() {
    run_queue(Queue::StaysIdle);
}

#[test]
#[should_panic(expected = "comes from split 1, which had ended or was never named")]
fn a_source_that_ends_a_split_too_early_is_found() {
    run_queue(Queue::EndsASplitTooEarly);
}

#[test]
#[should_panic(expected = "comes from split 1, which had ended or was never named")]
fn a_source_that_names_no_split_is_found() {
    run_queue(Queue::NamesNoSplit);
}

#[test]
#[should_panic(expected = "the event time of split 1 goes back")]
fn a_source_that_turns_time_back_is_found() {
    run_queue(Queue::TurnsTimeBack);
}

/// A sink that shows records as soon as it is given them.
#[derive(Default)]
struct Hasty {
    seen: Arc<Mutex<Vec<u64>>>,
}

impl SinkTarget for Hasty {
    type Record = u64;

    fn sink(&self) -> Box<dyn Sink<u64>> {
        let seen = self.seen.clone();
        Box::new(FunctionSink::new(move |_, number| {
            seen.lock().expect("nobody panicked").push(number);
            Ok(())
        }))
    }

    fn records(&self, numbers: Range<u64>) -> Vec<u64> {
        numbers.collect()
    }

    fn visible(&self) -> Vec<u64> {
        self.seen.lock().expect("nobody panicked").clone()
    }

    fn leftovers(&self) -> Vec<String> {
        Vec::new()
    }

    fn destroy(&self, _committable: &Committable) {}
}

#[test]
#[should_panic(expected = "nothing is visible before it is committed")]
fn a_sink_that_shows_records_too_early_is_found() {
    SinkSuite::new(&Hasty::default).run();
}
