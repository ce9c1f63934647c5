//! Records that were handed out before they were whole: whoever wrote the file went on later, when it had been read.

use std::time::Duration;

use super::{Intake, Ready, is_continued};
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

    /// The last bytes of a file that is ready, if it has to stand still for longer where they are no end of a line: what follows
    /// would be cut off. `None`: that is no question here.
    pub(crate) fn asks_for_end(
        &self,
        ready: &Ready,
        now: Identity,
        beginning: &[u8],
    ) -> Option<u64> {
        let stands_still = now == ready.identity() && !self.rules.settle.is_zero();
        // What is read on holds its last record back itself.
        let is_read_on = self.rules.changed == Changed::Append && !self.rules.is_whole(&ready.name);
        let key = ready.name.key();
        let goes_on = |entry: Entry| !self.is_read_anew(&entry, now, beginning);
        let is_known = self.seen.get(key).is_some_and(goes_on) || self.again.contains_key(&key);
        let has_ends = self.rules.contents.has_ends(&ready.name);
        (stands_still && has_ends && !is_read_on && !is_known)
            .then(|| self.longest_end().min(now.size))
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

    /// The file stays on its way for as long as it may take: no look is due for it, whatever was waited for of it before.
    pub(crate) fn keep_on_its_way(&mut self, name: &Name) {
        self.settling.forget(name.key());
    }

    /// Whether bytes of a file end with the end of a line.
    pub(crate) fn ends_line(&self, bytes: &[u8]) -> bool {
        let ends = self.rules.contents.line_ends();
        ends.iter().any(|end| bytes.ends_with(end))
    }

    /// How many bytes tell whether a line ends with them.
    pub(crate) fn longest_end(&self) -> u64 {
        let longest = self.rules.contents.line_ends().iter().map(Vec::len).max();
        longest.unwrap_or_default() as u64
    }
}
