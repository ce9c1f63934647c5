//! The names of what is announced, written down before it is: so that a file which was read behind the last checkpoint,
//! and is gone when the job goes on from it, can be told by its name.
//!
//! Journals lie in the job's own directory, `_intake-<source>-<run>-<part>`, one part for what lies between two
//! checkpoints; in a store one for each time that something is written. A part is dropped when no checkpoint that is there is older than what it holds; from where on each of them
//! needs the journal is said by [marks](Mark), which go from snapshot to snapshot.

use std::cmp::Ordering;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use millstream_core::CheckpointId;
use millstream_core::hash::stable_hash;
use millstream_engine::connector::{is_in_store, notes};
use serde::{Deserialize, Serialize};

use super::piece::{Piece, decode_records, encode_record};

/// From where on the journal holds what a checkpoint does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// The checkpoint.
    pub(crate) checkpoint: CheckpointId,
    /// The attempt that took it.
    pub(crate) run: u64,
    /// The number behind the last piece that it had announced.
    pub(crate) announced: u64,
    /// What attempts before had announced behind their snapshot had not been looked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unchecked: bool,
}

/// A file of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    path: PathBuf,
    run: u64,
    /// The number behind its last piece; `None`: an earlier attempt wrote it.
    end: Option<u64>,
    /// What it holds was announced by attempts before.
    is_carried: bool,
}

impl Part {
    /// Whether it holds anything that the checkpoint of `oldest`, or a later one, does not know.
    fn is_needed(&self, oldest: &Mark) -> bool {
        match self.run.cmp(&oldest.run) {
            Ordering::Less => false,
            Ordering::Equal if self.is_carried => oldest.unchecked,
            Ordering::Equal => self.end.is_none_or(|end| end > oldest.announced),
            Ordering::Greater => true,
        }
    }
}

/// The journal that an attempt writes.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    prefix: String,
    run: u64,
    number: u64,
    open: Option<(File, Part)>,
    closed: Vec<Part>,
    /// A part that holds nothing whole and could not be removed: the next one takes its place.
    unused: Option<Part>,
}

/// How the part is called that an attempt has from those before.
const CARRIED: &str = "carried";

/// What the names of a source's journals begin with.
fn prefix(uid: &str) -> String {
    format!("_intake-{:016x}-", stable_hash(uid.as_bytes()))
}

impl Journal {
    /// A journal of the source `uid` for the attempt `run`.
    pub(crate) fn new(directory: PathBuf, uid: &str, run: u64) -> Self {
        Self {
            directory,
            prefix: prefix(uid),
            run,
            number: 0,
            open: None,
            closed: Vec::new(),
            unused: None,
        }
    }

    /// Writes pieces down; they are on the disk when this returns.
    ///
    /// # Errors
    /// They are not, and nothing is left of the attempt but what goes with the next checkpoint.
    pub(crate) fn write(&mut self, pieces: &[Piece]) -> io::Result<()> {
        let Some(end) = pieces.iter().map(|piece| piece.sequence + 1).max() else {
            return Ok(());
        };
        if is_in_store(&self.directory) {
            return self.put(&encode_record(pieces), end);
        }
        let (mut file, mut part) = match self.open.take() {
            Some(open) => open,
            None => self.create()?,
        };
        let is_empty = part.end.is_none();
        let written = file
            .write_all(&encode_record(pieces))
            .and_then(|()| file.sync_data());
        if written.is_ok() {
            part.end = part.end.max(Some(end));
            self.open = Some((file, part));
        } else if is_empty {
            self.give_up(part);
        } else {
            // Nothing is written behind half a record.
            self.closed.push(part);
        }
        written
    }

    /// In a store nothing grows: each time, a part of its own is written.
    fn put(&mut self, record: &[u8], end: u64) -> io::Result<()> {
        loop {
            let part = self.next_part(Some(end));
            let put = notes::put_new(&part.path, record);
            if matches!(&put, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
                continue;
            }
            // Where that can't be told it may be there, and goes with the others.
            self.closed.push(part);
            return put;
        }
    }

    fn next_part(&mut self, end: Option<u64>) -> Part {
        let name = format!("{}{:010}-{:06}", self.prefix, self.run, self.number);
        self.number += 1;
        Part {
            path: self.directory.join(name),
            run: self.run,
            end,
            is_carried: false,
        }
    }

    /// Writes down, as this attempt's own, what attempts before had announced behind the snapshot, which is of the attempt
    /// `snapshot_run` (0: there is none): it may take a checkpoint before it could look for that. Drops what attempts behind that
    /// one had written themselves: a job that dies again and again before a checkpoint leaves no heap of it.
    ///
    /// # Errors
    /// It is not on the disk, and nothing is dropped.
    pub(crate) fn carry_on(&mut self, pieces: &[Piece], snapshot_run: u64) -> io::Result<()> {
        if !pieces.is_empty() {
            self.put_carried(pieces)?;
        }
        let superseded = snapshot_run + 1..self.run;
        let parts = parts(&self.directory, &self.prefix)?.into_iter();
        for part in parts.filter(|part| superseded.contains(&part.run)) {
            // What can't be removed now goes with a checkpoint.
            let _gone = notes::remove(&part.path);
        }
        Ok(())
    }

    fn put_carried(&mut self, pieces: &[Piece]) -> io::Result<()> {
        let name = format!("{}{:010}-{CARRIED}", self.prefix, self.run);
        let path = self.directory.join(name);
        notes::put(&path, &encode_record(pieces))?;
        self.closed.push(Part {
            path,
            run: self.run,
            end: None,
            is_carried: true,
        });
        Ok(())
    }

    fn create(&mut self) -> io::Result<(File, Part)> {
        if let Some(part) = self.unused.take() {
            let options = OpenOptions::new().append(true).open(&part.path);
            match options.and_then(|file| file.set_len(0).map(|()| file)) {
                Ok(file) => return self.synced(file, part),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    self.unused = Some(part);
                    return Err(error);
                }
            }
        }
        // No directory is made: where a disk is away, it would stand in the place of the job's own.
        loop {
            let part = self.next_part(None);
            let mut options = OpenOptions::new();
            match options.create_new(true).append(true).open(&part.path) {
                Ok(file) => return self.synced(file, part),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The part, once its name is on the disk.
    fn synced(&mut self, file: File, part: Part) -> io::Result<(File, Part)> {
        let synced = File::open(&self.directory).and_then(|directory| directory.sync_all());
        match synced {
            Ok(()) => Ok((file, part)),
            Err(error) => {
                self.give_up(part);
                Err(error)
            }
        }
    }

    /// Removes a part that holds nothing whole. Where the disk refuses that too, the next one is written in its place: a disk that
    /// is broken for a while leaves no heap of them.
    fn give_up(&mut self, part: Part) {
        if notes::remove(&part.path).is_err() {
            self.unused = Some(part);
        }
    }

    /// Checkpoints are complete: what is written from now on lies behind them. Drops what no checkpoint in the job's directory
    /// needs, of which `marks` are known. Answers the lowest number of one that is there.
    ///
    /// # Errors
    /// The directory can't be read or changed; nothing is lost by that, and the next time it is tried again.
    pub(crate) fn completed(&mut self, marks: &[Mark]) -> io::Result<Option<CheckpointId>> {
        self.closed.extend(self.open.take().map(|(_, part)| part));
        let oldest = oldest_checkpoint(&self.directory)?;
        // One that another version has taken keeps everything.
        let of_oldest = |mark: &&Mark| Some(mark.checkpoint) == oldest;
        if let Some(mark) = marks.iter().rfind(of_oldest) {
            self.drop_unneeded(mark)?;
        }
        Ok(oldest)
    }

    fn drop_unneeded(&mut self, oldest: &Mark) -> io::Result<()> {
        let earlier = parts(&self.directory, &self.prefix)?.into_iter();
        let earlier = earlier.filter(|part| part.run < self.run);
        let mut failed = None;
        let mut is_kept = |part: &Part| {
            let removed = match part.is_needed(oldest) {
                true => return true,
                false => notes::remove(&part.path),
            };
            removed.map_err(|error| failed = Some(error)).is_err()
        };
        for part in earlier {
            is_kept(&part);
        }
        self.closed.retain(is_kept);
        failed.map_or(Ok(()), Err)
    }
}

/// The file that makes a directory a checkpoint.
const METADATA: &str = "_metadata";

/// The lowest number of a checkpoint in the job's directory. What is not complete, or is being deleted, is none.
fn oldest_checkpoint(directory: &Path) -> io::Result<Option<CheckpointId>> {
    let mut oldest = None;
    for name in notes::names(directory)? {
        let number = name.strip_prefix("chk-");
        if let Some(number) = number.and_then(|number| number.parse::<CheckpointId>().ok())
            && notes::is_there(&directory.join(&name).join(METADATA))?
        {
            oldest = Some(oldest.map_or(number, |oldest: CheckpointId| oldest.min(number)));
        }
    }
    Ok(oldest)
}

/// The journals in a directory, in the order in which they were written.
fn parts(directory: &Path, prefix: &str) -> io::Result<Vec<Part>> {
    let names = match notes::names(directory) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut parts = Vec::new();
    for name in names {
        let rest = name.strip_prefix(prefix);
        let Some((run, number)) = rest.and_then(|rest| rest.split_once('-')) else {
            continue;
        };
        if let Ok(run) = run.parse() {
            parts.push(Part {
                path: directory.join(&name),
                run,
                end: None,
                is_carried: number == CARRIED,
            });
        }
    }
    parts.sort_by(|a, b| (a.run, &a.path).cmp(&(b.run, &b.path)));
    Ok(parts)
}

/// What was announced behind a snapshot that the run `run` took when it had announced `announced` pieces: by that run,
/// and by those that came after it; if it was `unchecked`, also what those before had announced. `directories`: those of the
/// job and of the jobs that went before.
///
/// # Errors
/// A journal can't be read.
pub(crate) fn announced_behind(
    directories: &[PathBuf],
    uid: &str,
    (run, announced, unchecked): (u64, u64, bool),
) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for directory in directories {
        for part in parts(directory, &prefix(uid))? {
            if part.run < run || (part.run == run && part.is_carried && !unchecked) {
                continue;
            }
            let read = decode_records(&read(directory, &part)?);
            let is_all = part.run > run || part.is_carried;
            let behind = |piece: &Piece| is_all || piece.sequence >= announced;
            pieces.extend(read.into_iter().filter(behind));
        }
    }
    Ok(pieces)
}

/// What a part holds that was listed: nothing where it is not listed any more. The thread of an attempt that has been given up may still
/// tidy up behind its last checkpoint, which takes only what no snapshot needs.
fn read(directory: &Path, part: &Part) -> io::Result<Vec<u8>> {
    match notes::read(&part.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let is_it = |name: &String| part.path.ends_with(name);
            match notes::names(directory)?.iter().any(is_it) {
                true => Err(error),
                false => Ok(Vec::new()),
            }
        }
        read => read,
    }
}

#[cfg(test)]
mod tests;
