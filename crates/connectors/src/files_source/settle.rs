//! When a file has stood still: it is taken up once its size and its time of modification have not changed for a
//! while. Pure; the time is told.

use std::collections::HashMap;
use std::time::Duration;

use super::listing::Identity;
use super::name::Key;

/// The most files that are watched at once. What is beyond waits for its turn, so that a directory of any size
/// takes a bounded amount of memory.
pub(crate) const MOST: usize = 1 << 16;

#[derive(Debug, Clone, Copy)]
struct Candidate {
    identity: Identity,
    since: Duration,
    met: bool,
}

/// Files that are not taken up yet.
#[derive(Debug)]
pub(crate) struct Settling {
    after: Duration,
    candidates: HashMap<Key, Candidate>,
    /// Whether there were more than could be watched.
    overflowed: bool,
}

impl Settling {
    /// Files have to stand still for `after`.
    pub(crate) fn new(after: Duration) -> Self {
        Self {
            after,
            candidates: HashMap::new(),
            overflowed: false,
        }
    }

    /// The file was found as this at the time `now`: whether it has stood still for long enough.
    pub(crate) fn is_settled(&mut self, key: Key, identity: Identity, now: Duration) -> bool {
        if self.after.is_zero() {
            return true;
        }
        let room = self.candidates.len() < MOST;
        match self.candidates.get_mut(&key) {
            Some(candidate) => {
                candidate.met = true;
                if candidate.identity != identity {
                    (candidate.identity, candidate.since) = (identity, now);
                }
                now.saturating_sub(candidate.since) >= self.after
            }
            None if room => {
                self.candidates.insert(
                    key,
                    Candidate {
                        identity,
                        since: now,
                        met: true,
                    },
                );
                false
            }
            None => {
                self.overflowed = true;
                false
            }
        }
    }

    /// The file was taken up, or is not wanted any more.
    pub(crate) fn forget(&mut self, key: Key) {
        self.candidates.remove(&key);
    }

    /// A listing is over: what was not in it is not waited for.
    pub(crate) fn end_of_listing(&mut self) {
        self.candidates
            .retain(|_, candidate| std::mem::take(&mut candidate.met));
        if self.candidates.is_empty() {
            self.candidates.shrink_to(1_024);
        }
    }

    /// Whether nothing is waited for. Forgets that there was too much to be watched.
    pub(crate) fn take_idle(&mut self) -> bool {
        !std::mem::take(&mut self.overflowed) && self.candidates.is_empty()
    }

    /// When the first of the files will have stood still for long enough, if it does.
    pub(crate) fn due(&self) -> Option<Duration> {
        let since = self.candidates.values().map(|candidate| candidate.since);
        since.min().map(|since| since + self.after)
    }
}

#[cfg(test)]
mod tests;
