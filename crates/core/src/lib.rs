//! The words that every other crate of Millstream shares: ids, statuses, options, error kinds and
//! codes, key groups, lineages, numbers and event time.
//!
//! This crate knows no I/O, no async, no threads, no clock and no randomness. What it decides, it
//! decides from its arguments alone.

pub mod address;
pub mod book;
pub mod certificates;
pub mod codes;
pub mod columns;
pub mod error;
pub mod finding;
pub mod guard;
pub mod hash;
pub mod ids;
pub mod key_group;
pub mod kind;
pub mod lineage;
pub mod numbers;
pub mod options;
pub mod status;
pub mod time;
pub mod type_names;
mod words;

pub use error::{Error, Result, without_stop};
pub use finding::{Finding, Verdict};
pub use ids::{AttemptId, CheckpointId, JobId, OperatorId, TriggerId};
pub use key_group::{KeyGroup, KeyGroupRange, MaxParallelism};
pub use kind::ErrorKind;
pub use lineage::{Ancestor, Lineage};
pub use numbers::Numbers;
pub use options::{ConfigOption, Configuration, MemorySize};
pub use status::{JobStatus, TaskStatus};
pub use time::EventTime;
pub use words::counted;
