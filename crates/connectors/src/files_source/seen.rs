//! The ledger of every file that was announced: small, sorted, and frozen in no time.
//!
//! Pure. There is an entry for each file, whatever it is called: 40 bytes in snapshots, about 30 in memory. Entries lie sorted and
//! [packed] in small blocks, in buckets by the first bits of their key; a block never changes, another one takes its place,
//! so that freezing costs one pointer for each block. What a listing has met is marked beside the entries, so that a
//! look at a directory in which nothing is new writes to none of them.
//!
//! **Forgetting.** An entry whose file is not in a whole listing of the directory gets a tombstone: the time
//! since when it is gone, in minutes *during which the job has run*, so that no step of a clock and no night
//! without the job makes an entry old. It is forgotten when it has been gone for longer than it may be. A file that was
//! taken away because it is done with gets one, too: one listing that misses a file says nothing, and what lies there
//! again unchanged is no new file.

mod bucket;
mod packed;
mod segment;

use std::time::Duration;

use self::bucket::Bucket;
pub(crate) use self::segment::{Frozen, read_segment};
use super::listing::Identity;
use super::name::Key;

/// Bits of the key that choose the bucket.
const BUCKET_BITS: u32 = 10;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// The highest sequence number that an entry can hold, and the highest minute.
const SEQUENCE_BITS: u32 = 39;
const MINUTE_BITS: u32 = 23;

/// In the mark, between the number and the minute: not all of the file was read, and none of the rest will be.
const UNREAD: u64 = 1 << SEQUENCE_BITS;
/// Where the minute begins in the mark.
const MINUTE: u32 = SEQUENCE_BITS + 1;

/// Words of eight bytes in an entry.
const WORDS: usize = 5;

/// What is known of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) identity: Identity,
    /// The hash of its first bytes; 0: not known.
    pub(crate) beginning: u64,
    mark: u64,
}

impl Entry {
    pub(crate) fn new(key: Key, identity: Identity, beginning: u64, sequence: u64) -> Self {
        let mut entry = Self {
            key,
            identity,
            beginning,
            mark: 0,
        };
        entry.set_sequence(sequence);
        entry
    }

    fn words(&self) -> [u64; WORDS] {
        let Identity { size, mtime } = self.identity;
        [self.key, size, mtime as u64, self.beginning, self.mark]
    }

    fn of_words([key, size, mtime, beginning, mark]: [u64; WORDS]) -> Self {
        let mtime = mtime as i64;
        Self {
            key,
            identity: Identity { size, mtime },
            beginning,
            mark,
        }
    }

    /// The sequence number of the newest announcement of the file.
    pub(crate) fn sequence(&self) -> u64 {
        self.mark & ((1 << SEQUENCE_BITS) - 1)
    }

    fn set_sequence(&mut self, sequence: u64) {
        let most = (1 << SEQUENCE_BITS) - 1;
        self.mark = (self.mark & !most) | sequence.min(most);
    }

    /// Whether it was passed over before it was read to its end.
    pub(crate) fn is_unread(&self) -> bool {
        self.mark & UNREAD != 0
    }

    /// The entry of the same content with another size or time.
    pub(crate) fn touched(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Since which minute the file is gone.
    pub(crate) fn gone_since(&self) -> Option<u64> {
        ((self.mark >> MINUTE) & ((1 << MINUTE_BITS) - 1)).checked_sub(1)
    }

    fn set_gone(&mut self, since: Option<u64>) {
        let most = (1 << MINUTE_BITS) - 1;
        let minute = since.map_or(0, |minute| (minute + 1).min(most));
        self.mark = (self.mark & !(most << MINUTE)) | (minute << MINUTE);
    }
}

/// What follows for a file that is not in a listing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sweep {
    /// The minute in which the listing was made.
    pub(crate) minute: u64,
    /// For how many whole minutes at least a file that is gone is remembered.
    pub(crate) keep: u64,
    /// Whether anything follows: not where the directory may be another one than before. Then only the marks of the
    /// listing are taken off.
    pub(crate) forget: bool,
}

/// The fewest whole minutes that are not shorter than `time`.
pub(crate) fn whole_minutes(time: Duration) -> u64 {
    let part = u64::from(time.subsec_nanos() > 0);
    time.as_secs().saturating_add(part).div_ceil(60)
}

/// Whether `keep` whole minutes are over for certain in the minute `now`, if they began in the minute `since`: they may
/// have begun at its end, and this one may just have.
pub(crate) fn are_over(keep: u64, since: u64, now: u64) -> bool {
    keep == 0 || now.saturating_sub(since) > keep
}

/// The ledger.
#[derive(Debug)]
pub(crate) struct Seen {
    buckets: Vec<Bucket>,
    entries: usize,
    /// Entries whose files have not gone.
    present: usize,
    /// What has changed since it was last frozen; may hold a key twice.
    changed: Vec<Key>,
    /// Keys that were taken out since then.
    removed: Vec<Key>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::default(); BUCKETS],
            entries: 0,
            present: 0,
            changed: Vec::new(),
            removed: Vec::new(),
        }
    }
}

fn bucket_of(key: Key) -> usize {
    (key >> (64 - BUCKET_BITS)) as usize
}

impl Seen {
    /// How many files are known.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// How many of them were there when last looked at.
    pub(crate) fn present(&self) -> usize {
        self.present
    }

    pub(crate) fn get(&self, key: Key) -> Option<Entry> {
        let bucket = self.buckets.get(bucket_of(key))?;
        bucket.get(bucket.find(key).ok()?)
    }

    /// Notes an announcement. The file is there.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.changed.push(entry.key);
        self.store(entry, true);
    }

    /// Takes an entry over from a snapshot.
    pub(crate) fn restore(&mut self, entry: Entry) {
        self.store(entry, false);
    }

    fn store(&mut self, entry: Entry, met: bool) {
        let Some(bucket) = self.buckets.get_mut(bucket_of(entry.key)) else {
            return;
        };
        self.present += usize::from(entry.gone_since().is_none());
        match bucket.find(entry.key) {
            Ok(at) => {
                let old = bucket.get(at).filter(|old| old.gone_since().is_none());
                self.present -= usize::from(old.is_some());
                bucket.replace(at, entry);
                bucket.set_met(at, met);
            }
            Err(at) => {
                bucket.insert(at, entry, met);
                self.entries += 1;
            }
        }
    }

    /// What was announced of a file with the number `sequence` was passed over before it was read to its end.
    pub(crate) fn mark_unread(&mut self, key: Key, sequence: u64) {
        let entry = self.get(key).filter(|entry| {
            let newest = entry.sequence() == sequence;
            newest && !entry.is_unread()
        });
        if let Some(mut entry) = entry {
            entry.mark |= UNREAD;
            self.change(entry);
        }
    }

    /// The file was taken away in this minute.
    pub(crate) fn mark_gone(&mut self, key: Key, minute: u64) {
        if let Some(mut entry) = self.get(key).filter(|entry| entry.gone_since().is_none()) {
            entry.set_gone(Some(minute));
            self.change(entry);
        }
    }

    /// Puts an entry in the place of the one of its key, whose file the listing has met or not.
    fn change(&mut self, entry: Entry) {
        let bucket = self.buckets.get(bucket_of(entry.key));
        let met = bucket.is_some_and(|bucket| {
            let at = bucket.find(entry.key);
            at.is_ok_and(|at| bucket.is_met(at))
        });
        self.changed.push(entry.key);
        self.store(entry, met);
    }

    /// How many files of some buckets are there whose numbers are not below `sequence`.
    pub(crate) fn present_from(&self, buckets: std::ops::Range<usize>, sequence: u64) -> usize {
        let buckets = self.buckets.get(buckets).unwrap_or_default();
        let entries = buckets.iter().flat_map(Bucket::iter);
        let is_there = |entry: &Entry| entry.gone_since().is_none() && entry.sequence() >= sequence;
        entries.filter(is_there).count()
    }

    /// Whether one of the files was this, and began so.
    pub(crate) fn has_like(&self, identity: Identity, beginning: u64) -> bool {
        let was_it = |entry: Entry| entry.identity == identity && entry.beginning == beginning;
        self.buckets.iter().flat_map(Bucket::iter).any(was_it)
    }

    /// Forgets a file.
    pub(crate) fn remove(&mut self, key: Key) {
        let Some(bucket) = self.buckets.get_mut(bucket_of(key)) else {
            return;
        };
        let old = bucket.find(key).ok().and_then(|at| bucket.remove(at));
        if let Some(old) = old {
            self.entries -= 1;
            self.present -= usize::from(old.gone_since().is_none());
            self.removed.push(key);
        }
    }

    /// The file is in the present listing.
    pub(crate) fn meet(&mut self, key: Key) {
        let Some(bucket) = self.buckets.get_mut(bucket_of(key)) else {
            return;
        };
        let Ok(at) = bucket.find(key) else {
            return;
        };
        bucket.set_met(at, true);
        let gone = bucket.get(at).filter(|entry| entry.gone_since().is_some());
        if let Some(mut entry) = gone {
            entry.set_gone(None);
            bucket.replace(at, entry);
            self.present += 1;
            self.changed.push(key);
        }
    }

    /// Ends a listing, bucket by bucket: what it did not meet is gone, and forgotten as `rules` say. Answers how many
    /// entries are gone by now and were not before.
    pub(crate) fn sweep(&mut self, buckets: std::ops::Range<usize>, rules: Sweep) -> usize {
        let (mut gone, mut forgotten) = (0, 0);
        let mut judge = |entry: &mut Entry| {
            let is_over = |since| are_over(rules.keep, since, rules.minute);
            if entry.gone_since().is_some_and(is_over) {
                self.removed.push(entry.key);
                forgotten += 1;
                return false;
            }
            if entry.gone_since().is_none() {
                entry.set_gone(Some(rules.minute));
                self.changed.push(entry.key);
                gone += 1;
            }
            true
        };
        for bucket in self.buckets.get_mut(buckets).unwrap_or_default() {
            bucket.take_met(if rules.forget { Some(&mut judge) } else { None });
        }
        self.present -= gone;
        self.entries -= forgotten;
        gone
    }

    /// How many buckets there are to [sweep](Self::sweep).
    pub(crate) fn buckets() -> usize {
        BUCKETS
    }

    /// Bytes of memory that it takes.
    #[cfg(test)]
    pub(crate) fn memory(&self) -> usize {
        let entries: usize = self.buckets.iter().map(Bucket::memory).sum();
        entries + (self.changed.capacity() + self.removed.capacity()) * size_of::<Key>()
    }

    /// The ledger as it is now, and what has changed in it since the last call.
    pub(crate) fn freeze(&mut self) -> Frozen {
        let mut changed = std::mem::take(&mut self.changed);
        changed.append(&mut self.removed);
        changed.sort_unstable();
        changed.dedup();
        let blocks = self.buckets.iter().flat_map(Bucket::freeze).collect();
        Frozen::new(blocks, self.entries, changed)
    }
}

#[cfg(test)]
mod tests;
