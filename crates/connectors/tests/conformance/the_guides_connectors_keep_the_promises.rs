//! The source and the sinks that the guide shows compile, keep the promises of the conformance suites, and are what the
//! guide shows.

use std::io::Write;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::sinks_common::Target;
use millstream_connectors::conformance::{SinkSuite, SinkTarget, SourceSuite};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::EachRecord;
use millstream_connectors::function_sink::FunctionSink;
use millstream_connectors::iterator_source::IteratorSource;
use millstream_engine::connector::{Committable, Sink, Source};

include!("guide/source.rs");
include!("guide/sink.rs");
include!("guide/committing_sink.rs");

#[test]
fn the_source_goes_on_where_it_was() {
    let source = || Box::new(numbers(5_000)) as _;
    SourceSuite::new(&source, &|number| vec![number], (0..5_000_u64).collect()).run();
}

/// What the sink in memory was given.
#[derive(Default)]
struct Memory {
    kept: Arc<Mutex<Vec<u64>>>,
}

impl SinkTarget for Memory {
    type Record = u64;

    fn sink(&self) -> Box<dyn Sink<u64>> {
        Box::new(memory(self.kept.clone()))
    }

    fn records(&self, numbers: Range<u64>) -> Vec<u64> {
        numbers.collect()
    }

    fn visible(&self) -> Vec<u64> {
        self.kept.lock().expect("nobody panicked").clone()
    }

    fn leftovers(&self) -> Vec<String> {
        Vec::new()
    }

    fn destroy(&self, _committable: &Committable) {}
}

#[test]
fn the_sink_shows_every_record() {
    SinkSuite::new(&Memory::default).run_at_once();
}

#[test]
fn the_sink_that_commits_shows_every_record_exactly_once() {
    SinkSuite::new(&|| Target::<u64>::new(files_of_numbers)).run();
}

#[test]
fn the_guide_shows_them_as_they_are() {
    let guide = include_str!("../../../../docs/guide/connectors.md");
    for code in [
        include_str!("guide/source.rs"),
        include_str!("guide/sink.rs"),
        include_str!("guide/committing_sink.rs"),
    ] {
        assert!(
            guide.contains(&format!("```rust\n{code}```\n")),
            "docs/guide/connectors.md shows another text than crates/connectors/tests/conformance/guide"
        );
        assert!(code.lines().count() <= 10, "the guide promises ten lines");
    }
}
