//! Requests over a network as calls that wait, for clients that are made of futures.
//!
//! - [`Runtime`]: two threads that drive requests. Whoever asks waits on a thread that may wait; no runtime of his own is needed or
//!   touched.
//! - [`Waiting`]: a request that is under way.
//! - [`ReadAhead`]: a file that is read anywhere, of which blocks are fetched ahead and kept for a while.
//!
//! This crate knows nothing of what is asked for, and of whom.

mod ahead;
mod runtime;

pub use ahead::{Blocks, ReadAhead, Reading};
pub use runtime::{Failure, Runtime, Waiting};
