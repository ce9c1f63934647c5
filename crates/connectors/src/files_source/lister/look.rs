//! One look at the directory.

use std::collections::BTreeSet;
use std::io;

use millstream_core::{Error, Result, codes};
use tracing::warn;

use super::{Hindrance, Lister, at};
use crate::files_source::away;
use crate::files_source::beginning::fingerprint;
use crate::files_source::intake::{Met, emptied_directory, other_directory};
use crate::files_source::ledger::{lost, overwritten};
use crate::files_source::listing::{DirectoryId, Identity, Kind, Listed, Odd, is_away};
use crate::files_source::meeting::Fate;
use crate::files_source::name::{Key, Name};
use crate::files_source::options::{AfterCommit, Bad, Lost, OtherDirectory};
use crate::files_source::piece::Piece;
use crate::files_source::remote;
use crate::files_source::seen::{Seen, are_over};

/// Entries that are looked at in one turn.
const SLICE: usize = 512;
/// Buckets of the ledger that are swept in one turn.
const SWEEP: usize = 16;
/// What is said behind the name of a file that is lost and not missing.
const OTHER: &str = " (in whose place another file lies)";
/// Entries that can't be read and are told of once.
const TOLD: usize = 10_000;

/// What the first look behind a snapshot has found.
#[derive(Debug, Clone, Copy)]
struct Compared {
    /// How many files the snapshot knew to be there.
    present: usize,
    /// How many files are there that it knew.
    known: usize,
    /// It may be the directory of the snapshot, mounted anew.
    is_one: bool,
    /// The job goes on where it was left, in that directory or under its path: as one that runs does. Whoever names a snapshot may have
    /// named the wrong one.
    is_left: bool,
    /// It is called as that was, or it is not known how that was called.
    is_called_so: bool,
    /// Files are taken away from now on.
    takes_away: bool,
    /// Files are, or were.
    has_taken: bool,
}

impl Compared {
    /// Whether this is not the directory of the snapshot, as far as can be told. Of files that are taken away all may be gone, and
    /// those that would tell of it as well: then only another directory under another path counts, in which nothing must be taken
    /// away. One that was made anew in its place is gone on in.
    fn is_elsewhere(self) -> bool {
        if self.known > 0 || self.is_left {
            return false;
        }
        if self.has_taken {
            let is_other = !self.is_one && !self.is_called_so;
            return is_other && (self.present > 0 || self.takes_away);
        }
        self.present > 0
    }
}

impl Lister {
    /// Lists the directory, and takes up what is ready.
    pub(super) fn look(&mut self) -> Result<(), Hindrance> {
        let mut walk = match self.root.walk() {
            Err(error) if self.is_only_file_gone(&error) => {
                self.answer(&BTreeSet::new(), true);
                return Ok(());
            }
            walk => walk.map_err(Hindrance::Away)?,
        };
        at(&self.desk).intake.begin_listing();
        let mut there = BTreeSet::new();
        loop {
            let slice = walk.slice(SLICE).map_err(Hindrance::Away)?;
            if slice.is_empty() {
                break;
            }
            let slice = self.release_held(slice, walk.directory);
            let slice = slice.map_err(Hindrance::Away)?;
            there.extend(self.sought_in(&slice));
            self.meet(slice, walk.directory)?;
        }
        // What vanished with the directory was passed over.
        if self.root.id().map_err(Hindrance::Away)? != walk.directory {
            let shown = self.root.shown();
            let words = format!("{shown} was replaced while it was looked at");
            return Err(Hindrance::Vanished(words));
        }
        // Looks that are made for readers, while files wait, have no room for more of them.
        let has_some = !self.backlog.is_empty();
        let minute = self.before.minutes + (self.clock)().as_secs() / 60;
        let is_one = self.may_be_one(walk.directory);
        let same = self.is_same_directory(walk.directory, minute);
        let (ready, (listed, known)) = {
            let mut desk = at(&self.desk);
            desk.minute = minute;
            let (_, known) = desk.intake.listed();
            self.lacks_known |= self.looked_once_more && known < desk.intake.seen().present();
            (desk.intake.end_listing(!has_some), desk.intake.listed())
        };
        if let Some(book) = &self.book {
            book.waiting(listed.saturating_sub(known));
        }
        self.backlog.extend(ready);
        self.bring_forward();
        self.tell_gone();
        let vanished = self.check_listing(same);
        let is_whole = same && vanished.is_none();
        self.sweep(minute, is_whole);
        let missed = self.answer(&there, is_whole);
        if let Some(words) = vanished {
            return Err(Hindrance::Vanished(words));
        }
        if missed > 0 {
            return Err(self.are_elsewhere(missed));
        }
        self.check_lost(same, is_one)
    }

    /// Says which files were there and are gone, before they had stood still.
    fn tell_gone(&mut self) {
        let missed = std::mem::take(&mut self.missed);
        let mut desk = at(&self.desk);
        let mut gone = desk.intake.take_gone();
        // What is new may be what they were renamed to.
        if self.backlog.is_empty() && desk.intake.due().is_none() {
            gone.extend(missed);
        }
        drop(desk);
        let Some(first) = gone.first() else {
            return;
        };
        let (shown, count) = (self.root.shown(), gone.len());
        warn!(
            count,
            "{shown}/{first} is gone before it had stood still for source.file.settle (ten times that, if it ended within a record), so nothing of it was read; \
             leave files there until they are read, or write them under names that begin with `.` or `_` first"
        );
    }

    /// Whether a source of one file that looks once misses it in a directory that is there.
    fn is_only_file_gone(&self, error: &io::Error) -> bool {
        self.root.only.is_some()
            && self.policy.interval.is_none()
            && !self.sought.is_empty()
            && error.kind() == io::ErrorKind::NotFound
            && self.root.id().is_ok()
    }

    /// Those of some entries that readers miss and that are there.
    fn sought_in(&self, slice: &[Listed]) -> Vec<Key> {
        let is_there =
            |listed: &&Listed| !matches!(listed.kind, Kind::Odd(Odd::Dangling) | Kind::Held(_));
        let keys = slice
            .iter()
            .filter(is_there)
            .map(|listed| listed.name.key());
        let is_sought = |key: &Key| self.sought.values().any(|sought| sought == key);
        keys.filter(is_sought).collect()
    }

    /// Tells readers which of the files that they miss are `there`; that others are gone, only where the listing was
    /// that of the whole directory in which they were found. Answers how many can't be told of.
    fn answer(&mut self, there: &BTreeSet<Key>, is_whole: bool) -> usize {
        let Some(meeting) = self.meeting.upgrade() else {
            return 0;
        };
        let (quarantined, heard) = (&self.quarantined, &mut self.heard);
        self.sought.retain(|subtask, key| {
            // It may have been on its way there when the reader missed it; it is found there.
            let is_aside = quarantined.contains(key) && heard.insert((*key, *subtask));
            let is_there = there.contains(key) || is_aside;
            if is_there || is_whole {
                meeting.answer(*subtask, is_there);
            }
            !(is_there || is_whole)
        });
        let mut desk = at(&self.desk);
        if is_whole {
            meeting.met_fate(desk.intake.take_missing(), Fate::Gone);
        }
        self.sought.len() + desk.intake.missed()
    }

    /// Files are missed in a directory that is not the one in which they were found.
    fn are_elsewhere(&self, missed: usize) -> Hindrance {
        let shown = self.root.shown();
        Hindrance::Vanished(format!(
            "{shown} is another directory than before, and does not hold {missed} of the files that are being read"
        ))
    }

    fn meet(&mut self, slice: Vec<Listed>, directory: DirectoryId) -> Result<(), Hindrance> {
        self.meet_announced(&slice)?;
        let now = (self.clock)();
        let mut done = Vec::new();
        let mut odd = Vec::new();
        {
            let mut desk = at(&self.desk);
            for listed in slice {
                match listed.kind {
                    Kind::File(identity) => {
                        if let Met::TakeAway(entry) = desk.intake.meet(&listed.name, identity, now)
                        {
                            done.push((listed.name, entry));
                        }
                    }
                    Kind::Odd(what) => odd.push((listed.name, what)),
                    // It waits until its name is free.
                    Kind::Held(_) => {}
                }
            }
        }
        odd.into_iter()
            .try_for_each(|(name, what)| self.meet_odd(&name, what))?;
        if self.root.store.is_none() {
            done.retain(|(name, _)| self.can_be_hidden(name));
        }
        if !self.note_taken(done.iter().map(|(name, entry)| (name, entry))) {
            return Ok(());
        }
        for (name, entry) in &done {
            self.take_away(name, name, entry, directory);
        }
        Ok(())
    }

    /// Takes off the list of what was announced behind the snapshot what lies there as it was, or holds what it was.
    ///
    /// # Errors
    /// What lies there can't be read at present, so it is not known whether it is what was announced.
    fn meet_announced(&mut self, slice: &[Listed]) -> Result<(), Hindrance> {
        if self.before.announced.is_empty() {
            return Ok(());
        }
        for listed in slice {
            let (Kind::File(identity), key) = (&listed.kind, listed.name.key()) else {
                continue;
            };
            let Some(piece) = self.before.announced.get(&key) else {
                continue;
            };
            let is_it = match self.holds(&listed.name, *identity, piece) {
                Ok(holds) => holds,
                // The next look does not find it any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                // Who reads it meets that, and what is to be done about a file that can't be opened.
                Err(error) if !is_away(&error) => identity.size >= piece.identity.size,
                Err(error) => {
                    let words = format!("{}: {error}", listed.name);
                    return Err(Hindrance::Away(io::Error::new(error.kind(), words)));
                }
            };
            if is_it {
                self.before.announced.remove(&key);
            } else {
                self.before.replaced.insert(key);
            }
        }
        Ok(())
    }

    /// Whether the file of that name, which is listed as `listed`, holds what was announced of it, and perhaps more. Objects never
    /// grow. Another file may have its size and its time.
    fn holds(&self, name: &Name, listed: Identity, piece: &Piece) -> io::Result<bool> {
        if self.root.store.is_some() || piece.beginning == 0 {
            return Ok(piece.identity == listed);
        }
        let path = name.below(&self.root.directory);
        let (now, beginning) = self.root.volume.head(&path)?;
        let then = piece.identity.size;
        Ok(now.size >= then && fingerprint(&beginning, then) == piece.beginning)
    }

    /// Something lies there that can't be read as a file.
    pub(super) fn meet_odd(&mut self, name: &Name, what: Odd) -> Result<()> {
        let path = name.below(&self.root.directory);
        match &self.policy.bad {
            Bad::Fail => return Err(what.error(&path)),
            // Directories that were named for files of this source are in nobody's way.
            _ if self.is_own(&path) => return Ok(()),
            // The disk that a link leads to may be away: what lies there is read when it comes back.
            Bad::Quarantine(_) if what != Odd::Dangling => self.quarantine_odd(name, what),
            Bad::Skip | Bad::Quarantine(_) => {}
        }
        if self.tell(name, what.words(), "it is passed over")
            && let Some(book) = &self.book
        {
            book.unreadable(name, what.words(), self.quarantined.contains(&name.key()));
        }
        Ok(())
    }

    fn is_own(&self, path: &std::path::Path) -> bool {
        let own = |target: &std::path::Path| {
            if self.root.is_remote() {
                return target == path;
            }
            std::path::absolute(target).is_ok_and(|target| target == path)
        };
        let bad = matches!(&self.policy.bad, Bad::Quarantine(target) if own(target));
        bad || matches!(&self.policy.after_commit, AfterCommit::Move(target) if own(target))
    }

    /// Warns of an entry that is not read, once, and counts it. Whether it was told now.
    pub(super) fn tell(&mut self, name: &Name, words: &'static str, cause: &str) -> bool {
        let is_news = self.is_news(name, words);
        if is_news {
            self.progress.bad_files.add(1);
            let count = self.progress.bad_files.get();
            warn!(count, "{}/{name} {words}: {cause}", self.root.shown());
        }
        is_news
    }

    /// Whether this has not been told of an entry.
    pub(super) fn is_news(&mut self, name: &Name, words: &'static str) -> bool {
        let key = name.key();
        if self.told.get(&key) == Some(&words) {
            return false;
        }
        if self.told.len() < TOLD {
            self.told.insert(key, words);
        }
        true
    }

    /// Whether it may be the directory in which the known files lie, mounted anew.
    fn may_be_one(&self, found: DirectoryId) -> bool {
        let desk = at(&self.desk);
        let is_it = |known: DirectoryId| known.inode == found.inode;
        let is_only_file = self.root.only.is_some();
        is_only_file || desk.directory.is_none_or(is_it)
    }

    /// Whether the directory is the one in which the known files lie. Another one becomes that when it has been there for
    /// as long as files are remembered.
    fn is_same_directory(&mut self, found: DirectoryId, minute: u64) -> bool {
        let mut desk = at(&self.desk);
        let known = *desk.directory.get_or_insert(found);
        if known == found || self.root.only.is_some() {
            self.other_since = None;
            return true;
        }
        desk.intake.moved = true;
        let since = match self.other_since {
            Some(since) => since,
            None => {
                let shown = self.root.shown();
                warn!(
                    "{shown} is another directory than before; the files that were read are remembered by their names"
                );
                self.other_since = Some(minute);
                minute
            }
        };
        if are_over(desk.intake.remembers_for(), since, minute) {
            desk.directory = Some(found);
            self.other_since = None;
        }
        false
    }

    /// Ends the listing in the ledger, in short turns.
    fn sweep(&self, minute: u64, forget: bool) {
        for from in (0..Seen::buckets()).step_by(SWEEP) {
            at(&self.desk)
                .intake
                .sweep(from..from + SWEEP, minute, forget);
        }
    }

    /// Whether everything that was there has vanished, and what to say then. Nothing is concluded from that.
    fn check_listing(&mut self, same: bool) -> Option<String> {
        let (listed, _) = at(&self.desk).intake.listed();
        if listed > 0 || self.policy.interval.is_none() {
            return None;
        }
        let known = {
            let desk = at(&self.desk);
            let all_may_leave = same && desk.intake.takes_away();
            (!all_may_leave).then(|| desk.intake.seen().present())
        };
        let present = known.unwrap_or_else(|| self.unfinished());
        let present = present.max(self.before.announced.len());
        if present == 0 {
            return None;
        }
        let other = if same {
            ""
        } else {
            ", and is another directory than before"
        };
        let shown = self.root.shown();
        Some(format!(
            "{shown} is empty{other}: {present} files were there"
        ))
    }

    /// How many files are known to be there that can't have been taken away yet, counted in short turns.
    fn unfinished(&self) -> usize {
        let buckets = (0..Seen::buckets()).step_by(SWEEP);
        buckets
            .map(|from| at(&self.desk).intake.unfinished_in(from..from + SWEEP))
            .sum()
    }

    /// Sets the first listing against what the snapshot and the journal knew.
    /// `same`: it is the directory of the snapshot; `is_one`: it may be that, mounted anew.
    fn check_lost(&mut self, same: bool, is_one: bool) -> Result<(), Hindrance> {
        let (listed, known) = at(&self.desk).intake.listed();
        if listed == 0 && self.policy.interval.is_none() {
            warn!(path = %self.root.shown(), "there is no file to be read");
        }
        if let Some(present) = self.before.present.take() {
            let takes_away = at(&self.desk).intake.takes_away();
            let shown = self.root.shown();
            let found = Compared {
                present,
                known,
                is_one,
                is_left: self.before.is_continued
                    && (same || self.before.path == shown && self.policy.interval.is_some()),
                is_called_so: [&*shown, ""].contains(&self.before.path.as_str()),
                takes_away,
                has_taken: self.before.has_taken || takes_away,
            };
            self.check_other(found, listed)?;
        }
        let is_left = |piece: &Piece| piece.identity.size > piece.from;
        let left = self.before.announced.values();
        let left = left.filter(|piece| is_left(piece)).count();
        if !same && left > 0 {
            return Err(self.are_elsewhere(left));
        }
        self.report_lost()?;
        at(&self.desk).unchecked = false;
        Ok(())
    }

    /// Refuses a directory that is not the one of the snapshot, unless that is accepted.
    fn check_other(&self, found: Compared, listed: usize) -> Result<()> {
        let shown = self.root.shown();
        if !found.is_elsewhere() {
            if found.present > 0 && found.known == 0 && !found.has_taken {
                warn!(
                    "{shown} holds none of the {} files that were there when the job was left: others have cleaned it up, or put \
                     another directory in its place",
                    found.present
                );
            }
            return Ok(());
        }
        let error = match found.present {
            0 => emptied_directory(&shown, &self.before.path),
            present => other_directory(&shown, present, listed),
        };
        if self.policy.other == OtherDirectory::Fail {
            return Err(error);
        }
        warn!("{error}; that is accepted");
        Ok(())
    }

    /// Says which files are gone that had been announced behind the snapshot.
    fn report_lost(&mut self) -> Result<()> {
        let is_left = |piece: &Piece| piece.identity.size > piece.from;
        let mut missing: Vec<Piece> = std::mem::take(&mut self.before.announced)
            .into_values()
            .collect();
        missing.retain(|piece| is_left(piece) && !self.is_quarantined(piece));
        missing.sort_by_key(|piece| piece.sequence);
        let replaced = std::mem::take(&mut self.before.replaced);
        let is_replaced = |piece: &&Piece| replaced.contains(&piece.name.key());
        let told = |piece: &Piece| {
            let other = if is_replaced(&piece) { OTHER } else { "" };
            format!("{}/{}{other}", self.root.shown(), piece.name)
        };
        let names: Vec<String> = missing.iter().map(told).collect();
        if names.is_empty() {
            return Ok(());
        }
        if self.policy.lost == Lost::Fail {
            let others = missing.iter().filter(is_replaced).count();
            return Err(match others == names.len() {
                true => overwritten(&names),
                false => lost(&names, names.len()),
            });
        }
        self.progress.lost_files.add(names.len() as u64);
        for (file, piece) in names.iter().zip(&missing) {
            match is_replaced(&piece) {
                true => warn!(
                    file,
                    "the file was overwritten before what was read of it was in a checkpoint; what lies there now is read in its \
                     place; source.file.lost is skip"
                ),
                false => warn!(
                    file,
                    "the file is gone, and what had not been read of it is lost; source.file.lost is skip"
                ),
            }
        }
        Ok(())
    }

    /// Whether a file was moved away because it can't be read: then it is read from there as far as that goes, as before.
    fn is_quarantined(&mut self, piece: &Piece) -> bool {
        let Bad::Quarantine(target) = &self.policy.bad else {
            return false;
        };
        // The name is another file's by now: under it nobody would find this one.
        if self.before.replaced.contains(&piece.name.key()) {
            return false;
        }
        let found = match &self.root.store {
            None => {
                let volume = &self.root.volume;
                away::find_in(volume, target, &piece.name, piece.identity).is_some()
            }
            Some(store) => {
                let copy = away::find_copy(store, target, &piece.name, piece.identity);
                // That it can't be told is found out again by who reads it.
                copy.is_ok_and(|copy| copy.is_some())
            }
        };
        if !found {
            return false;
        }
        self.restage(piece);
        true
    }
}

/// The error of a source that looks once and can't.
pub(super) fn not_readable(shown: &str, error: &io::Error) -> Error {
    let of_store = remote::next_step(error);
    Error::new(&codes::SOURCE_READ, format!("{shown} can't be read"))
        .cause(error)
        .next(of_store.unwrap_or("check the source path and its permissions"))
}

#[cfg(test)]
mod tests;
