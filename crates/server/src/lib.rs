//! The session server: it owns jobs, each of which runs in a process of its own, and answers for them over REST.
//!
//! | module | what it does |
//! |---|---|
//! | [`configuration`] | reads `config.yaml` and the settings of the command line |
//! | [`data_directory`] | what is where, and that one server has it |
//! | `store` | records that survive a crash (SQLite, on a thread of its own) |
//! | [`registry`] | what the server knows, and what can be asked of it |
//! | `submission` | submits jobs to it, and plans them |
//! | `foreseen` | what the process of a job would refuse, told without one |
//! | `supervisor` | one task for each job: starts, adopts and restarts its process, and passes requests on |
//! | [`rest`] | the REST interface |
//! | [`views`] | plain values between the registry and the REST interface |
//! | `peers` | whose program is at the other end of a connection of this machine |
//! | `places` | what relative paths mean |
//! | `reload` | what is read again while the server runs |
//! | `exposure` | what the server tells others on its machine of itself |
//! | [`logs`] | log files |
//! | `letters` | asks the command about dead letters of jobs |
//! | `file_book` | what a job tells of the files that it reads |
//! | [`backup`] | a backup of what a server knows, and a data directory made of one |
//! | [`control`] | looking at, and ending, the server of this machine |
//!
//! A job is a process to this crate, and the [directory](millstream_protocol::link) of a job is the contract with it.
//! What is to be done about a process is decided by [`millstream_protocol::supervision`].

mod background;
pub mod backup;
mod checkpoints;
mod clock;
pub mod configuration;
pub mod control;
pub mod data_directory;
mod disposal;
mod expiry;
mod exposure;
mod file_book;
mod files;
mod foreseen;
mod letters;
mod limits;
pub mod logs;
mod operations;
mod outcomes;
mod package_names;
mod packages;
mod peers;
mod places;
pub mod registry;
mod reload;
pub mod rest;
mod serve;
mod store;
mod submission;
mod supervisor;
pub mod views;
mod whose;

pub use millstream_log::{Harmless, escaped, harmless};
pub use reload::Reload;
pub use serve::{ServerConfiguration, serve};
