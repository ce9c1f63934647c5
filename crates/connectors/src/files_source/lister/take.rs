//! Takes files away that are done with or can't be read, and finds what an earlier attempt was about to take.

use std::cell::Cell;
use std::io;
use std::path::Path;

use tracing::{debug, warn};

use super::{Lister, at};
use crate::files_source::away::{Taken, take_object};
use crate::files_source::beginning::fingerprint;
use crate::files_source::ledger::{Passed, PassedOver};
use crate::files_source::listing::{DirectoryId, Kind, Listed, Odd, Root, is_away};
use crate::files_source::name::{LONGEST, Name};
use crate::files_source::options::{AfterCommit, Bad};
use crate::files_source::seen::Entry;

impl Lister {
    /// Takes the file `name` away, which lies under the name `lies` and of which everything is committed, if it is what
    /// was read. What can't be is tried again at the next look.
    pub(super) fn take_away(
        &mut self,
        name: &Name,
        lies: &Name,
        entry: &Entry,
        listed: DirectoryId,
    ) {
        let is_listed = |root: &Root| root.id().is_ok_and(|now| now == listed);
        if !is_listed(&self.root) || !self.note_taken([(name, entry)].into_iter()) {
            return;
        }
        let target = match &self.policy.after_commit {
            AfterCommit::Keep => return,
            AfterCommit::Move(target) => Some(target.as_path()),
            AfterCommit::Delete => None,
        };
        if let Some(store) = &self.root.store {
            let path = lies.below(&self.root.directory);
            let taken = take_object(store, &path, name, target, entry.identity);
            return self.tell_taken(name, entry, taken);
        }
        let begins = Cell::new(true);
        let volume = &self.root.volume;
        let taken = self.taker.take(name, lies, target, |path| {
            let found = volume.head(path).ok();
            found.is_some_and(|(now, beginning)| {
                let known = entry.beginning == 0
                    || fingerprint(&beginning, entry.identity.size) == entry.beginning;
                begins.set(known || now != entry.identity);
                volume.is_file(path) && now == entry.identity && known
            })
        });
        match taken {
            // What is not there because the directory is away has not been taken away.
            Ok(_) if !is_listed(&self.root) => {}
            Ok(Taken::Away) => self.is_gone(name, entry),
            // The next look finds it out, or would find it done with again.
            Ok(Taken::PutBack) if begins.get() => {
                debug!(%name, "the file is not the one that was read, so it stays");
            }
            Ok(Taken::PutBack) => {
                let passed = PassedOver {
                    file: entry.key,
                    piece: entry.sequence(),
                };
                at(&self.desk).intake.pass_over_all(vec![passed]);
                let _told = self.tell(
                    name,
                    "begins otherwise than the file that was read",
                    "it has the same size and time, so it is not read, and stays",
                );
            }
            Ok(Taken::Held) => self.tell_held(name),
            Err(error) => self.tell_kept(name, &why_it_stays(&error)),
        }
    }

    /// What came of an object that was to be taken away.
    fn tell_taken(&mut self, name: &Name, entry: &Entry, taken: io::Result<Taken>) {
        match taken {
            Ok(Taken::Away) => self.is_gone(name, entry),
            Ok(_) => debug!(%name, "the object is not the one that was read, so it stays"),
            Err(error) => self.tell_kept(name, &why_it_stays(&error)),
        }
    }

    /// A file that was done with is gone.
    fn is_gone(&mut self, name: &Name, entry: &Entry) {
        let mut desk = at(&self.desk);
        let minute = desk.minute;
        desk.intake.taken_away(name, minute);
        if let Some(taken) = &mut self.taken {
            taken.is_gone(entry.sequence());
        }
    }

    /// Notes what is about to be taken away. Whether it is noted, and may be.
    pub(super) fn note_taken<'a>(
        &mut self,
        files: impl Iterator<Item = (&'a Name, &'a Entry)> + Clone,
    ) -> bool {
        let Some(taken) = &mut self.taken else {
            return true;
        };
        let numbered = files.clone();
        let numbered = numbered.map(|(name, entry)| (entry.sequence(), name.to_string()));
        let Err(error) = taken.note(numbered) else {
            return true;
        };
        for (name, _) in files.take(1) {
            self.tell_kept(name, &format!("that can't be noted: {error}"));
        }
        false
    }

    fn done(&self, name: &Name) -> Option<Entry> {
        at(&self.desk).intake.done(name)
    }

    /// Whether there is room for the mark before a name; else it is told that the file stays.
    pub(super) fn can_be_hidden(&mut self, name: &Name) -> bool {
        let can_be = name.bytes().len() <= LONGEST;
        if !can_be {
            self.tell_kept(name, &too_long());
        }
        can_be
    }

    /// What is done with stays where it is. It was read, and is no bad one.
    fn tell_kept(&mut self, name: &Name, why: &str) {
        let words = "can't be taken away after its commit";
        if self.is_news(name, words) {
            warn!("{}/{name} {words}: {why}", self.root.shown());
        }
    }

    fn tell_held(&mut self, name: &Name) {
        let _told = self.tell(
            name,
            "took the place of a file that was not to be taken away",
            "that one waits under a hidden name until the name is free",
        );
    }

    /// What an earlier attempt was about to take away, and did not come to: what is done with is taken away now, and
    /// anything else gets its name back. Answers the slice with what lies under its name again.
    pub(super) fn release_held(
        &mut self,
        slice: Vec<Listed>,
        directory: DirectoryId,
    ) -> io::Result<Vec<Listed>> {
        let mut released = Vec::with_capacity(slice.len());
        for listed in slice {
            let Kind::Held(lies) = &listed.kind else {
                released.push(listed);
                continue;
            };
            let name = &listed.name;
            match self.taker.release(name, lies) {
                // Another file has its name. If this one is done with, it needs no name.
                Ok(Taken::Held) => match self.done(name) {
                    Some(entry) => self.take_away(name, lies, &entry, directory),
                    None => self.tell_held(name),
                },
                Ok(_) => {
                    warn!(
                        "{}/{name} was about to be taken away, and has its name back",
                        self.root.shown()
                    );
                    let path = name.below(&self.root.directory);
                    let there = self.root.volume.kind(&path)?;
                    released.extend(there.map(|kind| Listed {
                        name: name.clone(),
                        kind,
                    }));
                }
                Err(error) => {
                    let _told = self.tell(name, "can't get its name back", &error.to_string());
                }
            }
        }
        Ok(released)
    }

    /// Moves a file away that a reader can't read to its end, if that is wanted.
    pub(super) fn quarantine_passed(&mut self, passed: &Passed) {
        let identity = passed.identity;
        if let Some(store) = &self.root.store {
            let Bad::Quarantine(target) = &self.policy.bad else {
                return;
            };
            let path = passed.name.below(&self.root.directory);
            let taken = take_object(store, &path, &passed.name, Some(target), identity);
            let is_moved = self.tell_quarantined(&passed.name, taken);
            return self.note_moved(passed, is_moved);
        }
        let volume = self.root.volume.clone();
        let is_moved = self.quarantine(&passed.name, |path| {
            // One that came in its place and may not be opened is what the reader met.
            let may_not_be_opened = || {
                let is_denied =
                    |error: io::Error| error.kind() != io::ErrorKind::NotFound && !is_away(&error);
                volume.head(path).is_err_and(is_denied)
            };
            match volume.kind(path).ok().flatten() {
                Some(Kind::File(now)) => now == identity || may_not_be_opened(),
                _ => false,
            }
        });
        self.note_moved(passed, is_moved);
    }

    fn note_moved(&self, passed: &Passed, is_moved: bool) {
        if let Some(book) = self.book.as_ref().filter(|_| is_moved) {
            book.moved(passed.piece);
        }
    }

    /// Moves something away that can't be read as a file, if that is wanted.
    pub(super) fn quarantine_odd(&mut self, name: &Name, what: Odd) {
        if self.root.store.is_some() {
            // What lies below a directory is not moved, and what is empty is in nobody's way.
            return;
        }
        let volume = self.root.volume.clone();
        let before = volume.identity(&name.below(&self.root.directory)).ok();
        let _moved = self.quarantine(name, |path| match volume.kind(path) {
            Ok(Some(Kind::Odd(now))) => now == what,
            Ok(Some(Kind::File(now))) => {
                what == Odd::Denied && before == Some(now) && volume.head(path).is_err()
            }
            Ok(_) | Err(_) => false,
        });
    }

    /// Whether it was moved.
    fn quarantine(&mut self, name: &Name, is_meant: impl FnOnce(&Path) -> bool) -> bool {
        let Bad::Quarantine(target) = &self.policy.bad else {
            return false;
        };
        let taken = self.taker.take(name, name, Some(target), is_meant);
        self.tell_quarantined(name, taken)
    }

    /// Whether it was moved.
    fn tell_quarantined(&mut self, name: &Name, taken: io::Result<Taken>) -> bool {
        match taken {
            Ok(Taken::Away) => {
                let key = name.key();
                self.quarantined.insert(key);
                self.heard.retain(|(heard, _)| *heard != key);
                return true;
            }
            Ok(Taken::PutBack) => debug!(%name, "another file has come in its place, so it stays"),
            Ok(Taken::Held) => self.tell_held(name),
            Err(error) => {
                let file = format!("{}/{name}", self.root.shown());
                let cause = why_it_stays(&error);
                warn!(
                    file,
                    cause,
                    "the file can't be moved into the quarantine; it is passed over where it is"
                );
            }
        }
        false
    }
}

fn why_it_stays(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidFilename => too_long(),
        _ => error.to_string(),
    }
}

fn too_long() -> String {
    format!(
        "its name is longer than {LONGEST} bytes, which leaves no room for the mark under which it is hidden meanwhile"
    )
}
