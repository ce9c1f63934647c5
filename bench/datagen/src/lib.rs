//! Data from a seed, and the truth about what must come of it.
//!
//! It shares no code with Millstream, so that its word is independent of the engine's.

pub mod check;
pub mod people;
pub mod random;
pub mod words;
