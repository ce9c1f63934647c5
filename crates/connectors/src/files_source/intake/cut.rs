//! Records that were handed out before they were whole: whoever wrote the file went on later, when it had been read.

use super::{Intake, Ready, is_continued};
use crate::files_source::listing::Identity;
use crate::files_source::options::Changed;

impl Intake {
    /// Where the reading of a file ended that has grown since, where what was added is not read. `None`: it is no such
    /// file, or where it ended does not tell what was read. It begins with `beginning`: another file in its place has not grown.
    pub(crate) fn left_off(&self, ready: &Ready, now: Identity, beginning: &[u8]) -> Option<u64> {
        let entry = self.seen.get(ready.name.key())?;
        let is_finished = entry.sequence() < self.finished;
        let grew = now.size > entry.identity.size && entry.identity.size > 0;
        let ignores = self.rules.changed == Changed::Ignore && !self.rules.is_whole(&ready.name);
        let is_cut = is_finished && grew && ignores && is_continued(&entry, now, beginning);
        is_cut.then_some(entry.identity.size)
    }

    /// Whether bytes of a file end with the end of a line.
    pub(crate) fn ends_line(&self, bytes: &[u8]) -> bool {
        let ends = &self.rules.line_ends;
        ends.iter().any(|end| bytes.ends_with(end))
    }

    /// How many bytes tell whether a line ends with them.
    pub(crate) fn longest_end(&self) -> u64 {
        let longest = self.rules.line_ends.iter().map(Vec::len).max();
        longest.unwrap_or_default() as u64
    }
}
