//! When a file has stood still: it is taken up once its size and its time of modification have not changed for a
//! while. Pure; the time is told.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::listing::Identity;
use super::name::{Key, Name};

/// The most files that are watched at once. What is beyond waits for its turn, so that a directory of any size
/// takes a bounded amount of memory.
pub(crate) const MOST: usize = 1 << 16;

/// A file whose last record has no end stands still for so many times as long before it is taken up: its writer may pause.
pub(crate) const UNENDED: u32 = 10;

#[derive(Debug, Clone)]
struct Candidate {
    name: Name,
    identity: Identity,
    since: Duration,
    /// Since when it is watched.
    first: Duration,
    /// Whether it has been watched for so long by now that who waits for it need not see it stand still.
    long: bool,
    /// Since when it has this size, where its last record has no end.
    unended: Option<Duration>,
    met: bool,
}

impl Candidate {
    /// When it will have stood still for long enough, where others need `after`.
    fn due(&self, after: Duration) -> Duration {
        // One that is written anew again and again, and does not grow, is read all the same.
        let long = self.unended.map(|since| since + after * UNENDED);
        (self.since + after).max(long.unwrap_or_default())
    }
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
    pub(crate) fn is_settled(&mut self, name: &Name, identity: Identity, now: Duration) -> bool {
        let key = name.key();
        if self.after.is_zero() {
            return true;
        }
        let room = self.candidates.len() < MOST;
        match self.candidates.get_mut(&key) {
            Some(candidate) => {
                candidate.met = true;
                if candidate.identity != identity {
                    if candidate.identity.size != identity.size {
                        candidate.unended = None;
                    }
                    (candidate.identity, candidate.since) = (identity, now);
                }
                let watched = now.saturating_sub(candidate.first);
                candidate.long = watched >= self.after.saturating_mul(UNENDED);
                now >= candidate.due(self.after)
            }
            None if room => {
                self.candidates.insert(
                    key,
                    Candidate {
                        name: name.clone(),
                        identity,
                        since: now,
                        first: now,
                        long: false,
                        unended: None,
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

    /// The file, which has stood still as this, ends without the end of a record: whether it has to stand still for longer.
    pub(crate) fn ends_without_end(
        &mut self,
        name: &Name,
        identity: Identity,
        now: Duration,
    ) -> bool {
        // A listing may have passed over it while it was on its way.
        self.is_settled(name, identity, now);
        let candidate = self.candidates.get_mut(&name.key());
        // One for which there is no room waits for its turn.
        candidate.is_none_or(|candidate| {
            let is_new = candidate.unended.is_none();
            candidate.unended.get_or_insert(candidate.since);
            is_new
        })
    }

    /// Whether the file has to stand still for longer, because its last record has no end.
    pub(crate) fn is_unended(&self, key: Key) -> bool {
        let candidate = self.candidates.get(&key);
        candidate.is_some_and(|candidate| candidate.unended.is_some())
    }

    /// Whether the file has been watched for ten times as long as others have to stand still, whatever became of it meanwhile.
    pub(crate) fn is_watched_for_long(&self, key: Key) -> bool {
        let candidate = self.candidates.get(&key);
        candidate.is_some_and(|candidate| candidate.long)
    }

    /// The file is there, and on its way: since when its last record has no end stays known.
    pub(crate) fn keep(&mut self, key: Key) {
        let candidate = self.candidates.get_mut(&key);
        // Any other would count as due, and be looked for at once, for as long as it is on its way.
        if let Some(candidate) = candidate.filter(|it| it.unended.is_some()) {
            candidate.met = true;
        }
    }

    /// The file was taken up, or is not wanted any more.
    pub(crate) fn forget(&mut self, key: Key) {
        self.candidates.remove(&key);
    }

    /// A listing is over: what was not in it is not waited for. Answers those that are gone, but not those that were renamed: of
    /// such a one there is another of the same size and time.
    pub(crate) fn end_of_listing(&mut self) -> Vec<Name> {
        let is_gone = |_: &Key, candidate: &mut Candidate| !std::mem::take(&mut candidate.met);
        let gone: Vec<Candidate> = self
            .candidates
            .extract_if(is_gone)
            .map(|(_, gone)| gone)
            .collect();
        // There may have been very many once, and somewhere a file is new in each listing.
        let few = (2 * self.candidates.len()).max(1_024);
        if self.candidates.capacity() > 4 * few {
            self.candidates.shrink_to(few);
        }
        if gone.is_empty() {
            return Vec::new();
        }
        let others = self.candidates.values();
        let there: HashSet<Identity> = others.map(|other| other.identity).collect();
        let gone = gone
            .into_iter()
            .filter(|gone| !there.contains(&gone.identity));
        gone.map(|gone| gone.name).collect()
    }

    /// Whether nothing is waited for. Forgets that there was too much to be watched.
    pub(crate) fn take_idle(&mut self) -> bool {
        !std::mem::take(&mut self.overflowed) && self.candidates.is_empty()
    }

    /// When the first of the files will have stood still for long enough, if it does.
    pub(crate) fn due(&self) -> Option<Duration> {
        let due = |candidate: &Candidate| candidate.due(self.after);
        self.candidates.values().map(due).min()
    }
}

#[cfg(test)]
mod tests;
