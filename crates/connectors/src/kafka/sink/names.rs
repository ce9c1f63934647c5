//! Transactional ids: what they are called, and whose.

use std::fmt;

use millstream_core::JobId;
use millstream_core::hash::stable_hash;
use millstream_core::lineage::{Author, Kin};

/// What the ids of all jobs begin with.
pub(super) const BEGIN: &str = "millstream-";

/// The ids of one sink of one job. `origin` is the job that it went on from under its lock, or itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    origin: JobId,
    job: JobId,
    /// Tells the sinks of a job apart.
    sink: String,
}

impl Names {
    pub(super) fn new(author: Author, uid: &str) -> Self {
        Self {
            origin: author.origin,
            job: author.job,
            sink: sink_of(uid),
        }
    }

    /// Id number `number` of a subtask. The group of its markers has the same name.
    pub(super) fn id(&self, subtask: usize, number: usize) -> String {
        format!("{self}-{subtask}-{number}")
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, job, sink } = self;
        write!(f, "{BEGIN}{origin}-{job}-{sink}")
    }
}

fn sink_of(uid: &str) -> String {
    format!("{:08x}", stable_hash(uid) & 0xffff_ffff)
}

/// Whether an id is one of this sink, of this job or of one before it that is proven dead.
pub(super) fn is_ours(id: &str, kin: &Kin, uid: &str) -> bool {
    let parsed = || {
        let mut parts = id.strip_prefix(BEGIN)?.split('-');
        let origin = parts.next()?.parse().ok()?;
        let job = parts.next()?.parse().ok()?;
        let sink = parts.next()?;
        let author = Author {
            origin,
            job,
            run: 0,
        };
        Some((author, sink.to_owned()))
    };
    parsed().is_some_and(|(author, sink)| {
        sink == sink_of(uid) && (author.job == kin.author.job || kin.is_earlier(author))
    })
}

#[cfg(test)]
mod tests;
