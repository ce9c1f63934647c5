//! What is tried: the job, and what runs it. An operator looks after it, as people and service managers do.

mod local;
mod server;

use anyhow::Result;

use crate::orders::{End, From, Spelling, Victim};

pub(crate) use local::Local;
pub(crate) use server::Server;

/// What the operator knows of the surroundings.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings {
    /// Something is away or fails just now: a start may be refused.
    pub(crate) fault: bool,
    /// The fault is one that may end a job for good.
    pub(crate) may_end: bool,
    /// Nothing has come out yet: a job without a snapshot may begin anew.
    pub(crate) nothing_out: bool,
}

/// How a job ended.
pub(crate) struct Ended {
    /// The savepoint that the answer names.
    pub(crate) savepoint: Option<String>,
}

/// A job with what runs it.
pub(crate) trait Subject {
    /// Looks after it once: starts what was killed, goes on with what has ended.
    fn tend(&mut self, around: Surroundings) -> Result<()>;
    /// The processes of the job that live.
    fn jobs(&mut self) -> Vec<u32>;
    /// All processes.
    fn all(&mut self) -> Vec<u32>;
    fn kill(&mut self, victim: Victim) -> Result<()>;
    /// Asks the job to end. Nobody starts it again until [`Self::begin`].
    fn ask_to_end(&mut self, how: End) -> Result<()>;
    /// How it ended; `None`: it has not.
    fn has_ended(&mut self) -> Result<Option<Ended>>;
    /// Has the job started by the next [`Self::tend`].
    fn begin(&mut self, from: From, parallelism: u64, spelling: Spelling);
    /// Has a job that has ended go on from `latest`: why that is refused, if it is.
    fn latest(&mut self) -> Result<Option<String>>;
    /// The numbers of the job, as far as it shows any: `read`, `written`, `filtered`, `bad` and their like.
    fn numbers(&self) -> Option<serde_json::Value>;
    /// The server, where there is one.
    fn server(&mut self) -> Option<&mut Server>;
}
