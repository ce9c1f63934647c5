//! Dead letters of the ingestion job: where they are, what was done about each, and doing it.
//!
//! ```text
//! <data directory>/dead-letters/<job>/job.json          how the job is run: written by the job when it starts
//!                                     marks.jsonl       what was replayed or discarded
//!                                     lock              held by whoever writes marks
//!                                     replay-<n>/       what a replay that has not ended sends, and its checkpoints
//! ```
//!
//! - [`book`]: that directory, and which job is meant.
//! - [`marks`]: what was done about letters, by where they lie.
//! - [`reading`]: the letters themselves, in files or a topic.
//! - [`replay`]: sending them through the job's pipeline once more.

mod book;
mod marks;
mod reading;
mod replay;

use millstream_connectors::rows::letters::Line;
use millstream_core::{Configuration, Result};

use crate::parameters::DeadLetters;

pub use book::Book;
pub(crate) use book::note;
pub use marks::State;
pub use replay::{Replayed, Selection};

/// A dead letter, where it lies, and what was done about it.
#[derive(Debug, Clone)]
pub struct Found {
    /// The file or the partition that it lies in.
    pub place: String,
    /// Its line in that file, from 1, or its offset in that partition.
    pub number: u64,
    /// What it is.
    pub line: Line,
    /// What was done about it.
    pub state: State,
}

/// The dead letters of one job.
#[derive(Debug)]
pub struct Letters {
    book: Book,
    place: DeadLetters,
    job: replay::Job,
}

impl Letters {
    /// Those of the job that `job` means: its name, its id, or the beginning of that.
    ///
    /// # Errors
    /// No job with dead letters is meant, or several are; its parameters do not fit any more.
    pub fn open(configuration: &Configuration, job: &str) -> Result<Self> {
        let book = Book::find(configuration, job)?;
        let job = replay::Job::of(&book)?;
        let place = job.place()?;
        Ok(Self { book, place, job })
    }

    /// The name of the job.
    pub fn job(&self) -> &str {
        self.book.name()
    }

    /// Whether the job leaves out records whose keys it has seen.
    pub fn is_deduplicating(&self) -> bool {
        self.job.is_deduplicating()
    }

    /// Where they lie, in words.
    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// Hands each to `visit`, which answers whether to go on.
    ///
    /// # Errors
    /// They, or the marks, can't be read.
    pub fn each(&self, visit: &mut dyn FnMut(Found) -> Result<bool>) -> Result<()> {
        let marks = self.book.marks()?;
        self.read(&mut |place, number, line| {
            let state = marks.state(place, number);
            visit(Found {
                place: place.to_owned(),
                number,
                line,
                state,
            })
        })
    }

    fn read(&self, visit: &mut reading::Visit<'_>) -> Result<()> {
        let from = reading::From {
            place: &self.place,
            sink: self.job.sink(),
            remotes: self.job.remotes()?,
        };
        reading::each(&from, self.book.name(), visit)
    }

    /// Marks the letters that are selected as dismissed: how many. With `dry_run` nothing is marked.
    ///
    /// # Errors
    /// They can't be read or marked, or somebody else marks at present.
    pub fn discard(&self, selection: &Selection, dry_run: bool) -> Result<u64> {
        let lock = self.book.lock()?;
        let marks = self.book.marks()?;
        let mut set = marks::Set::default();
        self.read(&mut |place, number, line| {
            if selection.takes(marks.state(place, number), &line) {
                set.add(place, number);
            }
            Ok(!selection.is_full(set.count()))
        })?;
        if !dry_run && set.count() > 0 {
            lock.write(&marks::Mark::Discarded { set: set.clone() })?;
        }
        Ok(set.count())
    }

    /// Sends the letters that are selected through the job's pipeline once more.
    ///
    /// # Errors
    /// They can't be read or marked, somebody else marks at present, or the job fails.
    pub fn replay(&self, selection: &Selection, dry_run: bool) -> Result<Replayed> {
        let lock = self.book.lock()?;
        replay::replay(self, &lock, selection, dry_run)
    }
}
