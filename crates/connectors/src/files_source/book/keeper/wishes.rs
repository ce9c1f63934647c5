//! What follows for rows from checkpoints, and from wishes that files be read again.

use std::io;

use crossbeam_channel::Sender;
use millstream_core::CheckpointId;
use millstream_core::book::{FileState, Row};

use super::{Keeper, NOTHING, now};
use crate::files_source::book::{Granted, Wish};
use crate::files_source::name::Name;

impl Keeper {
    /// A checkpoint is complete behind the pieces below `finished`.
    pub(super) fn commit(&mut self, checkpoint: CheckpointId, finished: u64) -> io::Result<()> {
        let mut at = self.uncommitted.max(self.pages.first());
        let mut first = None;
        while at < self.pages.next() {
            let some = self.pages.some(at)?;
            if some.is_empty() {
                break;
            }
            for (number, row) in some {
                at = number + 1;
                let Some(mut row) = row.filter(|row| row.state.is_some()) else {
                    continue;
                };
                let Some(piece) = row.piece.filter(|_| row.checkpoint.is_none()) else {
                    continue;
                };
                if piece >= finished || self.live.contains_key(&number) {
                    first = first.or(Some(number));
                    continue;
                }
                row.checkpoint = Some(checkpoint);
                if row.state == Some(FileState::Read) {
                    self.change(&mut row, Some(FileState::Done));
                }
                self.pages.write(number, &row)?;
            }
        }
        self.uncommitted = first.unwrap_or(self.pages.next());
        let (done, owed) = std::mem::take(&mut self.owed)
            .into_iter()
            .partition(|(_, behind)| *behind < checkpoint);
        self.owed = owed;
        let done: Vec<(u64, CheckpointId)> = done;
        for (row, _) in done {
            self.pages.forget_wish(row)?;
            self.asked.remove(&row);
        }
        Ok(())
    }

    /// Tells the lister which files are to be read again.
    pub(super) fn hear_wishes(&mut self, ring_lister: &Sender<()>) -> io::Result<()> {
        let mut wishes = Vec::new();
        for number in self.pages.wished()? {
            if self.asked.contains(&number) {
                continue;
            }
            let row = self.pages.row(number)?;
            let may = |row: &Row| row.state.is_none_or(FileState::is_over);
            match row.filter(may).and_then(|row| Some((row, row.piece?))) {
                Some((row, piece)) => {
                    self.asked.insert(number);
                    wishes.push(Wish {
                        row: number,
                        name: Name::new(&self.pages.name(number, &row)?),
                        piece,
                    });
                }
                None => self.pages.forget_wish(number)?,
            }
        }
        if !wishes.is_empty() {
            self.book.wishes().extend(wishes);
            let _rung = ring_lister.try_send(());
        }
        Ok(())
    }

    pub(super) fn grant(&mut self, wish: &Wish, granted: Granted) -> io::Result<()> {
        let Granted::Behind(checkpoint) = granted else {
            self.asked.remove(&wish.row);
            return self.pages.forget_wish(wish.row);
        };
        self.owed.push((wish.row, checkpoint));
        let key = wish.name.key();
        let Some(mut row) = self.pages.row(wish.row)? else {
            return Ok(());
        };
        self.change(&mut row, None);
        self.pages.write(wish.row, &row)?;
        self.known.remove(&key);
        if self.again.contains_key(&key) {
            return Ok(());
        }
        let size = row.size;
        let row = Row {
            state: Some(FileState::Pending),
            size,
            records: Some(0),
            changed: now(),
            ..NOTHING
        };
        let (number, _) = self.add(row, &wish.name, "")?;
        self.again.insert(key, number);
        Ok(())
    }
}
