//! Sources and sinks.

pub mod collection;
pub mod commit_nothing;
pub mod conformance;
pub mod directories;
pub mod discard;
#[cfg(feature = "elasticsearch")]
pub mod elasticsearch;
pub mod file_sink;
pub mod files_source;
pub mod formats;
pub mod function_sink;
pub mod generator;
#[cfg(feature = "hive")]
pub mod hive;
pub mod iterator_source;
#[cfg(feature = "kafka")]
pub mod kafka;
mod looking;
/// Kerberos, as sources and sinks that log in by it are told of it.
#[cfg(any(feature = "hive", feature = "kafka"))]
pub use millstream_gssapi as kerberos;
/// HDFS, as sources and sinks of files are given it.
pub use millstream_hdfs as hdfs;
/// Object stores, as sources and sinks of files are given them.
pub use millstream_objects as objects;
pub mod print;
pub mod rows;
pub mod socket;
pub mod text;
#[cfg(any(feature = "elasticsearch", feature = "kafka"))]
mod waiting;
