//! What the author of a job links: the DataStream API, job packages, and local execution.
//!
//! ```no_run
//! use millstream::{DataStream, Environment, Text};
//!
//! let environment = Environment::new();
//! environment
//!     .read_text_file("input")?
//!     .flat_map(|line: String, out| {
//!         for word in line.split_whitespace() {
//!             out.collect((Text::from(word), 1_u64));
//!         }
//!     })
//!     .key_by(|(word, _)| word.clone())
//!     .sum(|(_, count)| count)
//!     .map(|(word, count)| format!("{word} {count}"))
//!     .print();
//! environment.execute("word count")?;
//! # Ok::<(), millstream::Error>(())
//! ```
//!
//! A stream is built first and runs later: [`Environment::execute`] runs it in this process. A job
//! [package](package) is an executable that lists its entry points and leaves the rest to
//! [`package::main`].

mod clock;
mod declared;
pub mod deduplication;
pub mod directories;
pub mod environment;
pub mod function;
pub mod local;
pub mod operators;
mod ownership;
pub mod package;
pub mod plan;
pub mod prepared;
pub mod run;
pub mod service;
pub mod stream;

pub use compact_str::CompactString as Text;
pub use deduplication::{Deduplication, Fingerprinted, TimeOf};
pub use environment::Environment;
pub use function::{CoProcessFunction, Collector, OpenContext, Outcome, ProcessFunction};
pub use millstream_connectors as connectors;
pub use millstream_core::{Configuration, Error, EventTime, JobStatus, Numbers, Result};
pub use millstream_core::{codes, options};
pub use millstream_engine::Record;
pub use millstream_state::{Fingerprint, ListState, MapState, TimerState, ValueState};
pub use package::{Arguments, EntryPoint, Parameter};
pub use run::RunOptions;
pub use stream::{DataStream, DataStreamSink, KeyedStream};
