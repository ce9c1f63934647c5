//! The suites that every source and sink is held to: one promise a file.

#[path = "../hive_support/mod.rs"]
mod hive_support;
#[path = "../kafka_sink_support/mod.rs"]
mod kafka_sink_support;
#[path = "../kafka_support/mod.rs"]
mod kafka_support;
#[path = "../sinks_common/mod.rs"]
mod sinks_common;

mod conformance_finds_faults;
mod conformance_finds_faults_of_sinks;
mod conformance_sinks_elasticsearch;
mod conformance_sinks_file;
mod conformance_sinks_kafka;
mod conformance_sources_files;
mod conformance_sources_hive;
mod conformance_sources_kafka;
mod conformance_sources_letters;
mod conformance_sources_small;
mod conformance_without_replay_or_commit;
mod faulty_sink_support;
mod the_guides_connectors_keep_the_promises;
