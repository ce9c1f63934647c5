//! What a process has from its surroundings: the environment and files that the references in its settings stand for,
//! and the limits that the system sets to it.

pub mod limits;
pub mod secrets;
