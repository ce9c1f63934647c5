//! A sink of Kafka keeps the promises of a sink that commits, where it is exactly once, and of one that shows everything at
//! once, where it is not; against a real broker.

#![cfg(feature = "kafka")]

use crate::kafka_sink_support::Target;
use millstream_connectors::conformance::SinkSuite;

#[test]
fn at_least_once_shows_what_was_taken() {
    let target = || Target::new(false);
    SinkSuite::new(&target).run_at_once();
}

#[test]
fn exactly_once_commits_what_snapshots_hold() {
    let target = || Target::new(true);
    SinkSuite::new(&target).run();
}
