//! The conformance suites find connectors that break a promise.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use millstream_connectors::conformance::{SinkSuite, SinkTarget, SourceSuite};
use millstream_connectors::function_sink::FunctionSink;
use millstream_connectors::generator::GeneratorSource;
use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    Committable, Limit, Sink, Source, SourceContext, SourceOutput, SourceReader, SourceSnapshot,
    SourceStatus,
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
