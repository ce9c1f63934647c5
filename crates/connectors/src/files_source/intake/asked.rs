//! Files of which readers need to know what they are now, and before which they stand until they do.

use super::Intake;
use crate::files_source::name::{Key, Name};

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

    /// Nothing can be read of the file. Whether a reader waits for it: it will wait no more.
    pub(crate) fn give_up(&mut self, name: &Name) -> bool {
        self.pass_over(name);
        self.again.remove(&name.key()).is_some()
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
