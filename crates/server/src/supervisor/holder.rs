//! Who holds the lock of a job when a server starts: a process that runs the job, or one that is dying as the server before this one did.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::left::PATIENCE;
use super::{Supervisor, process};
use crate::background::blocking;

/// One that is not among the processes, says nothing and is gone so soon was dying.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// What is known of who holds the lock of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// It runs the job, or may go on to.
    Alive,
    /// It was killed, or has crashed, and is not quite gone.
    Dying,
    /// It is not among the processes that can be seen: one that has given its memory back has no command line any more.
    Unseen,
}

/// The processes of jobs that are there when the server starts, by the directories of the jobs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holders(Arc<HashMap<PathBuf, Holder>>);

impl Holders {
    /// Looks for them: all at once, as there may be a thousand jobs.
    pub(crate) async fn look() -> Self {
        // The command line of a process that hangs may not be told.
        match tokio::time::timeout(PATIENCE, blocking(|| Ok(all()))).await {
            Ok(Ok(found)) => Self(Arc::new(found)),
            Ok(Err(error)) => {
                tracing::warn!("The processes of jobs can't be looked at: {error}");
                Self::default()
            }
            Err(_) => {
                tracing::warn!("The processes of jobs can't be looked at: one does not answer.");
                Self::default()
            }
        }
    }

    /// Who may hold the lock of the job of `directory`.
    pub(super) fn of(&self, directory: &Path) -> Held {
        Held {
            holder: self.0.get(directory).copied().unwrap_or(Holder::Unseen),
            since: Instant::now(),
        }
    }
}

/// Who may hold the lock of a job, and has not reported to this server.
pub(super) struct Held {
    holder: Holder,
    /// When that was found.
    since: Instant,
}

impl Supervisor {
    /// Whether the end of the process had begun before this server did. Then its restart strategy is not asked, as it is not of a
    /// process that was gone by then.
    pub(super) fn was_dying(&self) -> bool {
        let held = self.held.as_ref();
        let had_begun = held.is_some_and(|held| had_begun(held.holder, held.since.elapsed()));
        had_begun && self.brought_down.is_none()
    }
}

/// Whether the end of a process that has said nothing, and is gone so long after the server has started, had begun before.
fn had_begun(holder: Holder, after: Duration) -> bool {
    match holder {
        Holder::Alive => false,
        // However long its disk keeps it.
        Holder::Dying => true,
        Holder::Unseen => after <= LAST_BREATH,
    }
}

fn all() -> HashMap<PathBuf, Holder> {
    let mut found = HashMap::new();
    for (number, directory) in process::of_jobs() {
        let status = fs::read_to_string(format!("/proc/{number}/status")).unwrap_or_default();
        let holder = match is_dying(&status) {
            true => Holder::Dying,
            false => Holder::Alive,
        };
        if found.get(&directory) != Some(&Holder::Alive) {
            found.insert(directory, holder);
        }
    }
    found
}

/// Whether a process will not run on, as its `/proc/PID/status` tells: it has been sent a SIGKILL, writes down its memory, or has ended
/// but for other threads. Of one that is gone nothing is told.
fn is_dying(status: &str) -> bool {
    const KILL: u64 = 1 << (9 - 1);
    let is_killed = |mask: &str| u64::from_str_radix(mask, 16).is_ok_and(|mask| mask & KILL != 0);
    let mut masks = ["SigPnd", "ShdPnd"].into_iter();
    masks.any(|name| value(status, name).is_some_and(is_killed))
        || value(status, "CoreDumping") == Some("1")
        || value(status, "State").is_none_or(|state| state.starts_with(['Z', 'X']))
}

/// What stands behind a name.
fn value<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.map(str::trim)
}

#[cfg(test)]
mod tests;
