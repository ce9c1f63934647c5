//! The pure state machines of a job: its life cycle, checkpoints, stop, restarts, commits and recovery.
//!
//! [`JobMachine`] decides everything about one job. A driver feeds it [`Event`]s together with the
//! time, and performs the [`Action`]s that come back; a life cycle that is decided without I/O, clock,
//! threads or randomness can be tested in every interleaving. The composite is made of small parts
//! that can be read alone:
//!
//! | module | decides |
//! |---|---|
//! | [`job`] | the statuses of the job and its tasks, and how the parts work together |
//! | [`checkpoint`] | when a snapshot begins, is complete, or is given up |
//! | [`retention`] | which completed snapshot to go back to, and which to delete |
//! | [`stop`] | the last snapshot: stop with savepoint, and the end of the input |
//! | [`commit`] | when output is committed, and how often that is tried |
//! | [`owed`] | which prepared output must outlive the job |
//! | [`restart`] | whether and when a failed job is restarted |
//! | [`recovery`] | which snapshot a start goes on from, or why not |
//! | [`cancellation`] | how long a task may take to end |
//! | [`link`] | nothing: what a server and a job's process say to each other |
//! | [`operations`] | requests, each of which ends exactly once |
//! | [`supervision`] | what a server does about a job's process |
//!
//! This crate knows no I/O, no clock, no randomness, no threads and no timely.

pub mod action;
pub mod cancellation;
pub mod checkpoint;
pub mod commit;
pub mod event;
pub mod job;
pub mod link;
pub mod operations;
pub mod owed;
mod range;
pub mod recovery;
pub mod restart;
pub mod retention;
pub mod settings;
pub mod stop;
pub mod supervision;
pub mod tasks;
pub mod types;

pub use action::{Action, DiscardReason};
pub use commit::{CommitResult, Committed, OnLostOutput, Uncommitted};
pub use event::{Event, Nature, Request};
pub use job::JobMachine;
pub use operations::{Operation, OperationKind, OperationResult};
pub use owed::Owed;
pub use recovery::{
    ClaimMode, Condition, Decision, Facts, Offer, RestoredFrom, UnfinishedStop, decide,
};
pub use restart::RestartStrategy;
pub use settings::{CancellationSettings, CheckpointSettings, JobSettings, Retention};
pub use types::{
    Attempt, Failure, Millis, SavepointFormat, SnapshotKind, SnapshotRef, TaskId, TaskInfo, Then,
};
