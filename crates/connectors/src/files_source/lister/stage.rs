//! From ready to queued: files are opened, judged, and written down before anybody hears of them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use millstream_core::Result;
use rustix::fs::OFlags;

use super::{Lister, at};
use crate::files_source::beginning::BEGINNING;
use crate::files_source::intake::Ready;
use crate::files_source::listing::{Identity, Odd, is_away};
use crate::files_source::piece::Piece;

/// Files that are judged and written down together.
const TOGETHER: usize = 256;

impl Lister {
    /// Queues what is ready, as long as there is room.
    pub(super) fn stage_backlog(&mut self) -> Result<()> {
        while !self.backlog.is_empty() && self.has_room() {
            let mut pieces = Vec::new();
            while pieces.len() < TOGETHER
                && let Some(ready) = self.backlog.pop_front()
            {
                match self.open(&ready)? {
                    Opened::File(now, beginning) => {
                        let judged = at(&self.desk).intake.judge(&ready, now, &beginning)?;
                        pieces.extend(judged);
                    }
                    Opened::Nothing => at(&self.desk).intake.pass_over(&ready.name),
                    Opened::Later => {
                        self.backlog.push_front(ready);
                        self.queue(pieces);
                        return Ok(());
                    }
                }
            }
            self.queue(pieces);
        }
        Ok(())
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
            if self.bell.recv_timeout(super::AWAY)
                == Err(crossbeam_channel::RecvTimeoutError::Disconnected)
            {
                return;
            }
        }
        at(&self.desk).intake.queue(pieces);
        self.waker.wake();
    }

    fn open(&mut self, ready: &Ready) -> Result<Opened> {
        match open(&ready.name.below(&self.root.directory)) {
            Ok((now, beginning)) => Ok(Opened::File(now, beginning)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Opened::Nothing),
            Err(error) if is_away(&error) => {
                self.go_away(&error)?;
                Ok(Opened::Later)
            }
            Err(_) => {
                self.meet_odd(&ready.name, Odd::Denied)?;
                Ok(Opened::Nothing)
            }
        }
    }

    /// Takes up a file again that was announced behind the snapshot and moved away since.
    pub(super) fn restage(&mut self, piece: &Piece) {
        let piece = at(&self.desk).intake.number(piece);
        self.queue(vec![piece]);
    }
}

enum Opened {
    File(Identity, Vec<u8>),
    /// There is nothing to be read.
    Nothing,
    /// It can't be told now.
    Later,
}

/// What a file is now, and its first bytes.
pub(super) fn open(path: &Path) -> io::Result<(Identity, Vec<u8>)> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    let file: File = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    let identity = Identity::of(&file.metadata()?);
    let mut beginning = Vec::with_capacity(BEGINNING);
    file.take(BEGINNING as u64).read_to_end(&mut beginning)?;
    Ok((identity, beginning))
}
