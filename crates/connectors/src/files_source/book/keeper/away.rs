//! A book whose directory is away, and one that can't be written.

use crossbeam_channel::Receiver;
use tracing::warn;

use super::{INTERVAL, Keeper};

impl Keeper {
    /// Waits until the directory of the book is there, which may be away for a while: what is told meanwhile is left for then, and what
    /// is too much is counted. Whether the book is still kept.
    pub(super) fn wait_for_place(&self, rung: &Receiver<()>) -> bool {
        let mut is_told = false;
        while let Err(error) = self.pages.reach() {
            if !std::mem::replace(&mut is_told, true) {
                warn!(place = %self.place.display(), cause = %error, "the book of files is away; it is waited for, and the job goes on");
            }
            if self.book.notes().closed {
                return false;
            }
            let _woken = rung.recv_timeout(INTERVAL);
        }
        true
    }

    /// The book can't be written: readers need not count, and nothing piles up.
    pub(super) fn give_up(&self, rung: &Receiver<()>) {
        loop {
            if let Some(meeting) = self.meeting.upgrade() {
                meeting.counts().set_settled(u64::MAX);
                drop(meeting.counts().take());
            }
            let notes = std::mem::take(&mut *self.book.notes());
            if notes.closed {
                return;
            }
            let _woken = rung.recv_timeout(INTERVAL);
        }
    }
}
