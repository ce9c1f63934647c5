//! From ready to queued: files are opened, judged, and written down before anybody hears of them.

use std::io;
use std::path::Path;
use std::time::Duration;

use millstream_core::Result;
use millstream_hdfs::FileState;

use super::{AWAY, Lister, at};
use crate::files_source::intake::Ready;
use crate::files_source::listing::volume::Volume;
use crate::files_source::listing::{Identity, Odd, is_away};
use crate::files_source::meeting::Fate;
use crate::files_source::name::Name;
use crate::files_source::options::Bad;
use crate::files_source::piece::Piece;
use crate::files_source::settle::MOST;

/// Files that are judged and written down together.
const TOGETHER: usize = 256;
/// Bytes of files that are looked through before others are written down: readers wait for those.
const THROUGH: u64 = 64 << 20;
/// What clients of HDFS take at most to close a file of which every block is whole: five tries, each later.
const CLOSING: Duration = Duration::from_secs(15);

impl Lister {
    /// Queues what is ready, as long as there is room.
    pub(super) fn stage_backlog(&mut self) -> Result<()> {
        let mut open: Vec<Ready> = Vec::new();
        let now = (self.clock)();
        if now >= self.next_try {
            // Behind all others.
            self.backlog.append(&mut self.unfinished);
            self.next_try = now.saturating_add(self.policy.interval.unwrap_or(AWAY));
        }
        let had_some = !self.backlog.is_empty();
        while !self.backlog.is_empty() && (self.has_room() || self.is_first_awaited()) {
            let mut pieces = Vec::new();
            self.looked_through = 0;
            while pieces.len() < TOGETHER
                && self.looked_through < THROUGH
                && let Some(mut ready) = self.backlog.pop_front()
            {
                match self.open(&mut ready)? {
                    Opened::File(now, _) if at(&self.desk).intake.is_void(&ready, now) => {
                        self.meet_odd(&ready.name, Odd::Empty)?;
                        self.give_up(&ready.name, Fate::Gone);
                    }
                    Opened::File(now, beginning) if self.was_read(&ready.name, now, &beginning) => {
                        at(&self.desk).intake.pass_over(&ready.name);
                    }
                    Opened::File(now, beginning)
                        if self.is_left_unended(&mut ready, now, &beginning) =>
                    {
                        if self.policy.interval.is_none() {
                            // There is no other look.
                            ready.shorten(now);
                            open.push(ready);
                        }
                    }
                    Opened::File(now, beginning) => {
                        let left_off = at(&self.desk).intake.left_off(&ready, now, &beginning);
                        let judged = at(&self.desk).intake.judge(&ready, now, &beginning)?;
                        if let (None, Some(end)) = (&judged, left_off) {
                            self.tell_cut(&ready, end);
                        }
                        let unread = at(&self.desk).intake.take_unread();
                        self.progress.bad_files.add(unread);
                        pieces.extend(judged);
                    }
                    Opened::Nothing => self.pass_over(&ready.name),
                    Opened::Denied => {
                        let waiting = self.unfinished.len() + open.len();
                        open.extend(self.meet_denied(ready, waiting)?);
                    }
                    Opened::Unfinished => open.push(ready),
                    Opened::Later => {
                        self.backlog.push_front(ready);
                        self.unfinished.extend(open);
                        self.queue(pieces);
                        return Ok(());
                    }
                }
            }
            self.queue(pieces);
        }
        self.unfinished.extend(open);
        self.tell_taken_unended();
        if had_some && self.backlog.is_empty() && self.policy.interval.is_none() {
            self.tell_unfinished();
            self.next_try = (self.clock)() + AWAY;
        }
        if self.backlog.is_empty() {
            // There may have been very many once.
            self.backlog.shrink_to(TOGETHER);
        }
        Ok(())
    }

    /// Whether a reader waits for the first file: there will be no room before that is announced.
    fn is_first_awaited(&self) -> bool {
        let first = self.backlog.front();
        first.is_some_and(|first| at(&self.desk).intake.is_asked_for(&first.name))
    }

    /// A file may not be opened. Answers it if it stays on its way, as so many that are `waiting` do.
    fn meet_denied(&mut self, ready: Ready, waiting: usize) -> Result<Option<Ready>> {
        // A reader that waits for it tells of it, and counts it.
        let is_told = at(&self.desk).intake.is_asked_for(&ready.name);
        if is_told && self.policy.bad != Bad::Fail {
            // The next try does not tell of it once more.
            let _news = self.is_news(&ready.name, Odd::Denied.words());
        } else {
            self.meet_odd(&ready.name, Odd::Denied)?;
        }
        let is_watched = self.policy.interval.is_some();
        if stays(is_told, is_watched, waiting) {
            at(&self.desk).intake.keep_on_its_way(&ready.name);
            return Ok(Some(ready));
        }
        self.give_up(&ready.name, Fate::Denied);
        Ok(None)
    }

    /// There is nothing to be read of a file. Where nobody would look again it is looked for once more, if it was waited for: its writer
    /// may have renamed it when it was done.
    fn pass_over(&mut self, name: &Name) {
        at(&self.desk).intake.pass_over(name);
        if self.policy.interval.is_none() && self.fresh.remove(&name.key()).is_some() {
            self.missed.push(name.clone());
            (self.looked, self.next_look) = (false, (self.clock)());
            self.looked_once_more = true;
        }
    }

    /// Whether a file that was found when others were looked for under new names was read before it was renamed itself.
    fn was_read(&self, name: &Name, now: Identity, beginning: &[u8]) -> bool {
        self.lacks_known && at(&self.desk).intake.is_renamed(name, now, beginning)
    }

    /// Nothing can be read of a file; a reader that waits for it hears why.
    fn give_up(&self, name: &Name, fate: Fate) {
        if at(&self.desk).intake.give_up(name)
            && let Some(meeting) = self.meeting.upgrade()
        {
            meeting.met_fate(vec![name.key()], fate);
        }
    }

    /// Writes pieces down and has them announced.
    fn queue(&mut self, pieces: Vec<Piece>) {
        if pieces.is_empty() {
            return;
        }
        while let Some(journal) = &mut self.journal {
            let Err(error) = journal.write(&pieces) else {
                break;
            };
            self.wait_for(format!(
                "the journal of the source can't be written: {error}"
            ));
            if self.bell.recv_timeout(AWAY)
                == Err(crossbeam_channel::RecvTimeoutError::Disconnected)
            {
                return;
            }
        }
        let mut desk = at(&self.desk);
        desk.intake.queue(pieces);
        if desk.intake.has_more() {
            // There is more to be read than one look finds.
            self.next_look = (self.clock)();
        }
        drop(desk);
        self.waker.wake();
    }

    fn open(&mut self, ready: &mut Ready) -> Result<Opened> {
        if self.root.store.is_some() {
            // What the listing says of an object is all there is to know: it is written at once.
            let identity = ready.identity();
            return Ok(Opened::File(identity, identity.content()));
        }
        let path = ready.name.below(&self.root.directory);
        match self.head(ready, &path) {
            Ok(opened) => Ok(opened),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::Nothing),
            Err(error) if is_away(&error) => {
                self.go_away(&error)?;
                Ok(Opened::Later)
            }
            Err(_) => Ok(Opened::Denied),
        }
    }

    /// Takes up a file again that was announced behind the snapshot and moved away since.
    pub(super) fn restage(&mut self, piece: &Piece) {
        let piece = at(&self.desk).intake.number(piece);
        self.queue(vec![piece]);
    }
}

impl Lister {
    /// Opens a file, unless somebody is writing it: where what is there ends is no end of a record. A source that watches finds it
    /// again at its next look, one that looks once waits for it, and one that follows growth reads as much of it as can be read, and
    /// goes on from there.
    fn head(&mut self, ready: &mut Ready, path: &Path) -> io::Result<Opened> {
        let state = self.root.volume.state_of(path)?;
        let once = self.policy.interval.is_none();
        // At the end of what one that looks once has found, the beginning of a record would count as one.
        let follows = !once && at(&self.desk).intake.follows_growth();
        // On a disk no more than that is known.
        if !follows && matches!(self.root.volume, Volume::Hdfs(_)) {
            let key = ready.name.key();
            let is_waited_for = match state {
                FileState::Open => {
                    self.fresh.remove(&key);
                    true
                }
                FileState::New if once => {
                    let now = self.root.volume.identity(path)?;
                    !self.has_stood_still(key, now, CLOSING)
                }
                FileState::New => !self.has_stood_still(key, ready.identity(), CLOSING),
                FileState::Whole => false,
            };
            if is_waited_for {
                return Ok(if once {
                    Opened::Unfinished
                } else {
                    Opened::Nothing
                });
            }
            self.fresh.remove(&key);
        }
        let (now, beginning) = self.root.volume.head(path)?;
        if state == FileState::Open && now.size < ready.identity().size {
            // Somebody is adding to a block of which a part was there before.
            return Ok(Opened::Nothing);
        }
        if once && matches!(self.root.volume, Volume::Hdfs(_)) {
            // It may have been written on since it was listed, and there is no other look; what is closed is whole.
            ready.shorten(now);
        }
        Ok(Opened::File(now, beginning))
    }
}

/// Whether a file that may not be opened stays on its way, to be opened again as often as the source looks. One that is given up is
/// found anew and has to stand still again, and looks would be made for that alone. `waiting`: so many stay already.
fn stays(is_asked_for: bool, is_watched: bool, waiting: usize) -> bool {
    // Who asks for it hears of it at once, and a source that looks once ends without it.
    !is_asked_for && is_watched && waiting < MOST
}

enum Opened {
    File(Identity, Vec<u8>),
    /// There is nothing to be read.
    Nothing,
    /// It may not be opened.
    Denied,
    /// Somebody is writing it, and it is waited for.
    Unfinished,
    /// It can't be told now.
    Later,
}

#[cfg(test)]
mod tests;
