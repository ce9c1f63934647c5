//! What a process has from its surroundings: the environment and files that the references in its settings stand for,
//! other files that are named to it, and the limits that the system sets to it.

pub mod limits;
pub mod regular;
pub mod secrets;
