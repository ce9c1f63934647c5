//! Last records without their ends: kept while a file may grow, and handed out when the source ends.

use std::sync::Arc;

use super::file::FileState;
use super::tails::Tail;
use super::{Ledger, REMEMBERED, Running, found};
use crate::files_source::share::Share;
use crate::files_source::stream::Start;

impl Ledger {
    /// The source ends, and with it every record that had no end.
    pub(super) fn add_tails(&mut self) {
        for (number, tail) in self.tails.iter().enumerate() {
            let file = found(&self.place.directory, &tail.name, tail.identity);
            let (subtask, parallelism) = (self.place.subtask, self.place.parallelism);
            let share = Share::new(tail.name.key(), tail.split, subtask, parallelism);
            let sequence = self.next + number as u64;
            let mut state = FileState::new(sequence, Arc::new(file), share, 0);
            state.given = state.splits;
            state.last = true;
            state.restored = true;
            state.beginning = tail.beginning;
            state.starts.push(tail.start);
            state.add_tail(tail.stretch());
            *self.names.entry(tail.name.key()).or_default() += 1;
            self.pieces.push_back(state);
        }
    }

    /// Keeps a last record without its end, or forgets it when it has been handed out.
    pub(super) fn keep_tail(&mut self, running: &Running, next: Start, kept: bool) {
        let Some(state) = self.state(running.piece) else {
            return;
        };
        // One that has grown when the source ended stays what it is for who goes on from here.
        let stays = state.last && kept;
        if !(state.grows || state.last) || stays {
            return;
        }
        let key = state.file.name.key();
        let tail = kept.then(|| Tail {
            name: state.file.name.clone(),
            identity: state.file.identity,
            piece: Some(state.sequence),
            split: state.share.split,
            start: next,
            beginning: state.beginning,
        });
        if state.is_tail(running.from) {
            self.tails.forget(key, running.to);
        }
        if let Some(tail) = tail {
            self.tails.keep(tail);
        }
        self.reached.retain(|(file, _)| *file != key);
        self.reached.push_back((key, next));
        if self.reached.len() > REMEMBERED {
            self.reached.pop_front();
        }
    }
}
