//! What was taken away once it was done with, noted before it goes: a job that goes on from an older snapshot would read it
//! again, and is told that it is gone.
//!
//! The notes lie in the job's own directory, `_taken-<source>`: which directory files are taken from, and ranges of numbers of
//! pieces, with how many files and two of their names. There are never many: neighbours become one. That *some* file behind a snapshot is gone is always certain, how
//! many there are at least.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use millstream_core::hash::stable_hash;
use millstream_core::{Error, codes};
use millstream_engine::connector::{Rival, notes as kept};
use serde::{Deserialize, Serialize};

use super::listing::DirectoryId;

/// The most ranges that are kept.
const RANGES: usize = 128;

/// A file, by the number of its last piece.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Numbered {
    piece: u64,
    name: String,
}

/// Files that were taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Range {
    first: Numbered,
    last: Numbered,
    files: u64,
}

impl Range {
    fn join(&mut self, other: Self) {
        self.files += other.files;
        if other.first < self.first {
            self.first = other.first;
        }
        if other.last > self.last {
            self.last = other.last;
        }
    }
}

/// Files behind a snapshot that were taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gone {
    /// How many there are at least.
    pub(crate) files: u64,
    /// The first that is known by its name.
    pub(crate) name: String,
}

impl Gone {
    /// The error of a job that goes on from a snapshot of `job` before them; `shown`: the directory.
    pub(crate) fn error(&self, shown: &str) -> Error {
        let Self { files, name } = self;
        let what = match files {
            1 => format!("{shown}/{name}, which was read behind the snapshot, has"),
            _ => format!(
                "{files} files or more of {shown} that were read behind the snapshot, such as {name}, have"
            ),
        };
        let message = format!("{what} been taken away since (source.after.commit)");
        Error::new(&codes::SOURCE_LOST, message).next(
            "go on from the newest snapshot; or put back what is to be read and set source.file.lost to skip, \
             to read what is there",
        )
    }
}

/// What a file of notes holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Notes {
    /// The directory that files are taken from, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<DirectoryId>,
    ranges: Vec<Range>,
}

/// What a file of notes may hold.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Notes(Notes),
    /// Written by 0.1.0.
    Ranges(Vec<Range>),
}

/// The notes of one attempt, and of those before it.
#[derive(Debug)]
pub(crate) struct Taken {
    path: PathBuf,
    notes: Notes,
    /// Noted, and still there.
    pending: HashSet<u64>,
}

impl Taken {
    /// The notes of the source `uid` in a job's directory, which say from now on that it takes files away from `listed`.
    ///
    /// # Errors
    /// They can't be read, or written.
    pub(crate) fn open(
        directory: &Path,
        uid: &str,
        listed: Option<DirectoryId>,
    ) -> io::Result<Self> {
        let path = directory.join(name(uid));
        let noted = read(&path)?;
        let notes = Notes {
            directory: listed,
            ranges: noted.clone().unwrap_or_default().ranges,
        };
        if noted.as_ref() != Some(&notes) {
            write(&path, &notes)?;
        }
        Ok(Self {
            notes,
            path,
            pending: HashSet::new(),
        })
    }

    /// Notes files that are about to be taken away, each by the number of its last piece; on the disk when this returns.
    ///
    /// # Errors
    /// They are not noted, and must stay.
    pub(crate) fn note(&mut self, files: impl Iterator<Item = (u64, String)>) -> io::Result<()> {
        let mut new = files
            .filter(|(piece, _)| !self.pending.contains(piece))
            .map(|(piece, name)| Numbered { piece, name })
            .collect::<Vec<Numbered>>();
        new.sort();
        let (Some(first), Some(last)) = (new.first(), new.last()) else {
            return Ok(());
        };
        let range = Range {
            first: first.clone(),
            last: last.clone(),
            files: new.len() as u64,
        };
        let mut notes = self.notes.clone();
        add(&mut notes.ranges, range);
        write(&self.path, &notes)?;
        self.notes = notes;
        self.pending.extend(new.iter().map(|file| file.piece));
        Ok(())
    }

    /// The file whose last piece has this number is gone.
    pub(crate) fn is_gone(&mut self, piece: u64) {
        self.pending.remove(&piece);
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        // Where nothing was taken away there is nothing to tell, and the job's directory may go.
        if self.notes.ranges.is_empty()
            && let Err(error) = kept::remove(&self.path)
        {
            tracing::debug!(path = %self.path.display(), cause = %error, "an empty note stays");
        }
    }
}

fn name(uid: &str) -> String {
    format!("_taken-{:016x}", stable_hash(uid.as_bytes()))
}

fn read(path: &Path) -> io::Result<Option<Notes>> {
    match kept::read(path) {
        Ok(bytes) => Ok(Some(match serde_json::from_slice(&bytes)? {
            Written::Notes(notes) => notes,
            Written::Ranges(ranges) => Notes {
                directory: None,
                ranges,
            },
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, notes: &Notes) -> io::Result<()> {
    kept::put(path, &serde_json::to_vec(notes)?)
}

/// Adds a range. Where there are too many, every two neighbours become one.
fn add(ranges: &mut Vec<Range>, range: Range) {
    ranges.push(range);
    if ranges.len() <= RANGES {
        return;
    }
    ranges.sort();
    let mut joined: Vec<Range> = Vec::with_capacity(RANGES);
    for (number, range) in std::mem::take(ranges).into_iter().enumerate() {
        match joined.last_mut().filter(|_| number % 2 == 1) {
            Some(last) => last.join(range),
            None => joined.push(range),
        }
    }
    *ranges = joined;
}

/// What of `ranges` lies behind a snapshot before which `announced` pieces had been announced.
fn behind(ranges: &[Range], announced: u64) -> Option<Gone> {
    let mut files = 0;
    let mut names = Vec::new();
    for range in ranges {
        if range.first.piece >= announced {
            files += range.files;
            names.push(&range.first);
        } else if range.last.piece >= announced {
            // It is not known how many of them.
            files += 1;
            names.push(&range.last);
        }
    }
    let first = names.into_iter().min()?;
    Some(Gone {
        files,
        name: first.name.clone(),
    })
}

/// What the jobs of `directories` have taken away that was announced behind the first `announced` pieces.
///
/// # Errors
/// Their notes can't be read.
pub(crate) fn taken_behind(
    directories: &[PathBuf],
    uid: &str,
    announced: u64,
) -> io::Result<Option<Gone>> {
    let mut ranges = Vec::new();
    for directory in directories {
        let notes = read(&directory.join(name(uid)))?;
        ranges.extend(notes.unwrap_or_default().ranges);
    }
    Ok(behind(&ranges, announced))
}

/// Whether the jobs of `directories` have taken any file away: then a directory that holds none of the known files need not be
/// another one.
///
/// # Errors
/// Their notes can't be read.
pub(crate) fn have_taken<'a>(
    directories: impl IntoIterator<Item = &'a PathBuf>,
    uid: &str,
) -> io::Result<bool> {
    for directory in directories {
        let notes = read(&directory.join(name(uid)))?;
        if notes.is_some_and(|notes| !notes.ranges.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Which job stands against another one's reading from the directory `listed`, if one of the two takes files away that the other
/// has not read; `takes`: whether the reader does.
///
/// # Errors
/// The notes of others can't be read.
pub(crate) fn in_the_way<'a>(
    rivals: &'a [Rival],
    uid: &str,
    listed: DirectoryId,
    takes: bool,
) -> io::Result<Option<&'a Rival>> {
    for rival in rivals {
        let from_here = |notes: &Notes| notes.directory.is_none_or(|from| from == listed);
        if takes
            || (rival.runs
                && read(&rival.directory.join(name(uid)))?.is_some_and(|notes| from_here(&notes)))
        {
            return Ok(Some(rival));
        }
    }
    Ok(None)
}

/// The error of a job that is not to read beside another one.
pub(crate) fn shared(rival: &Rival, shown: &str, takes: bool) -> Error {
    let who = &rival.who;
    let what = match (takes, rival.runs) {
        (true, true) => format!(
            "{who} comes from the same snapshot and reads {shown}, and this job would take files away that it has not read"
        ),
        (true, false) => format!(
            "{who} was further than the snapshot and may go on from there, and this job would take files away from {shown} that it has not read"
        ),
        (false, _) => format!(
            "{who} comes from the same snapshot, and takes files away from {shown} that this job has not read"
        ),
    };
    let next = match (takes, rival.runs) {
        (true, true) => {
            "end that job first, or set source.after.commit to keep, or source.file.lost to skip if it is not to read them"
        }
        (true, false) => {
            "go on from its newest snapshot, or set source.after.commit to keep, or source.file.lost to skip if it is not to go on"
        }
        (false, _) => "end that job first, or set source.file.lost to skip to read what is left",
    };
    Error::new(
        &codes::SOURCE_SHARED,
        format!("{what} (source.after.commit)"),
    )
    .next(next)
}

#[cfg(test)]
mod tests;
