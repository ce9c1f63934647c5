//! Files and the rest as sinks: one promise a file.

#[path = "../sinks_common/mod.rs"]
mod sinks_common;

mod orc_support;
mod orc_that_is_written_is_read_by_other_programs;
mod sinks_file_away;
mod sinks_file_backpressure;
mod sinks_file_crash;
mod sinks_file_denied;
mod sinks_file_failures;
mod sinks_file_first_version;
mod sinks_file_layout;
mod sinks_file_lineage;
mod sinks_file_many;
mod sinks_file_moved;
mod sinks_print;
