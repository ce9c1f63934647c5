//! Log lines as Flink writes them, on standard error or in files of limited size: of a job in its own process, of a job
//! under a server, and of the server itself.
//!
//! This crate knows nothing else of Millstream.

mod harmless;
mod lines;
mod rotation;
mod start;

pub use harmless::{Harmless, harmless, say};
pub use lines::escaped;
pub use rotation::{KEPT, LARGEST, Parts};
pub use start::{
    AUDIT, LEVEL_VARIABLE, Settings, Target, set_level, start, start_to_file, start_to_stderr,
    start_warnings_to_stderr,
};
