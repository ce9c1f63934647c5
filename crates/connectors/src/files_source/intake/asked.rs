//! Files of which readers need to know what they are now, and before which they stand until they do.

use super::Intake;
use crate::files_source::name::{Key, Name};
use crate::files_source::options::Changed;

impl Intake {
    /// A reader can't read `piece` of this file on and needs to know what the file is now, unless that has been announced.
    pub(crate) fn want_again(&mut self, key: Key, piece: u64) {
        let entry = self.seen.get(key);
        let known = entry.is_some_and(|entry| entry.sequence() > piece);
        let comes = || self.queue.iter().any(|piece| piece.name.key() == key);
        if !known && !comes() {
            self.ignored.remove(&key);
            self.again.insert(key, false);
        }
    }

    /// The file turned out to be none that can be read.
    pub(crate) fn pass_over(&mut self, name: &Name) {
        let key = name.key();
        self.staged.remove(&key);
        self.settling.forget(key);
    }

    /// Nothing can be read of the file. Whether a reader waits for it: it will wait no more.
    pub(crate) fn give_up(&mut self, name: &Name) -> bool {
        self.pass_over(name);
        self.again.remove(&name.key()).is_some()
    }

    /// Whether a reader has stood before this file for so long that it is read as what it is, though it goes on growing: nothing that
    /// lies behind it would be read before. Only where what was whole of it when it was found can be read, whatever is added.
    pub(super) fn is_overdue(&self, name: &Name) -> bool {
        let (key, contents) = (name.key(), &self.rules.contents);
        let can_be_read = self.rules.changed == Changed::Ignore && contents.has_records(name);
        can_be_read && self.again.contains_key(&key) && self.settling.is_watched_for_long(key)
    }

    /// Whether readers need to know of files what they are now.
    pub(crate) fn is_asked(&self) -> bool {
        !self.again.is_empty()
    }

    /// Whether readers need to know of this file, and can't go on before.
    pub(crate) fn is_asked_for(&self, name: &Name) -> bool {
        !self.again.is_empty() && self.again.contains_key(&name.key())
    }

    /// How many files that readers need to know of the present listing does not hold.
    pub(crate) fn missed(&self) -> usize {
        self.again.values().filter(|met| !**met).count()
    }

    /// Files that readers need to know of and that are gone.
    pub(crate) fn take_missing(&mut self) -> Vec<Key> {
        let missing = self.again.extract_if(|_, met| !*met);
        missing.map(|(key, _)| key).collect()
    }
}
