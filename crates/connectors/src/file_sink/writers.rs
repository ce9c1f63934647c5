//! What is known of the writers whose hidden files lie in a directory.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use millstream_core::lineage::Author;

use super::lock::{WriterState, look_at};
use super::names::{Hidden, Stage, Writer};

/// The writers of a directory, by what their locks say.
#[derive(Debug, Default)]
pub(super) struct Writers {
    states: BTreeMap<(Author, Writer), WriterState>,
}

impl Writers {
    /// Tries the locks among these files.
    ///
    /// # Errors
    /// One can't be opened.
    pub(super) fn of(found: &[(Hidden, PathBuf)]) -> io::Result<Self> {
        let mut writers = Self::default();
        for (hidden, path) in found {
            let writer = match hidden.stage {
                Stage::Lock(writer) => writer,
                // The first version locked each file itself.
                Stage::InProgress(writer) if hidden.author.run == 0 => writer,
                Stage::Prepared(_) if hidden.author.run == 0 => Writer::default(),
                Stage::InProgress(_) | Stage::Prepared(_) => continue,
            };
            writers.add(hidden.author, writer, look_at(path)?);
        }
        Ok(writers)
    }

    /// Adds what is known of a writer. One lock that is held is enough to be alive.
    pub(super) fn add(&mut self, author: Author, writer: Writer, state: WriterState) {
        let known = self.states.entry((author, writer)).or_insert(state);
        if *known != WriterState::Alive {
            *known = state;
        }
    }

    /// What is known of one.
    pub(super) fn state(&self, author: Author, writer: Writer) -> WriterState {
        let state = self.states.get(&(author, writer));
        state.copied().unwrap_or(WriterState::Unknown)
    }

    /// Whether any writer of a run lives.
    pub(super) fn is_alive(&self, author: Author) -> bool {
        let mut of_run = self
            .states
            .iter()
            .filter(|((other, _), _)| *other == author);
        of_run.any(|(_, state)| *state == WriterState::Alive)
    }
}
