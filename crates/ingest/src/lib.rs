//! The ready-made ingestion job: parameters to pipeline.
//!
//! [`run`] is what `millstream run ingest` calls: it [loads](parameters::load) the parameters and starts the job.

mod checkpoints;
pub mod doctor;
mod dry_run;
mod infer;
pub mod letters;
mod package;
pub mod parameters;
mod pipeline;
mod run;
pub mod transactions;

pub use dry_run::{DryRun, dry_run};
pub use infer::{Evidence, Inferred, infer};
pub use millstream::RunOptions;
pub use package::{DESCRIPTION, answer};
pub use run::{ENTRY_CLASS, NAME, Prepared, declare, portable, prepare, run};
