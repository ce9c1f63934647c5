//! The dataflow engine.
//!
//! A [job graph](graph::JobGraph) of erased operators is laid out on timely's workers; two adaptors turn
//! timely's timestamps into epochs, ticks, watermarks and snapshots. What a connector or an operator
//! author sees are the small traits of [`connector`] and [`operator`]. A [`job`] drives attempts as the
//! pure state machine of `millstream-protocol` decides.
//!
//! This crate knows no HTTP, no connector and no SQL.

mod attempt;
pub mod chunk;
pub mod connector;
mod flow;
pub mod graph;
pub mod job;
mod messages;
pub mod metrics;
pub mod operator;
pub mod plan;
mod rate;
mod resting;
pub mod restore;
mod task;
mod time;
mod weigher;
mod weight;

pub use chunk::{Chunk, Record};
pub use graph::JobGraph;
pub use messages::TaskKey;
pub use plan::Plan;
