//! Drives sources as the engine does.

#![allow(dead_code, reason = "no test needs all of it")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test support: a panic is a failed test"
)]

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use millstream_connectors::conformance::{SourceAttempt, SourceJob, TakenSnapshot};
use millstream_connectors::files_source::{FileSource, FileSourceOptions};
use millstream_connectors::rows::{BadRecord, Parsed, Rows};
use millstream_core::{Error, Result};
use millstream_engine::connector::{Limit, Source, SourceProgress};

/// A snapshot, and the job that it belongs to.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) job: Rc<SourceJob>,
    pub(crate) taken: TakenSnapshot,
}

/// One attempt of a job of one source.
pub(crate) struct Attempt<T: 'static> {
    pub(crate) job: Rc<SourceJob>,
    pub(crate) attempt: SourceAttempt<T>,
    pub(crate) progress: Vec<SourceProgress>,
}

impl<T: 'static> Attempt<T> {
    pub(crate) fn start(source: &dyn Source<T>, parallelism: usize) -> Self {
        Self::restore(source, parallelism, None).expect("the readers open")
    }

    pub(crate) fn restore(
        source: &dyn Source<T>,
        parallelism: usize,
        restored: Option<State>,
    ) -> Result<Self> {
        let job = restored.as_ref().map(|state| Rc::clone(&state.job));
        let taken = restored.as_ref().map(|state| &state.taken);
        Self::start_in(job.unwrap_or_default(), source, parallelism, taken)
    }

    /// Another attempt of a job.
    pub(crate) fn start_in(
        job: Rc<SourceJob>,
        source: &dyn Source<T>,
        parallelism: usize,
        taken: Option<&TakenSnapshot>,
    ) -> Result<Self> {
        let attempt = job.attempt(source, parallelism, taken)?;
        Ok(Self {
            progress: attempt.progress.clone(),
            attempt,
            job,
        })
    }

    pub(crate) fn parallelism(&self) -> usize {
        self.attempt.parallelism()
    }

    /// Polls one reader once, without waiting.
    pub(crate) fn poll(&mut self, subtask: usize, limit: usize) -> Result<Vec<T>> {
        let (records, _) = self.attempt.poll(subtask, Limit::records(limit))?;
        Ok(records)
    }

    /// Reads until all readers have ended.
    pub(crate) fn read_to_end(&mut self) -> Result<Vec<T>> {
        self.attempt.read_until(|_| false)
    }

    /// Reads until there is enough, or all readers have ended.
    pub(crate) fn read_until(&mut self, enough: impl Fn(&[T]) -> bool) -> Result<Vec<T>> {
        self.attempt.read_until(enough)
    }

    /// Goes on, and hands nothing out meanwhile, until something is so.
    pub(crate) fn idle_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..2_400 {
            for subtask in 0..self.parallelism() {
                let found = self.poll(subtask, 8_192).expect("can be read");
                assert!(found.is_empty(), "{what}: nothing is handed out");
            }
            if is_so(self) {
                return;
            }
            self.attempt.wait(Some(Duration::from_millis(50)));
        }
        panic!("{what}: has not come about");
    }

    /// The error that reading comes to.
    pub(crate) fn fails(&mut self) -> Error {
        self.read_to_end().err().expect("reading fails")
    }

    pub(crate) fn snapshot(&mut self) -> State {
        let taken = self.attempt.snapshot(&self.job, false).expect("a snapshot");
        State {
            job: Rc::clone(&self.job),
            taken,
        }
    }

    /// Takes a snapshot and has it completed and committed.
    pub(crate) fn checkpoint(&mut self) -> State {
        let state = self.snapshot();
        let ended = self.attempt.ended(state.taken.checkpoint, true);
        ended.expect("is taken note of");
        state
    }
}

/// Everything that a source of rows hands out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each row as text, its fields between bars, `NULL` for a null.
    pub(crate) rows: Vec<String>,
    pub(crate) bad: Vec<BadRecord>,
    /// How many rows were not read because nobody wants them.
    pub(crate) left_out: u64,
}

impl Found {
    pub(crate) fn of(parsed: Vec<Parsed>) -> Self {
        let mut found = Self::default();
        for parsed in parsed {
            match parsed {
                Parsed::Rows(rows) => found.rows.extend(texts(&rows)),
                Parsed::Bad(bad) => found.bad.extend(bad),
                Parsed::LeftOut(rows) => found.left_out += rows,
            }
        }
        found
    }
}

/// Reads a source once with one reader.
pub(crate) fn read(source: &FileSource) -> Found {
    Found::of(
        Attempt::start(source, 1)
            .read_to_end()
            .expect("everything is read"),
    )
}

/// Reads files with options that `change` may change, with one reader.
pub(crate) fn read_with(path: &Path, change: impl FnOnce(&mut FileSourceOptions)) -> Found {
    read(&source(path, change))
}

pub(crate) fn source(path: &Path, change: impl FnOnce(&mut FileSourceOptions)) -> FileSource {
    let mut options = FileSourceOptions::new(path);
    change(&mut options);
    FileSource::new(options).expect("a source")
}

/// The rows of a batch as text.
pub(crate) fn texts(rows: &Rows) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<ArrayFormatter<'_>> = rows
        .batch
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column as &dyn Array, &options).expect("text"))
        .collect();
    let row = |row| {
        columns
            .iter()
            .map(|column| column.value(row).to_string())
            .collect::<Vec<_>>()
    };
    (0..rows.len())
        .map(|number| row(number).join("|"))
        .collect()
}

/// A directory with files of these names and contents, older ones first.
pub(crate) fn directory(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for (age, (name, content)) in files.iter().enumerate() {
        write(directory.path(), name, content, age as u64);
    }
    directory
}

/// Writes a file with a modification time, in seconds after a fixed one.
pub(crate) fn write(directory: &Path, name: &str, content: &[u8], time: u64) {
    let hidden = directory.join(format!(".{name}"));
    std::fs::write(&hidden, content).expect("is written");
    let file = std::fs::File::options()
        .write(true)
        .open(&hidden)
        .expect("is there");
    let modified = std::time::UNIX_EPOCH + Duration::from_secs(1_600_000_000 + time);
    file.set_modified(modified).expect("takes a time");
    std::fs::rename(&hidden, directory.join(name)).expect("is renamed");
}
