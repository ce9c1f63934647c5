//! Files that end within a record: they are left for longer, for their writers may pause.

use std::mem;
use std::time::Duration;

use tracing::warn;

use super::{Lister, at};
use crate::files_source::intake::Ready;
use crate::files_source::listing::Identity;
use crate::files_source::listing::volume::Volume;
use crate::files_source::name::{Key, Name};
use crate::files_source::settle::MOST;
use crate::files_source::young::age;

/// Bytes of a file that is looked through from its beginning to tell whether it ends within a record. Of a longer one that is found out
/// when it is read: nobody waits for its listing meanwhile, and it is not held in memory.
const LOOKED_THROUGH: u64 = 8 << 20;

/// A source that looks once ends, also where a file goes on growing: it is taken up after so many times as long as one has to stand
/// still.
const GROWING: u32 = 3;

/// A file that is waited for.
#[derive(Debug)]
pub(crate) struct Waited {
    /// What it was found as last.
    identity: Identity,
    /// Since when it is that.
    since: Duration,
    /// Since when it is waited for.
    first: Duration,
}

/// Files that were taken up though they end within a record.
#[derive(Debug, Default)]
pub(crate) struct TakenUnended {
    still: Vec<Name>,
    /// Those that went on growing.
    growing: Vec<Name>,
}

impl Lister {
    /// Whether a file is left for longer because it ends within a record. What can't be read of it is met when it is read.
    pub(super) fn is_left_unended(
        &mut self,
        ready: &mut Ready,
        now: Identity,
        beginning: &[u8],
    ) -> bool {
        // Clusters tell whether somebody writes a file, and objects are whole.
        let is_on_disk = self.root.store.is_none() && matches!(self.root.volume, Volume::Disk);
        let (once, patience) = (self.policy.interval.is_none(), self.policy.patience);
        if !is_on_disk || patience.is_zero() {
            return false;
        }
        let is_asked = at(&self.desk)
            .intake
            .asks_for_end(ready, now, beginning, once);
        let key = ready.name.key();
        let left = self.fresh.get(&key).map(|left| left.identity);
        let was_left = match once {
            true => left.is_some(),
            false => at(&self.desk).intake.was_left_unended(&ready.name),
        };
        // Where nobody looks again, what is not young is what it was meant to be.
        let is_young = now.size > 0 && age(now.mtime) < patience;
        let is_unended = is_asked
            && (!once || is_young || was_left)
            && (left == Some(now) || self.ends_within_record(ready, now, beginning, was_left));
        if !is_unended {
            self.fresh.remove(&key);
            return false;
        }
        let is_left = if once {
            self.waits_for_end(ready, now)
        } else {
            let clock = (self.clock)();
            let is_left = at(&self.desk).intake.leave_unended(ready, clock);
            // An empty one holds no record in which it could end.
            if !is_left && now.size > 0 {
                self.taken_unended.still.push(ready.name.clone());
                ready.note_waited();
            }
            is_left
        };
        if !is_left {
            self.fresh.remove(&key);
        }
        is_left
    }

    /// Whether a source that looks once goes on waiting for a file that ends within a record.
    fn waits_for_end(&mut self, ready: &mut Ready, now: Identity) -> bool {
        let (key, patience) = (ready.name.key(), self.policy.patience);
        // A clock of another machine may have given the time of its modification.
        let stands_still = self.has_stood_still(key, now, patience) || age(now.mtime) >= patience;
        let clock = (self.clock)();
        let first = self.fresh.get(&key).map_or(clock, |waited| waited.first);
        if stands_still {
            if now.size > 0 {
                self.taken_unended.still.push(ready.name.clone());
                ready.note_waited();
            }
            false
        } else if clock.saturating_sub(first) >= patience.saturating_mul(GROWING) {
            self.taken_unended.growing.push(ready.name.clone());
            // It need not stand still any more.
            ready.shorten(now);
            false
        } else {
            true
        }
    }

    /// Whether a file whose writer may not be done has stood still for so `long`.
    pub(super) fn has_stood_still(&mut self, key: Key, identity: Identity, long: Duration) -> bool {
        let now = (self.clock)();
        if self.fresh.len() >= MOST && !self.fresh.contains_key(&key) {
            if self.policy.interval.is_none() {
                // It waits for its turn: each of the others is looked at until it is taken up or gone.
                return false;
            }
            self.fresh.clear();
        }
        let waited = self.fresh.entry(key).or_insert(Waited {
            identity,
            since: now,
            first: now,
        });
        if waited.identity != identity {
            (waited.identity, waited.since) = (identity, now);
        }
        now.saturating_sub(waited.since) >= long
    }

    /// Whether a file ends within a record, as far as that is to be found out here. `was_left`: it did when it was looked at before.
    fn ends_within_record(
        &mut self,
        ready: &Ready,
        now: Identity,
        beginning: &[u8],
        was_left: bool,
    ) -> bool {
        if now.size == 0 {
            return true;
        }
        let path = ready.name.below(&self.root.directory);
        let is_all = beginning.len() as u64 == now.size;
        let contents = at(&self.desk).intake.contents().clone();
        if contents.ends_are_raw() {
            let length = contents.longest_end().min(now.size);
            let end = match is_all {
                true => Ok(beginning.to_vec()),
                false => self.root.volume.read(&path, now.size - length, length),
            };
            let Ok(end) = end else {
                return false;
            };
            if !contents.ends_line(&end) {
                return true;
            }
            if !contents.has_quotes() {
                return false;
            }
        }
        if is_all {
            return contents.ends_within_record(beginning);
        }
        // Files that have been there for long need not be read twice.
        let is_old = !was_left && age(now.mtime) >= self.policy.patience;
        if is_old || now.size > LOOKED_THROUGH {
            return false;
        }
        self.looked_through += now.size;
        let bytes = self.root.volume.read(&path, 0, now.size);
        bytes.is_ok_and(|bytes| contents.ends_within_record(&bytes))
    }

    /// Says which files were taken up that end within a record, though they stood still for long, or were waited for for long.
    pub(super) fn tell_taken_unended(&mut self) {
        let TakenUnended { still, growing } = mem::take(&mut self.taken_unended);
        let patience = self.policy.patience;
        let seconds = patience.as_secs_f64();
        let stood = format!("nothing was added for {seconds} s (ten times source.file.settle)");
        self.tell_read_as_it_is(&still, &stood);
        let seconds = patience.saturating_mul(GROWING).as_secs_f64();
        self.tell_read_as_it_is(&growing, &format!("it has been growing for {seconds} s"));
    }

    fn tell_read_as_it_is(&self, taken: &[Name], why: &str) {
        let Some(first) = taken.first() else {
            return;
        };
        let (path, count) = (first.below(&self.root.directory), taken.len());
        let path = path.display();
        warn!(
            count,
            "{path} ends within a record, and {why}: it is read as it is; write files under names that begin with `.` or \
             `_`, and rename them when they are complete"
        );
    }

    /// A source that looks once has come to all files but these, which others are writing: it waits for them, and shows that.
    pub(super) fn tell_unfinished(&self) {
        let words = self.unfinished.front().map(|first| {
            let path = first.name.below(&self.root.directory);
            let path = path.display();
            let more = match self.unfinished.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            match self.root.volume {
                Volume::Hdfs(_) => format!(
                    "{path}{more} is still being written, and is read when it is closed: a writer that died leaves it open until the \
                     cluster closes it (hdfs debug recoverLease -path …)"
                ),
                Volume::Disk => format!(
                    "{path}{more} ends within a record, and is read when it has its end, or has stood still for {} s (ten times \
                     source.file.settle)",
                    self.policy.patience.as_secs_f64()
                ),
            }
        });
        let mut desk = at(&self.desk);
        if desk.held_up != words {
            desk.held_up = words;
            drop(desk);
            self.waker.wake();
        }
    }

    /// Says so if the last record of a file had no end when the file was read, up to `end`: what was added belongs to it.
    pub(super) fn tell_cut(&self, ready: &Ready, end: u64) {
        if self.root.store.is_some() {
            return;
        }
        let path = ready.name.below(&self.root.directory);
        let contents = at(&self.desk).intake.contents().clone();
        let length = contents.longest_end().min(end);
        let is_cut = self
            .root
            .volume
            .read(&path, end - length, length)
            .is_ok_and(|bytes| !contents.ends_line(&bytes));
        if is_cut {
            let file = path.display().to_string();
            warn!(
                file,
                offset = end,
                "its last record had no line end when it was read: it may have been handed out cut off there, \
                 and the rest of it is not read; write such files under a name that begins with `.`, \
                 or set source.file.settle to more than its writer pauses"
            );
        }
    }
}
