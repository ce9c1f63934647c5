//! Log lines as Flink writes them, on standard error or in files of limited size: of a job in its own process, of a job
//! under a server, and of the server itself.
//!
//! This crate knows nothing else of Millstream.

mod lines;
mod rotation;

pub use lines::{LEVEL_VARIABLE, start_to_file, start_to_stderr};
pub use rotation::{KEPT, LARGEST, append, put_aside};
