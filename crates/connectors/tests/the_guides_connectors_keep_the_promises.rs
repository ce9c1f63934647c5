//! The source and the sink that the guide shows compile, keep the promises of the conformance suites, and are what the
//! guide shows.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use millstream_connectors::commit_nothing::NothingToCommit;
use millstream_connectors::conformance::{SinkSuite, SinkTarget, SourceSuite};
use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{
    Committable, CommitterContext, Limit, Owner, Prepared, Sink, SinkCommitter, SinkContext,
    SinkWriter, Source, SourceContext, SourceOutput, SourceReader, SourceSnapshot, SourceStatus,
    StateEntry, WriteStatus,
};

include!("guide/source.rs");
include!("guide/sink.rs");

#[test]
fn the_source_goes_on_where_it_was() {
    let source = || {
        Box::new(Numbers {
            next: 0,
            end: 5_000,
        }) as _
    };
    SourceSuite::new(&source, &|number| vec![number], (0..5_000_u64).collect()).run();
}

impl SinkTarget for Memory {
    type Record = u64;

    fn sink(&self) -> Box<dyn Sink<u64>> {
        Box::new(self.clone())
    }

    fn records(&self, numbers: Range<u64>) -> Vec<u64> {
        numbers.collect()
    }

    fn visible(&self) -> Vec<u64> {
        self.records.lock().expect("nobody panicked").clone()
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
fn the_guide_shows_them_as_they_are() {
    let guide = include_str!("../../../docs/guide/connectors.md");
    for code in [
        include_str!("guide/source.rs"),
        include_str!("guide/sink.rs"),
    ] {
        assert!(
            guide.contains(&format!("```rust\n{code}```\n")),
            "docs/guide/connectors.md shows another text than crates/connectors/tests/guide"
        );
    }
}
