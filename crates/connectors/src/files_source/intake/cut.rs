//! Records that were handed out before they were whole: whoever wrote the file went on later, when it had been read.

use std::time::Duration;

use super::{Intake, Ready, is_continued};
use crate::files_source::beginning::fingerprint;
use crate::files_source::contents::Contents;
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::options::Changed;
use crate::files_source::seen::Entry;

impl Intake {
    /// Where the reading of a file ended that has grown since, where what was added is not read. `None`: it is no such
    /// file, or where it ended does not tell what was read. It begins with `beginning`: another file in its place has not grown.
    pub(crate) fn left_off(&self, ready: &Ready, now: Identity, beginning: &[u8]) -> Option<u64> {
        let entry = self.seen.get(ready.name.key())?;
        let is_finished = entry.sequence() < self.finished;
        let grew = now.size > entry.identity.size && entry.identity.size > 0;
        let ignores = self.rules.changed == Changed::Ignore && !self.rules.is_whole(&ready.name);
        let has_lines = self.rules.contents.may_grow();
        let is_cut = is_finished && grew && ignores && has_lines;
        (is_cut && is_continued(&entry, now, beginning)).then_some(entry.identity.size)
    }

    /// Whether a file that is ready has to stand still for longer where it ends within a record. `once`: there is no other look.
    pub(crate) fn asks_for_end(
        &self,
        ready: &Ready,
        now: Identity,
        beginning: &[u8],
        once: bool,
    ) -> bool {
        let stands_still = once || now == ready.identity() && !self.rules.settle.is_zero();
        // What is read on holds its last record back itself, until the source ends.
        let appends = self.rules.changed == Changed::Append && !self.rules.is_whole(&ready.name);
        let key = ready.name.key();
        let goes_on = |entry: Entry| !self.is_read_anew(&entry, now, beginning);
        let is_known = self.seen.get(key).is_some_and(goes_on) || self.again.contains_key(&key);
        let contents = &self.rules.contents;
        // Whatever an empty one is called and however it is written, it may have been made to be written.
        let is_empty = now.size == 0 && contents.may_be_empty();
        let has_records = is_empty || contents.has_records(&ready.name);
        stands_still && has_records && (once || !appends) && !is_known
    }

    /// Whether a file that is ready, and is this now, holds nothing that can be read, not even that it is empty. One that was emptied
    /// since it was listed is about to be written.
    pub(crate) fn is_void(&self, ready: &Ready, now: Identity) -> bool {
        let stands_still = now == ready.identity() || self.rules.settle.is_zero();
        now.size == 0 && stands_still && !self.rules.contents.may_be_empty()
    }

    /// Whether a new file, which is this now and begins with `beginning`, is what one was that is known under another name.
    pub(crate) fn is_renamed(&self, name: &Name, now: Identity, beginning: &[u8]) -> bool {
        let beginning = fingerprint(beginning, now.size);
        self.seen.get(name.key()).is_none() && self.seen.has_like(now, beginning)
    }

    /// Whether a known file is read from its start, as what it is now.
    fn is_read_anew(&self, entry: &Entry, now: Identity, beginning: &[u8]) -> bool {
        if self.is_replaced(entry, now, beginning) {
            return self.is_done(entry);
        }
        let is_finished = entry.sequence() < self.finished;
        let is_same = is_finished && self.is_same(entry, now, beginning);
        self.rules.changed == Changed::Reread && entry.identity != now && !is_same
    }

    /// The file, which is ready, ends without the end of a line: whether it is left for longer.
    pub(crate) fn leave_unended(&mut self, ready: &Ready, now: Duration) -> bool {
        let is_left = self
            .settling
            .ends_without_end(&ready.name, ready.identity(), now);
        if is_left {
            self.staged.remove(&ready.name.key());
        }
        is_left
    }

    /// Whether the file was left for longer before, and has not grown since.
    pub(crate) fn was_left_unended(&self, name: &Name) -> bool {
        self.settling.is_unended(name.key())
    }

    /// The file stays on its way for as long as it may take: no look is due for it, whatever was waited for of it before.
    pub(crate) fn keep_on_its_way(&mut self, name: &Name) {
        self.settling.forget(name.key());
    }

    /// What files hold.
    pub(crate) fn contents(&self) -> &Contents {
        &self.rules.contents
    }
}
