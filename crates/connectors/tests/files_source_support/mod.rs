//! Drives sources as the engine does.

#![allow(dead_code, reason = "no test needs all of it")]
#![allow(
    clippy::indexing_slicing,
    reason = "test support: a panic is a failed test"
)]

use std::path::Path;
use std::time::Duration;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use crossbeam_channel::{Receiver, Sender, bounded};
use millstream_connectors::files_source::{FileSource, FileSourceOptions};
use millstream_connectors::rows::{BadRecord, Parsed, Rows};
use millstream_core::{Error, JobId, Lineage, Result};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceProgress, SourceReader, SourceStatus,
    StateEntry, Waker,
};

/// Nothing in a test takes longer.
const PATIENCE: Duration = Duration::from_secs(240);

/// The readers of one attempt of a job.
pub(crate) struct Attempt<T> {
    readers: Vec<Box<dyn SourceReader<T>>>,
    ended: Vec<bool>,
    pub(crate) progress: Vec<SourceProgress>,
    woken: Receiver<()>,
}

impl<T: 'static> Attempt<T> {
    pub(crate) fn start(source: &dyn Source<T>, parallelism: usize) -> Self {
        Self::restore(source, parallelism, None).expect("the readers open")
    }

    pub(crate) fn restore(
        source: &dyn Source<T>,
        parallelism: usize,
        restored: Option<Vec<StateEntry>>,
    ) -> Result<Self> {
        let (ring, woken): (Sender<()>, _) = bounded(1);
        let progress: Vec<SourceProgress> = (0..parallelism)
            .map(|_| SourceProgress::default())
            .collect();
        let readers = (0..parallelism).map(|subtask| {
            let ring = ring.clone();
            source.open(SourceContext {
                job: JobId::from_bytes([3; 16]),
                uid: "source".to_owned(),
                subtask,
                parallelism,
                lineage: Lineage::default(),
                run: 1,
                restored: restored.clone(),
                snapshot: None,
                waker: Waker::new(move || {
                    // A full channel means that nobody has listened since the last call.
                    let _full = ring.try_send(()).is_err();
                }),
                progress: progress[subtask].clone(),
            })
        });
        let readers = readers.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            readers,
            ended: vec![false; parallelism],
            progress,
            woken,
        })
    }

    pub(crate) fn parallelism(&self) -> usize {
        self.readers.len()
    }

    /// Polls one reader once, without waiting.
    pub(crate) fn poll(&mut self, subtask: usize, limit: usize) -> Result<Vec<T>> {
        let mut out = SourceOutput::new();
        let status = self.readers[subtask].poll(&mut out, Limit::records(limit))?;
        self.ended[subtask] = status == SourceStatus::Ended;
        Ok(out.take().0)
    }

    /// Reads until all readers have ended.
    pub(crate) fn read_to_end(&mut self) -> Result<Vec<T>> {
        self.read_until(|_| false)
    }

    /// Reads until there is enough, or all readers have ended.
    pub(crate) fn read_until(&mut self, enough: impl Fn(&[T]) -> bool) -> Result<Vec<T>> {
        let mut found = Vec::new();
        while !enough(&found) && self.ended.contains(&false) {
            let before = found.len();
            for subtask in 0..self.parallelism() {
                found.extend(self.poll(subtask, 8_192)?);
            }
            if found.len() == before && self.ended.contains(&false) && !enough(&found) {
                self.woken
                    .recv_timeout(PATIENCE)
                    .expect("a waiting reader calls its waker");
            }
        }
        Ok(found)
    }

    /// The error that reading comes to.
    pub(crate) fn fails(&mut self) -> Error {
        self.read_to_end().err().expect("reading fails")
    }

    pub(crate) fn snapshot(&mut self) -> Vec<StateEntry> {
        let parts = self
            .readers
            .iter_mut()
            .map(|reader| reader.snapshot(1).expect("a snapshot").entries);
        parts.flatten().collect()
    }
}

/// Everything that a source of rows hands out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Each row as text, its fields between bars, `NULL` for a null.
    pub(crate) rows: Vec<String>,
    pub(crate) bad: Vec<BadRecord>,
}

impl Found {
    pub(crate) fn of(parsed: Vec<Parsed>) -> Self {
        let mut found = Self::default();
        for parsed in parsed {
            match parsed {
                Parsed::Rows(rows) => found.rows.extend(texts(&rows)),
                Parsed::Bad(bad) => found.bad.extend(bad),
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
