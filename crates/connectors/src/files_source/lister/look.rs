//! One look at the directory.

use std::io;

use millstream_core::{Error, Result, codes};
use tracing::warn;

use super::{Hindrance, Lister, at};
use crate::files_source::away;
use crate::files_source::intake::{Met, other_directory};
use crate::files_source::ledger::lost;
use crate::files_source::listing::{DirectoryId, Kind, Listed, Odd};
use crate::files_source::name::Name;
use crate::files_source::options::{AfterCommit, Bad, Lost, OtherDirectory};
use crate::files_source::piece::Piece;
use crate::files_source::seen::Seen;

/// Entries that are looked at in one turn.
const SLICE: usize = 512;
/// Buckets of the ledger that are swept in one turn.
const SWEEP: usize = 64;
/// Entries that can't be read and are told of once.
const TOLD: usize = 10_000;

impl Lister {
    /// Lists the directory, and takes up what is ready.
    pub(super) fn look(&mut self) -> Result<(), Hindrance> {
        let mut walk = self.root.walk().map_err(Hindrance::Away)?;
        at(&self.desk).intake.begin_listing();
        loop {
            let slice = walk.slice(SLICE).map_err(Hindrance::Away)?;
            if slice.is_empty() {
                break;
            }
            self.meet(slice)?;
        }
        let minute = self.before.minutes + (self.clock)().as_secs() / 60;
        let same = self.is_same_directory(walk.directory, minute);
        let (ready, missing) = {
            let mut desk = at(&self.desk);
            desk.minute = minute;
            (desk.intake.end_listing(), desk.intake.take_missing())
        };
        self.backlog.extend(ready);
        if let Some(meeting) = self.meeting.upgrade() {
            meeting.are_missing(missing);
        }
        let vanished = self.check_listing(same);
        self.sweep(minute, same && vanished.is_none());
        match vanished {
            Some(words) => Err(Hindrance::Vanished(words)),
            None => Ok(self.check_lost()?),
        }
    }

    fn meet(&mut self, slice: Vec<Listed>) -> Result<(), Hindrance> {
        let now = (self.clock)();
        let mut done = Vec::new();
        let mut odd = Vec::new();
        {
            let mut desk = at(&self.desk);
            for listed in slice {
                self.before.announced.remove(&listed.name.key());
                match listed.kind {
                    Kind::File(identity) => {
                        if desk.intake.meet(&listed.name, identity, now) == Met::TakeAway {
                            done.push(listed.name);
                        }
                    }
                    Kind::Odd(what) => odd.push((listed.name, what)),
                }
            }
        }
        odd.into_iter()
            .try_for_each(|(name, what)| self.meet_odd(&name, what))?;
        done.iter().for_each(|name| self.take_away(name));
        Ok(())
    }

    /// Takes a file away of which everything is committed. What can't be is tried again at the next look.
    fn take_away(&mut self, name: &Name) {
        let directory = &self.root.directory;
        let taken = match &self.policy.after_commit {
            AfterCommit::Keep => return,
            AfterCommit::Move(target) => away::move_into(directory, name, target),
            AfterCommit::Delete => away::delete(directory, name),
        };
        match taken {
            Ok(()) => at(&self.desk).intake.taken_away(name),
            Err(error) => self.tell(
                name,
                "can't be taken away after its commit",
                &error.to_string(),
            ),
        }
    }

    /// Something lies there that can't be read as a file.
    pub(super) fn meet_odd(&mut self, name: &Name, what: Odd) -> Result<()> {
        let path = name.below(&self.root.directory);
        match &self.policy.bad {
            Bad::Fail => return Err(what.error(&path)),
            // Directories that were named for files of this source are in nobody's way.
            _ if self.is_own(&path) => return Ok(()),
            Bad::Skip => {}
            Bad::Quarantine(_) => self.quarantine(name),
        }
        self.tell(name, what.words(), "it is passed over");
        Ok(())
    }

    fn is_own(&self, path: &std::path::Path) -> bool {
        let own = |target: &std::path::Path| {
            std::path::absolute(target).is_ok_and(|target| target == path)
        };
        let bad = matches!(&self.policy.bad, Bad::Quarantine(target) if own(target));
        bad || matches!(&self.policy.after_commit, AfterCommit::Move(target) if own(target))
    }

    /// Warns of an entry, once, and counts it.
    fn tell(&mut self, name: &Name, words: &'static str, cause: &str) {
        let key = name.key();
        if self.told.get(&key) == Some(&words) {
            return;
        }
        if self.told.len() < TOLD {
            self.told.insert(key, words);
        }
        self.progress.bad_files.add(1);
        let count = self.progress.bad_files.get();
        warn!(count, "{}/{name} {words}: {cause}", self.root.shown());
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
        if minute.saturating_sub(since) >= desk.intake.remembers_for() {
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
        let desk = at(&self.desk);
        let (listed, _) = desk.intake.listed();
        let present = desk.intake.seen().present();
        let gone = listed == 0 && present > 0 && !desk.intake.takes_away();
        if !gone || self.policy.interval.is_none() {
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

    /// Sets the first listing against what the snapshot and the journal knew.
    fn check_lost(&mut self) -> Result<()> {
        let present = self.before.present.take().filter(|present| *present > 0);
        let (listed, known) = at(&self.desk).intake.listed();
        if listed == 0 && self.policy.interval.is_none() {
            warn!(path = %self.root.shown(), "there is no file to be read");
        }
        if let Some(present) = present.filter(|_| known == 0 && !at(&self.desk).intake.takes_away())
        {
            let error = other_directory(&self.root.shown(), present, listed);
            if self.policy.other == OtherDirectory::Fail {
                return Err(error);
            }
            warn!("{error}; that is accepted");
        }
        let mut missing: Vec<Piece> = std::mem::take(&mut self.before.announced)
            .into_values()
            .collect();
        missing.retain(|piece| piece.identity.size > piece.from && !self.is_quarantined(piece));
        missing.sort_by_key(|piece| piece.sequence);
        let names: Vec<String> = missing
            .iter()
            .map(|piece| format!("{}/{}", self.root.shown(), piece.name))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        if self.policy.lost == Lost::Fail {
            return Err(lost(&names, names.len()));
        }
        self.progress.lost_files.add(names.len() as u64);
        for file in &names {
            warn!(
                file,
                "the file is gone, and what had not been read of it is lost; source.file.lost is skip"
            );
        }
        Ok(())
    }

    /// Whether a file was moved away because it can't be read: then it is read from there as far as that goes, as before.
    fn is_quarantined(&mut self, piece: &Piece) -> bool {
        let Bad::Quarantine(target) = &self.policy.bad else {
            return false;
        };
        if away::find_in(target, &piece.name, piece.identity).is_none() {
            return false;
        }
        self.restage(piece);
        true
    }
}

/// The error of a source that looks once and can't.
pub(super) fn not_readable(shown: &str, error: &io::Error) -> Error {
    Error::new(&codes::SOURCE_READ, format!("{shown} can't be read"))
        .cause(error)
        .next("check the source path and its permissions")
}
