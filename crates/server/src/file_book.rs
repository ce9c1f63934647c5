//! The book of a job's files ([`millstream_core::book`]), as others read it than who writes it.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use millstream_core::book::{
    DIRECTORY, FileState, HEAD_FILE, Head, PART, RESET, Row, names_file, rows_file,
};
use millstream_core::{Error, Result, codes};
use millstream_process::regular;

use crate::files::{at_once, unusable};

/// Rows that are read at once.
const TOGETHER: u64 = 4_096;
/// How often a row is read that is being written.
const TRIES: usize = 3;

/// Which files are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Files that are this far; empty: all.
    pub(crate) states: Vec<FileState>,
    /// What is in their names; `None`: anything.
    pub(crate) name: Option<String>,
    /// Rows before this one only.
    pub(crate) before: Option<u64>,
    /// As many at most.
    pub(crate) limit: usize,
}

/// A file, as people see it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The number of its row.
    pub(crate) number: u64,
    pub(crate) row: Row,
    pub(crate) state: FileState,
    pub(crate) name: String,
    /// Why it is not read to its end.
    pub(crate) reason: Option<String>,
}

/// Some files, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) files: Vec<Told>,
    /// Where the next page goes on; `None`: there is no more.
    pub(crate) next: Option<u64>,
}

/// The book of one job.
#[derive(Debug)]
pub(crate) struct FileBook {
    directory: PathBuf,
    pub(crate) head: Head,
}

impl FileBook {
    /// The book of the job with the directory `job`; `None`: it reads no files, or none yet.
    ///
    /// # Errors
    /// It can't be read.
    pub(crate) fn open(job: &Path) -> Result<Option<Self>> {
        let directory = job.join(DIRECTORY);
        let path = directory.join(HEAD_FILE);
        let bytes = match regular::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(&path, "read", error)),
        };
        let head: Head =
            serde_json::from_slice(&bytes).map_err(|error| unusable(&path, "read", error))?;
        Ok(Some(Self { directory, head }))
    }

    /// Some of the files, the newest first. Memory does not depend on how many there are.
    ///
    /// # Errors
    /// The book can't be read.
    pub(crate) fn page(&self, wanted: &Wanted) -> Result<Page> {
        let failed = |error| unusable(&self.directory, "read", error);
        let mut end = wanted.before.unwrap_or(u64::MAX).min(self.head.next);
        let mut page = Page::default();
        while end > self.head.first {
            let from = self.head.first.max((end - 1) / PART * PART);
            let from = from.max(end.saturating_sub(TOGETHER));
            let Some(part) = self.part(from).map_err(failed)? else {
                // The oldest rows are forgotten meanwhile.
                break;
            };
            for (number, row) in part.rows(from, end).map_err(failed)?.into_iter().rev() {
                let Some(told) = part.told(number, row, wanted).map_err(failed)? else {
                    continue;
                };
                if page.files.len() >= wanted.limit {
                    page.next = Some(number + 1);
                    return Ok(page);
                }
                page.files.push(told);
            }
            end = from;
        }
        Ok(page)
    }

    /// The newest row of the file of exactly that name.
    ///
    /// # Errors
    /// The book can't be read.
    pub(crate) fn find(&self, name: &str) -> Result<Option<Told>> {
        let mut wanted = Wanted {
            name: Some(name.to_owned()),
            limit: 256,
            ..Wanted::default()
        };
        loop {
            let page = self.page(&wanted)?;
            if let Some(told) = page.files.into_iter().find(|told| told.name == name) {
                return Ok(Some(told));
            }
            match page.next {
                Some(next) => wanted.before = Some(next),
                None => return Ok(None),
            }
        }
    }

    /// Asks whoever reads the files to read that of a row again.
    ///
    /// # Errors
    /// It can't be written down.
    pub(crate) fn reset(&self, row: u64) -> Result<()> {
        let path = self.directory.join(format!("{RESET}{row}"));
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        options.custom_flags(at_once());
        let written = options.open(&path).and_then(|file| file.sync_all());
        let written = written.and_then(|()| File::open(&self.directory)?.sync_all());
        written.map_err(|error| unusable(&path, "written", error))
    }

    fn part(&self, row: u64) -> io::Result<Option<Part>> {
        let open = |name: String| match regular::open_required(self.directory.join(name)) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let number = row / PART;
        let files = open(rows_file(number))?.zip(open(names_file(number))?);
        Ok(files.map(|(rows, names)| Part { rows, names }))
    }
}

/// Rows and names of one part.
struct Part {
    rows: File,
    names: File,
}

impl Part {
    /// The rows from `from` on before `end`.
    fn rows(&self, from: u64, end: u64) -> io::Result<Vec<(u64, Row)>> {
        let length = usize::try_from(end - from).unwrap_or(0) * Row::BYTES;
        let mut bytes = vec![0; length];
        let offset = from % PART * Row::BYTES as u64;
        self.rows.read_exact_at(&mut bytes, offset)?;
        let mut rows = Vec::new();
        for (number, bytes) in (from..).zip(bytes.chunks_exact(Row::BYTES)) {
            if let Some(row) = Row::decode(bytes).or_else(|| self.again(number)) {
                rows.push((number, row));
            }
        }
        Ok(rows)
    }

    /// A row that was being written.
    fn again(&self, number: u64) -> Option<Row> {
        let mut bytes = [0; Row::BYTES];
        let offset = number % PART * Row::BYTES as u64;
        (0..TRIES).find_map(|_| {
            self.rows.read_exact_at(&mut bytes, offset).ok()?;
            Row::decode(&bytes)
        })
    }

    /// The file of a row, if it is wanted.
    fn told(&self, number: u64, row: Row, wanted: &Wanted) -> io::Result<Option<Told>> {
        let is_wanted =
            |state: &FileState| wanted.states.is_empty() || wanted.states.contains(state);
        let Some(state) = row.state.filter(is_wanted) else {
            return Ok(None);
        };
        let length = |bytes: u32| usize::try_from(bytes).unwrap_or(0);
        let mut bytes = vec![0; length(row.name_length) + length(row.reason_length)];
        self.names.read_exact_at(&mut bytes, row.name_at)?;
        let (name, reason) = bytes.split_at(length(row.name_length));
        let name = String::from_utf8_lossy(name).into_owned();
        if wanted
            .name
            .as_ref()
            .is_some_and(|part| !name.contains(part))
        {
            return Ok(None);
        }
        let reason = String::from_utf8_lossy(reason).into_owned();
        Ok(Some(Told {
            number,
            row,
            state,
            name,
            reason: Some(reason).filter(|reason| !reason.is_empty()),
        }))
    }
}

/// The error of a job without a book.
pub(crate) fn no_book(job: impl std::fmt::Display) -> Error {
    let message = format!("Job {job} has told of no files.");
    Error::new(&codes::RESOURCE_UNKNOWN, message).next(
        "name a job of ingest that reads files (source.type csv, tsv, txt, parquet or orc); one that has just started tells within a second",
    )
}
