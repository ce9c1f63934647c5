//! The directory of a job's dead letters: how the job is run, and the marks.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use millstream::{RunOptions, directories};
use millstream_core::hash::stable_hash;
use millstream_core::{Configuration, Error, Result, codes};
use serde::{Deserialize, Serialize};

use super::marks::{Mark, Marks};

const DIRECTORY: &str = "dead-letters";
const NOTE: &str = "job.json";
const MARKS: &str = "marks.jsonl";
const LOCK: &str = "lock";
/// The fewest digits that an id may be shortened to.
const FEWEST_DIGITS: usize = 4;
/// As many ids of one job are kept, those of its last runs.
const MOST_IDS: usize = 50;

/// How a job is run, as it was when it started last. Holds what its parameters hold, so nobody else may read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    version: u32,
    /// The name of the job.
    pub(super) name: String,
    /// Its parameters, with references as they are written.
    pub(super) arguments: Vec<String>,
    /// The options of the engine.
    pub(super) configuration: Configuration,
    /// Its ids, where a server gave it some: the last of them last.
    #[serde(default)]
    ids: Vec<String>,
}

/// The directory of a job's dead letters.
#[derive(Debug, Clone)]
pub struct Book {
    directory: PathBuf,
    note: Note,
}

/// Notes how a job is run that has dead letters, for those who will have to do with them.
///
/// # Errors
/// The data directory can't be written.
pub(crate) fn note(name: &str, arguments: Vec<String>, options: &RunOptions) -> Result<()> {
    let place = place(&options.configuration)?;
    let directory = place.join(file_name(name));
    let id = options.job_directory.as_deref().and_then(Path::file_name);
    let known = Book::read(directory.clone()).map(|book| book.note.ids);
    let mut ids = known.unwrap_or_default();
    if let Some(id) = id.map(|id| id.to_string_lossy().into_owned()) {
        ids.retain(|known| *known != id);
        ids.push(id);
    }
    ids.drain(..ids.len().saturating_sub(MOST_IDS));
    let note = Note {
        version: 1,
        name: name.to_owned(),
        arguments,
        configuration: options.configuration.clone(),
        ids,
    };
    let unwritten = |error: io::Error| unusable(&directory, "written", error);
    make(&directory).map_err(unwritten)?;
    let text = serde_json::to_vec_pretty(&note).map_err(|error| unwritten(error.into()))?;
    replace(&directory, NOTE, &text).map_err(unwritten)
}

impl Book {
    /// That of the job that `job` means: its name, its id, or the beginning of that.
    ///
    /// # Errors
    /// None is meant ([`codes::DEAD_LETTERS_UNKNOWN`]), or several are ([`codes::USAGE`]).
    pub fn find(configuration: &Configuration, job: &str) -> Result<Self> {
        let place = place(configuration)?;
        let all = Self::all(&place)?;
        if let Some(named) = all.iter().find(|book| book.note.name == job) {
            return Ok(named.clone());
        }
        let begin = job.to_ascii_lowercase();
        let may_be_id =
            begin.len() >= FEWEST_DIGITS && begin.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut names: Vec<String> = Vec::new();
        if may_be_id {
            let of_id = all
                .iter()
                .filter(|book| book.note.ids.iter().any(|id| id.starts_with(&begin)));
            names.extend(of_id.map(|book| book.note.name.clone()));
            // A job that ran without a server is known by its checkpoints.
            names.extend(directories::names_of_jobs(configuration, &begin)?);
            names.sort_unstable();
            names.dedup();
        }
        let found: Vec<&Self> = all
            .iter()
            .filter(|book| names.contains(&book.note.name))
            .collect();
        match found.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(unknown(job, &all, &place)),
            several => {
                let names: Vec<&str> = several.iter().map(|book| book.name()).collect();
                let message = format!("\"{job}\" may be {}", names.join(" or "));
                Err(Error::new(&codes::USAGE, message)
                    .next("give more digits of the id, or the name"))
            }
        }
    }

    fn all(place: &Path) -> Result<Vec<Self>> {
        let entries = match fs::read_dir(place) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| unusable(place, "read", error))?,
        };
        let mut all: Vec<Self> = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unusable(place, "read", error))?;
            all.extend(Self::read(entry.path()));
        }
        all.sort_by(|a, b| a.note.name.cmp(&b.note.name));
        Ok(all)
    }

    fn read(directory: PathBuf) -> Option<Self> {
        let bytes = fs::read(directory.join(NOTE)).ok()?;
        let note = serde_json::from_slice(&bytes).ok()?;
        Some(Self { directory, note })
    }

    /// The name of the job.
    pub(super) fn name(&self) -> &str {
        &self.note.name
    }

    pub(super) fn note(&self) -> &Note {
        &self.note
    }

    /// Where it lies.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The directory of a replay.
    pub(super) fn replay(&self, number: u64) -> PathBuf {
        self.directory.join(format!("replay-{number}"))
    }

    /// The marks as they are now.
    pub(super) fn marks(&self) -> Result<Marks> {
        let path = self.directory.join(MARKS);
        match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Marks::default()),
            Err(error) => Err(unusable(&path, "read", error)),
            Ok(text) => Marks::parse(&text),
        }
    }

    /// Whoever has it is the only one who marks.
    pub(super) fn lock(&self) -> Result<Locked<'_>> {
        let path = self.directory.join(LOCK);
        let unlocked = |error: io::Error| unusable(&path, "locked", error);
        let mut open = OpenOptions::new();
        let file = open.create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(unlocked)?;
        match file.try_lock() {
            Ok(()) => Ok(Locked {
                book: self,
                _lock: file,
            }),
            Err(TryLockError::WouldBlock) => {
                let message = format!(
                    "dead letters of {} are being replayed or discarded by somebody else",
                    self.note.name
                );
                Err(Error::new(&codes::JOB_STATE, message).next("wait until that has ended"))
            }
            Err(TryLockError::Error(error)) => Err(unlocked(error)),
        }
    }
}

/// The marks, which nobody else writes.
#[derive(Debug)]
pub(super) struct Locked<'a> {
    book: &'a Book,
    _lock: File,
}

impl Locked<'_> {
    /// Adds a mark. It is on the disk when this returns.
    pub(super) fn write(&self, mark: &Mark) -> Result<()> {
        let path = self.book.directory.join(MARKS);
        let unwritten = |error: io::Error| unusable(&path, "written", error);
        let mut line = serde_json::to_vec(mark).map_err(|error| unwritten(error.into()))?;
        line.push(b'\n');
        append(&path, &line).map_err(unwritten)?;
        sync(&self.book.directory).map_err(unwritten)
    }

    /// Begins a file in the directory of a replay.
    pub(super) fn begin(&self, directory: &Path, name: &'static str) -> Result<Written> {
        let aside = directory.join(format!(".{name}.new"));
        let open = || {
            make(directory)?;
            anew(&aside)
        };
        let file = open().map_err(|error| unusable(directory, "written", error))?;
        Ok(Written {
            file: BufWriter::new(file),
            aside,
            directory: directory.to_owned(),
            name,
        })
    }
}

/// A file that is there whole or not at all.
#[derive(Debug)]
pub(super) struct Written {
    file: BufWriter<File>,
    aside: PathBuf,
    directory: PathBuf,
    name: &'static str,
}

impl Written {
    /// Adds a line.
    pub(super) fn line(&mut self, text: &str) -> Result<()> {
        writeln!(self.file, "{text}").map_err(|error| unusable(&self.aside, "written", error))
    }

    /// Puts it in its place.
    pub(super) fn end(self) -> Result<()> {
        let unwritten = |error: io::Error| unusable(&self.directory, "written", error);
        let file = self
            .file
            .into_inner()
            .map_err(|error| unwritten(error.into_error()))?;
        file.sync_all()
            .and_then(|()| fs::rename(&self.aside, self.directory.join(self.name)))
            .and_then(|()| sync(&self.directory))
            .map_err(unwritten)
    }
}

/// Appends a line. One that was not finished before is taken away.
fn append(path: &Path, line: &[u8]) -> io::Result<()> {
    let mut open = OpenOptions::new();
    let mut file = open
        .create(true)
        .read(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    let text = fs::read(path)?;
    let whole = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    if whole < text.len() {
        file.set_len(whole as u64)?;
    }
    file.write_all(line)?;
    file.sync_all()
}

/// Puts a file in the place of another one, whole.
fn replace(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let aside = directory.join(format!(".{name}.new"));
    let mut file = anew(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, directory.join(name))?;
    sync(directory)
}

/// An empty file that nobody else may read.
fn anew(path: &Path) -> io::Result<File> {
    let mut open = OpenOptions::new();
    open.create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

fn make(directory: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700).create(directory)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn place(configuration: &Configuration) -> Result<PathBuf> {
    Ok(directories::data_directory(configuration)?.join(DIRECTORY))
}

/// A name that any file system takes, and that is no other job's.
fn file_name(job: &str) -> String {
    const LONGEST: usize = 60;
    let plain = job.chars().take(LONGEST).map(|c| match c {
        c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => c,
        _ => '_',
    });
    let plain: String = plain.collect();
    format!("{plain}-{:016x}", stable_hash(job))
}

fn unusable(path: &Path, done: &str, error: impl std::fmt::Display) -> Error {
    let message = format!("{} can't be {done}: {error}", path.display());
    Error::new(&codes::DEAD_LETTERS, message)
        .next("see whether the disk is full or the directory somebody else's")
}

fn unknown(job: &str, all: &[Book], place: &Path) -> Error {
    const MOST: usize = 5;
    let message = format!(
        "no job \"{job}\" has dead letters below {}",
        place.display()
    );
    let known: Vec<&str> = all.iter().take(MOST).map(Book::name).collect();
    let next = match known.as_slice() {
        [] => "name the data directory of the job with -Dmillstream.data-dir=DIRECTORY; a job is known there once it ran with error.policy dead-letter".to_owned(),
        known => format!("jobs that have are {}; -Dmillstream.data-dir names another directory", known.join(", ")),
    };
    Error::new(&codes::DEAD_LETTERS_UNKNOWN, message).next(next)
}
